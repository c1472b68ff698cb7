import { openChunks } from '../../data/chunks/open-chunks.ts'
import { resolveSource } from '../../data/table-source.ts'
import { columnNotFound } from '../../data/validate.ts'
import { BellwetherError } from '../../errors.ts'
import { OUTCOME_STATUSES } from '../../serve/outcomes/outcome-store.ts'
import { type GivenOutcome, recordOutcomes } from '../../serve/outcomes/record-outcomes.ts'
import { parseNumber } from '../../table/parse-number.ts'
import { type RawTable, rawText } from '../../table/raw-table.ts'
import { actor, interruptSignal, text, withHome } from '../context.ts'
import { withPredictionLog } from '../open-prediction-log.ts'
import { note, printJson, printLine } from '../output.ts'

/** Columns that a file of outcomes may have. */
const COLUMNS = ['predictionId', 'person', 'time', 'label', 'value', 'observedTime'] as const

/** Rows at fault that are told of on standard error. */
const MAX_TOLD = 1000

/**
 * Keeps what became of those who were predicted, from a file; rows at fault are told of by number and make the exit status 1. The same file
 * again changes nothing.
 */
export async function action(options: Record<string, unknown>, [model]: string[]): Promise<number> {
  const { signal, release } = interruptSignal('what is kept so far stays')
  try {
    return await withHome(options, (home) =>
      withPredictionLog(home.folder, async (log) => {
        const { name } = await home.models.model(model!)
        const table = await openChunks(resolveSource(text(options, 'data')!, '.'), undefined, signal)
        const deps = { model: name, log, outcomes: home.outcomes, models: home.models, blobs: home.blobs }
        const counts = Object.fromEntries([...OUTCOME_STATUSES, 'unknown', 'invalid'].map((key) => [key, 0]))
        let told = 0
        const tell = (row: number, message: string) => {
          if (told++ < MAX_TOLD) note(`${table.rowNoun} ${row}  ${message}`)
        }
        for await (const raw of table.chunks(signal)) {
          for (const { row, reason } of raw.malformed) {
            counts['invalid']!++
            tell(row, reason)
          }
          const given = outcomesOf(raw)
          const results = await recordOutcomes(given, 'partial', { ...deps, clock: Date.now, source: actor() })
          for (const [i, result] of results.entries()) {
            if ('status' in result) counts[result.status]!++
            else {
              counts[result.unknown ? 'unknown' : 'invalid']!++
              tell(raw.rowNumbers[i]!, result.fault.message)
            }
          }
        }
        if (told > MAX_TOLD) note(`… and ${told - MAX_TOLD} more rows`)
        if (options['json']) printJson({ model: name, ...counts })
        else {
          const some = Object.entries(counts).filter(([, count]) => count > 0)
          printLine(some.map(([key, count]) => `${count} ${key}`).join(', '))
        }
        return told > 0 ? 1 : 0
      }),
    )
  } finally {
    release()
  }
}

/** @throws COLUMN_NOT_FOUND, USAGE */
function outcomesOf(raw: RawTable): GivenOutcome[] {
  const columns = new Map(COLUMNS.map((name) => [name, raw.columns.find((column) => column.name === name)]))
  if (!columns.get('predictionId') && !columns.get('person')) throw columnNotFound(raw, 'predictionId')
  if (!columns.get('label') && !columns.get('value')) throw columnNotFound(raw, 'label')
  const missing = new Set(raw.missing)
  return Array.from({ length: raw.nRows }, (_, row): GivenOutcome => {
    const cell = (name: (typeof COLUMNS)[number]) => {
      const column = columns.get(name)
      const value = column ? rawText(column, row)?.trim() : undefined
      // A class may well be called "None": of labels only an empty cell is missing.
      return value === undefined || value === '' || (name !== 'label' && missing.has(value)) ? undefined : value
    }
    const value = cell('value')
    return {
      predictionId: cell('predictionId'),
      person: cell('person'),
      time: timeOf(cell('time'), raw, row),
      label: cell('label'),
      value: value === undefined ? undefined : parseNumber(value, raw.decimal),
      observedTime: timeOf(cell('observedTime'), raw, row),
    }
  })
}

/** ISO 8601, UTC where it names no zone; or milliseconds since 1970. @throws INVALID_INPUT */
function timeOf(cell: string | undefined, raw: RawTable, row: number): number | undefined {
  if (cell === undefined) return undefined
  const iso = /^\d{4}-\d\d-\d\d(?:[T ]\d\d:\d\d(?::\d\d(?:\.\d+)?)?(Z|[+-]\d\d:\d\d)?)?$/.exec(cell)
  const zoned = iso && cell.length > 10 && iso[1] === undefined ? `${cell}Z` : cell
  const time = /^\d{1,15}$/.test(cell) ? Number(cell) : iso ? Date.parse(zoned.replace(' ', 'T')) : Number.NaN
  if (Number.isNaN(time))
    throw new BellwetherError(
      'INVALID_INPUT',
      `${raw.source}: ${raw.rowNoun} ${raw.rowNumbers[row]}: expected a time such as 2026-11-21T14:30Z, or milliseconds since 1970.`,
    )
  return time
}
