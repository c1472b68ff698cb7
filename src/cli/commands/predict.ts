import { once } from 'node:events'
import path from 'node:path'
import { setImmediate as nextTurn } from 'node:timers/promises'
import type { ChunkedTable } from '../../data/chunks/chunked-table.ts'
import { openChunks } from '../../data/chunks/open-chunks.ts'
import type { RejectedRow } from '../../data/rejects-csv.ts'
import { resolveSource } from '../../data/table-source.ts'
import { BellwetherError } from '../../errors.ts'
import { newId } from '../../security/new-id.ts'
import type { BatchLog } from '../../serve/batch/batch-log.ts'
import type { BatchFormat, OutputOptions } from '../../serve/batch/batch-output.ts'
import { readOptionsOf } from '../../serve/batch/read-options-of.ts'
import { batchOf, predictionIds, runBatch } from '../../serve/batch/run-batch.ts'
import { scoreLogged } from '../../serve/batch/score-logged.ts'
import { loadScorer } from '../../serve/load-scorer.ts'
import type { Scorer } from '../../serve/scorer.ts'
import type { ModelVersion } from '../../track/model-registry.ts'
import { batchProgress } from '../batch-progress.ts'
import { interruptSignal, parseReference, text, withHome } from '../context.ts'
import { note, printJson } from '../output.ts'
import { withBatchLog } from '../with-batch-log.ts'

const FORMATS: ReadonlyMap<string, BatchFormat> = new Map([
  ['.csv', 'csv'],
  ['.jsonl', 'jsonl'],
  ['.ndjson', 'jsonl'],
  ['.parquet', 'parquet'],
])

/** Bad rows that are told of on standard error. */
const MAX_TOLD = 1000

/** Scores a file's rows, in constant memory; bad rows go to a file of their own, or are told of, and make the exit status 1. */
export async function action(options: Record<string, unknown>, [reference]: string[]): Promise<number> {
  const { model, version, alias } = parseReference(reference!)
  const target = targetGiven(options)
  const interrupt = interruptSignal('what is scored so far is kept')
  try {
    return await withHome(options, async (home) => {
      const found =
        version === undefined
          ? await home.models.byAlias(model, alias ?? 'champion')
          : await home.models.version(model, version)
      const scorer = await loadScorer(found, home.blobs, newId)
      const place = resolveSource(text(options, 'data')!, '.')
      if (target && place === target.out)
        throw new BellwetherError('USAGE', '--data and --out name the same file; the data would be lost.')
      const table = await openChunks(place, readOptionsOf(scorer.manifest.project), interrupt.signal)
      for (const sentence of table.notes) note(sentence)
      const explain = options['explain'] === true
      const json = options['json'] === true
      const work = async (log: BatchLog | null) => {
        const job: Job = { table, scorer, found, explain, log, signal: interrupt.signal }
        const status = target ? await toFile(job, target, json) : await toOutput(job, json)
        if (log && log.lost > 0) note(`${log.lost} predictions could not be recorded in the prediction log`)
        return status
      }
      if (options['log'] === false) return work(null)
      const served = {
        name: model,
        version: found.version,
        alias: version === undefined ? (alias ?? 'champion') : null,
        scorer,
      }
      return withBatchLog(home.folder, served, { job: batchOf(found, table), names: table.names }, work)
    })
  } finally {
    interrupt.release()
  }
}

interface Job {
  readonly table: ChunkedTable
  readonly scorer: Scorer
  readonly found: ModelVersion
  readonly explain: boolean
  /** Where the answers are recorded; null where they are not. */
  readonly log: BatchLog | null
  readonly signal: AbortSignal
}

interface Target {
  readonly out: string
  readonly rejects: string
  readonly rejectsAlways: boolean
  readonly format: BatchFormat
  readonly output: OutputOptions
}

