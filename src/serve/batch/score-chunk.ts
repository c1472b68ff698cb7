import type { RejectedRow } from '../../data/rejects-csv.ts'
import { columnNotFound } from '../../data/validate.ts'
import { BellwetherError } from '../../errors.ts'
import { type Column, selectColumn } from '../../table/column.ts'
import { parseColumn } from '../../table/parse-column.ts'
import { type RawColumn, type RawTable, rawText } from '../../table/raw-table.ts'
import type { ColumnSchema } from '../../table/schema.ts'
import { makeTable } from '../../table/table.ts'
import { type JsonScalar, tableToRecords } from '../../table/table-to-records.ts'
import { type FailedPrediction, isFailed, type Prediction } from '../prediction.ts'
import type { Scorer } from '../scorer.ts'

export interface ChunkOptions {
  readonly explain: boolean
  /** Id of the prediction of a row, by where the row stands in its file. */
  readonly idOf: (row: number) => string
  /** Columns of the file that the model does not read, to be handed on with the records: the person's identifier, sensitive ones. */
  readonly carried?: readonly string[]
  readonly signal?: AbortSignal | undefined
  /** Awaited between slices of the work. */
  readonly pause: () => Promise<void>
}

/** A row that was answered. */
export interface ScoredRow {
  /** Line or record of the file, from 1. */
  readonly row: number
  /** Its place in the chunk, from 0. */
  readonly at: number
  readonly record: Readonly<Record<string, JsonScalar>>
  readonly answer: Prediction
}

export interface ScoredChunk {
  /** In the file's order. */
  readonly scored: readonly ScoredRow[]
  /** In the file's order: malformed rows, those that break the model's columns, those without a finite answer. */
  readonly rejected: readonly RejectedRow[]
}

type Violation = RejectedRow['violations'][number]

/**
 * Answers the rows of one chunk. Cells are read as training read them, then each row goes the way of a record of a request, so that its
 * answer is the same to the last bit.
 * @throws COLUMN_NOT_FOUND for a column that a request could not leave out either; CANCELLED
 */
export async function scoreChunk(raw: RawTable, scorer: Scorer, options: ChunkOptions): Promise<ScoredChunk> {
  const { signature } = scorer
  const faults = new Map<number, Violation[]>()
  const blame = (at: number, violation: Violation) => {
    const known = faults.get(at)
    if (known) known.push(violation)
    else faults.set(at, [violation])
  }
  const columns: [ColumnSchema, Column][] = []
  for (const schema of signature.inputs) {
    const given = raw.columns.find(({ name }) => name === schema.name)
    if (!given && mayBeAbsent(schema)) continue
    if (!given) throw columnNotFound(raw, schema.name)
    const onViolation = (at: number, rule: string, message: string) =>
      blame(at, { column: schema.name, rule, message, value: rawText(given, at) })
    columns.push([schema, parseColumn(raw, given, schema, onViolation, schema.observed.categories)])
  }
  const good = Uint32Array.from(rowsWithout(faults, raw.nRows))
  const table = makeTable(
    columns.map(([{ name }, column]) => [name, faults.size === 0 ? column : selectColumn(column, good)]),
    good.length,
  )
  const records = tableToRecords(
    table,
    columns.map(([schema]) => schema),
  )
  carry(raw, records, good, options.carried ?? [])
  const answers = await scorer.scoreInSlices(
    records,
    { explain: options.explain, onError: 'partial', newId: () => '' },
    async () => {
      stopIfAborted(options.signal)
      await options.pause()
    },
  )
  stopIfAborted(options.signal)
  const scored: ScoredRow[] = []
  for (const [i, answer] of answers.entries()) {
    const at = good[i]!
    if (isFailed(answer)) for (const violation of violationsOf(answer)) blame(at, violation)
    else {
      const row = raw.rowNumbers[at]!
      scored.push({ row, at, record: records[i]!, answer: { ...answer, id: options.idOf(row) } })
    }
  }
  return { scored, rejected: rejections(raw, faults) }
}

function stopIfAborted(signal: AbortSignal | undefined): void {
  if (signal?.aborted) throw new BellwetherError('CANCELLED', 'Scoring was cancelled.')
}

/** As the reader of a request's records has it. */
function mayBeAbsent({ declared, observed }: ColumnSchema): boolean {
  return observed.missing > 0 && !declared.required
}

function* rowsWithout(faults: ReadonlyMap<number, unknown>, nRows: number): Generator<number> {
  for (let at = 0; at < nRows; at++) if (!faults.has(at)) yield at
}

function carry(
  raw: RawTable,
  records: Record<string, JsonScalar>[],
  rows: Uint32Array,
  names: readonly string[],
): void {
  const columns: readonly RawColumn[] = raw.columns.filter(({ name }) => names.includes(name))
  for (const column of columns) {
    for (const [i, record] of records.entries()) {
      const value = rawText(column, rows[i]!)
      if (value !== null) record[column.name] = value
    }
  }
}

/** What the record reader or the model said of a record, by column. */
function violationsOf({ error }: FailedPrediction): Violation[] {
  const details = error.details.length > 0 ? error.details : [{ path: '', message: error.message }]
  return details.map(({ path, message }) => ({ column: columnOf(path), rule: 'answer', message, value: null }))
}

/** `Course` of `records[3].Course` and of `records[3]["Course"]`. */
function columnOf(path: string): string | null {
  const place = path.replace(/^records\[\d+\]/, '')
  if (place.startsWith('.')) return place.slice(1)
  return place.startsWith('["') ? (JSON.parse(place.slice(1, -1)) as string) : null
}

function rejections(raw: RawTable, faults: ReadonlyMap<number, Violation[]>): RejectedRow[] {
  const rejected: RejectedRow[] = raw.malformed.map(({ row, reason, text }) => ({
    row,
    violations: [{ column: null, rule: 'malformed', message: reason, value: null }],
    cells: [text],
  }))
  for (const [at, violations] of faults)
    rejected.push({
      row: raw.rowNumbers[at]!,
      violations,
      cells: raw.columns.map((column) => rawText(column, at)),
    })
  return rejected.sort((a, b) => a.row - b.row)
}
