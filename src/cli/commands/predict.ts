import path from 'node:path'
import { ulid } from 'ulid'
import { readSource } from '../../data/sources/read-source.ts'
import { resolveSource } from '../../data/table-source.ts'
import { applySchema } from '../../data/validate.ts'
import { writeFileWhole } from '../../data/write-file-whole.ts'
import { BellwetherError } from '../../errors.ts'
import { loadScorer } from '../../serve/load-scorer.ts'
import { isFailed, type Prediction } from '../../serve/prediction.ts'
import { tableToRecords } from '../../table/table-to-records.ts'
import { parseReference, text, withHome } from '../context.ts'
import { note } from '../output.ts'

/** Scores a file's rows; bad rows are told of on standard error and make the exit status 1. */
export async function action(options: Record<string, unknown>, [reference]: string[]): Promise<number> {
  const { model, version, alias } = parseReference(reference!)
  const out = text(options, 'out')
  if (out && !/\.(csv|jsonl|ndjson)$/i.test(out))
    throw new BellwetherError('USAGE', `--out takes a .csv or .jsonl file; got "${out}".`)
  return withHome(options, async (home) => {
    const found =
      version === undefined
        ? await home.models.byAlias(model, alias ?? 'champion')
        : await home.models.version(model, version)
    const scorer = await loadScorer(found, home.blobs, ulid)
    const raw = await readSource(resolveSource(text(options, 'data')!, '.'))
    const { inputs, ignored = [] } = scorer.signature
    const typed = applySchema(
      raw,
      { columns: inputs },
      { policy: { action: 'reject', maxRejectedShare: 1 }, hidden: ignored },
    )
    const explain = options['explain'] === true
    const answers = scorer.score(tableToRecords(typed.table, inputs), { explain, newId: ulid, onError: 'partial' })
    const bad = new Set(typed.rejected.map(({ row }) => row))
    const rows = [...raw.rowNumbers].filter((row) => !bad.has(row))
    const lines: Line[] = []
    for (const [i, answer] of answers.entries()) {
      const row = rows[i]!
      if (isFailed(answer)) note(`${raw.rowNoun} ${row}  ${answer.error.message}`)
      else lines.push({ row, answer })
    }
    for (const { row, violations } of typed.rejected) {
      for (const { column, message } of violations) note(`${raw.rowNoun} ${row}  ${column ?? ''}: ${message}`)
    }
    const document =
      out && /\.csv$/i.test(out)
        ? toCsv(lines)
        : lines.map(({ row, answer }) => `${JSON.stringify({ row, ...answer })}\n`).join('')
    if (out) await writeFileWhole(path.resolve(out), new TextEncoder().encode(document))
    if (options['json'])
      process.stdout.write(
        `${JSON.stringify({ model: { name: model, version: found.version }, predictions: lines.map(({ row, answer }) => ({ row, ...answer })), rejected: raw.rowNumbers.length - lines.length })}\n`,
      )
    else if (!out) process.stdout.write(document)
    note(
      `${lines.length} rows scored by ${model} version ${found.version}${lines.length < raw.rowNumbers.length ? `, ${raw.rowNumbers.length - lines.length} not` : ''}`,
    )
    return lines.length < raw.rowNumbers.length ? 1 : 0
  })
}

interface Line {
  /** Line or record of the file, from 1. */
  readonly row: number
  readonly answer: Prediction
}

function toCsv(lines: readonly Line[]): string {
  const first = lines[0]?.answer
  if (!first) return 'row\n'
  const cell = (value: unknown) =>
    /[",\r\n]/.test(String(value)) ? `"${String(value).replaceAll('"', '""')}"` : String(value)
  if ('value' in first) {
    const rows = lines.map(({ row, answer }) =>
      'value' in answer ? [row, answer.value, answer.interval?.[0] ?? '', answer.interval?.[1] ?? ''] : [],
    )
    return [['row', 'value', 'low', 'high'], ...rows].map((cells) => `${cells.map(cell).join(',')}\n`).join('')
  }
  if ('cluster' in first) {
    const what = first.probabilities ? 'probability' : 'distance'
    const rows = lines.map(({ row, answer }) =>
      'cluster' in answer ? [row, answer.cluster, ...(answer.probabilities ?? answer.distances ?? [])] : [],
    )
    const each = (first.probabilities ?? first.distances ?? []).map((_, cluster) => `${what} ${cluster}`)
    return [['row', 'cluster', ...each], ...rows].map((cells) => `${cells.map(cell).join(',')}\n`).join('')
  }
  const classes = Object.keys(first.probabilities)
  const rows = lines.map(({ row, answer }) =>
    'label' in answer
      ? [
          row,
          answer.label,
          answer.confidence,
          ...classes.map((name) => answer.probabilities[name]),
          answer.set?.join(' | ') ?? '',
        ]
      : [],
  )
  return [['row', 'label', 'confidence', ...classes.map((name) => `probability ${name}`), 'set'], ...rows]
    .map((cells) => `${cells.map(cell).join(',')}\n`)
    .join('')
}