/** @throws USAGE */
function targetGiven(options: Record<string, unknown>): Target | null {
  const given = text(options, 'out')
  const rejects = text(options, 'rejects')
  const include = text(options, 'include')
  if (given === undefined) {
    for (const [flag, value] of Object.entries({ rejects, include, spreadsheet: options['spreadsheet'] }))
      if (value !== undefined) throw new BellwetherError('USAGE', `--${flag} comes with --out.`)
    return null
  }
  const format = FORMATS.get(path.extname(given).toLowerCase())
  if (!format) throw new BellwetherError('USAGE', `--out takes a .csv, .jsonl or .parquet file; got "${given}".`)
  const out = path.resolve(given)
  if (rejects !== undefined && path.resolve(rejects) === out)
    throw new BellwetherError('USAGE', '--out and --rejects name the same file.')
  return {
    out,
    rejects: rejects === undefined ? `${out.slice(0, -path.extname(out).length)}.rejects.csv` : path.resolve(rejects),
    rejectsAlways: rejects !== undefined,
    format,
    output: {
      ...(include === undefined ? {} : { include: include.split(',').map((name) => name.trim()) }),
      ...(options['spreadsheet'] === true ? { spreadsheet: true } : {}),
    },
  }
}

async function toFile(
  { table, scorer, found, explain, log, signal }: Job,
  target: Target,
  json: boolean,
): Promise<number> {
  if (explain && target.format !== 'jsonl') note('contributions are written to JSON lines (--out FILE.jsonl) only')
  const progress = batchProgress(table.nRows)
  signal.addEventListener('abort', progress.stop, { once: true })
  const { rows, scored, rejected, resumed, rejects } = await runBatch({
    ...{ table, scorer, version: found, ...target, explain, log, signal },
    onResumed: (done) => note(`going on after ${done.rows} of ${table.nRows} rows, which an earlier attempt scored`),
    onProgress: (done) => progress.at(done.rows),
  }).finally(progress.stop)
  const model = { name: found.model, version: found.version }
  if (json) printJson({ model, out: target.out, rows, scored, rejected, rejects, resumed })
  tellEnd(found, scored, rejected)
  if (rejects !== null && rejected > 0) note(`rejected rows with their reasons: ${rejects}`)
  return rejected > 0 ? 1 : 0
}

/** JSON lines, or one JSON document, on standard output. */
async function toOutput({ table, scorer, found, explain, log, signal }: Job, json: boolean): Promise<number> {
  const idOf = predictionIds(found, table)
  const counts = { scored: 0, rejected: 0 }
  const model = JSON.stringify({ name: found.model, version: found.version })
  if (json) await print(`{"model":${model},"predictions":[`)
  for await (const raw of table.chunks(signal)) {
    const result = await scoreLogged(raw, scorer, log, { explain, idOf, signal, pause: () => nextTurn() })
    const lines = result.scored.map(({ row, answer }) => JSON.stringify({ row, ...answer }))
    if (json) await print(`${counts.scored > 0 && lines.length > 0 ? ',' : ''}${lines.join(',')}`)
    else await print(lines.map((line) => `${line}\n`).join(''))
    counts.scored += lines.length
    for (const rejected of result.rejected) if (counts.rejected++ < MAX_TOLD) tellOf(rejected, table.rowNoun)
  }
  if (json) await print(`],"rejected":${counts.rejected}}\n`)
  if (counts.rejected > MAX_TOLD) note(`… and ${counts.rejected - MAX_TOLD} more rows`)
  tellEnd(found, counts.scored, counts.rejected)
  return counts.rejected > 0 ? 1 : 0
}

/** Waits where the reader is slower. */
async function print(part: string): Promise<void> {
  if (!process.stdout.write(part) && !process.stdout.destroyed && process.stdout.writable)
    await Promise.race([once(process.stdout, 'drain'), once(process.stdout, 'close')]).catch(() => {})
}

function tellOf({ row, violations }: RejectedRow, rowNoun: string): void {
  for (const { column, message } of violations)
    note(`${rowNoun} ${row}  ${column === null ? message : `${column}: ${message}`}`)
}

function tellEnd({ model, version }: ModelVersion, scored: number, rejected: number): void {
  note(`${scored} rows scored by ${model} version ${version}${rejected > 0 ? `, ${rejected} not` : ''}`)
}
