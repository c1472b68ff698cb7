import { createHash } from 'node:crypto'
import { mkdir, rm } from 'node:fs/promises'
import path from 'node:path'
import { setImmediate as nextTurn } from 'node:timers/promises'
import type { ChunkedTable } from '../../data/chunks/chunked-table.ts'
import { rejectsHeader, rejectsLines } from '../../data/rejects-csv.ts'
import { BellwetherError } from '../../errors.ts'
import type { ModelVersion } from '../../track/model-registry.ts'
import { VERSION } from '../../version.ts'
import type { Scorer } from '../scorer.ts'
import type { BatchLog } from './batch-log.ts'
import { type BatchFormat, batchWriter, type OutputOptions } from './batch-output.ts'
import { csvToParquet } from './csv-to-parquet.ts'
import { type BatchProgress, madeFile, PartialOutput } from './partial-output.ts'
import { scoreLogged } from './score-logged.ts'

export interface FileBatch {
  readonly table: ChunkedTable
  readonly scorer: Scorer
  readonly version: ModelVersion
  /** Absolute path of the file to write. */
  readonly out: string
  /** Absolute path of the file of rejected rows; where there are none, none is there afterwards. */
  readonly rejects: string
  /** Write it, with its header, even so. */
  readonly rejectsAlways?: boolean
  readonly format: BatchFormat
  readonly explain: boolean
  readonly output: OutputOptions
  /** Records the answers, chunk by chunk, before they are written. */
  readonly log?: BatchLog | null
  readonly signal?: AbortSignal | undefined
  readonly onProgress?: (progress: BatchProgress) => void
  /** Told when an earlier attempt is taken up. */
  readonly onResumed?: (progress: BatchProgress) => void
}

export type BatchResult = Pick<BatchProgress, 'rows' | 'scored' | 'rejected'> & {
  /** Whether an earlier attempt was taken up. */
  readonly resumed: boolean
  readonly rejects: string | null
}

/**
 * Scores a table into a file in constant memory. Killed at any instant, the same call takes it up at the last checkpoint; the file is the
 * same, byte for byte, as if nothing had happened. It is there whole or not at all.
 * @throws CANCELLED, with a checkpoint made; what reading throws; COLUMN_NOT_FOUND, DISK_FULL
 */
export async function runBatch(batch: FileBatch): Promise<BatchResult> {
  const { table, scorer, format, output, signal, explain } = batch
  const writer = batchWriter(format, scorer.signature, table.names, output)
  const place = { out: batch.out, identity: identityOf(batch) }
  await mkdir(path.dirname(batch.out), { recursive: true })
  const idOf = predictionIds(batch.version, table)
  const partial = await PartialOutput.open(place)
  try {
    if (partial.resumed) batch.onResumed?.(partial.progress)
    let { chunks, rows, scored, rejected } = partial.progress
    let index = 0
    for await (const raw of table.chunks(signal)) {
      if (index++ < chunks) continue
      const result = await scoreLogged(raw, scorer, batch.log ?? null, {
        explain,
        idOf,
        signal,
        pause: () => nextTurn(),
      })
      const first = chunks === 0
      chunks++
      rows += raw.nRows + raw.malformed.length
      scored += result.scored.length
      rejected += result.rejected.length
      await partial.append(
        (first ? writer.header : '') + writer.lines(raw, result),
        (first ? rejectsHeader(table.names, output) : '') + rejectsLines(result.rejected, table.names, output),
        { chunks, rows, scored, rejected },
      )
      batch.onProgress?.(partial.progress)
    }
    const rejects = rejected > 0 || batch.rejectsAlways ? batch.rejects : null
    let made = partial.outFile
    if (format === 'parquet') {
      await partial.checkpoint()
      made = madeFile(place)
      await csvToParquet(partial.outFile, made, writer.columns)
    }
    if (rejects === null) await rm(batch.rejects, { force: true })
    await partial.finish({ out: batch.out, rejects }, made)
    return { rows, scored, rejected, resumed: partial.resumed, rejects }
  } catch (error) {
    // Best effort: the checkpoint before it stands where the disk is full.
    await partial.checkpoint().catch(() => {})
    await partial.close().catch(() => {})
    if (error instanceof BellwetherError && error.code === 'CANCELLED')
      throw new BellwetherError(
        'CANCELLED',
        `Stopped after ${partial.progress.rows} of ${table.nRows} rows; what is done is kept beside ${path.basename(batch.out)}.`,
        { hint: 'Run the same command again to go on from there.', cause: error },
      )
    throw error
  }
}

/** Of everything that the output's bytes follow from. */
function identityOf({ table, version, format, explain, output, rejects }: FileBatch): string {
  return hashOf([1, VERSION, packageOf(version), table.sha256, table.names, format, explain, output, rejects])
}

/** Which model it is, by its files. */
function packageOf({ model, version, files }: ModelVersion): unknown {
  return [model, version, files.map(({ path: name, hash }) => [name, hash]).sort()]
}

/**
 * Ids of the predictions of a file: the same file, scored by the same version, has the same ones. The row stands at the end.
 */
export function predictionIds(version: ModelVersion, table: Pick<ChunkedTable, 'sha256'>): (row: number) => string {
  const batch = batchOf(version, table)
  return (row) => `${batch}-${row}`
}

/** Which batch it is: the same for the same file and the same version, 16 hexadecimal digits. */
export function batchOf(version: ModelVersion, { sha256 }: Pick<ChunkedTable, 'sha256'>): string {
  return hashOf([packageOf(version), sha256]).slice(0, 16)
}

function hashOf(value: unknown): string {
  return createHash('sha256').update(JSON.stringify(value)).digest('hex')
}
