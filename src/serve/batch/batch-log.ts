import { BellwetherError } from '../../errors.ts'
import type { ServedModel } from '../model-cache.ts'
import { carriedColumns } from '../prediction-log/carried-columns.ts'
import { type LogSecrets, makeEntries, policyOf } from '../prediction-log/make-entries.ts'
import type { PredictionLog } from '../prediction-log/prediction-log.ts'
import type { ScoredChunk, ScoredRow } from './score-chunk.ts'

/** Records what a batch of the command line answers. */
export interface BatchLog {
  /** Columns of the file that the log wants beside what the model reads. */
  readonly carried: readonly string[]
  /** Resolves when the answers of a chunk are on disk. @throws PREDICTION_LOG_UNAVAILABLE where the project wants every one kept */
  keep(chunk: Pick<ScoredChunk, 'scored'>, latencyMs: number): Promise<void>
  /** Answers that could not be recorded. */
  readonly lost: number
}

/** In place of the id of an API key. */
export const COMMAND_LINE_KEY = 'cli'

/**
 * Rows that an earlier attempt at the same batch recorded are not recorded again: their predictions have the same ids. Which they are is
 * read from the log once, a bit for each row.
 * @param job Which batch it is, as the ids of its predictions begin.
 * @returns null where the project keeps no predictions
 */
export async function openBatchLog({
  served,
  job,
  names,
  log,
  clock,
}: {
  readonly served: ServedModel
  readonly job: string
  /** Of the file's columns. */
  readonly names: readonly string[]
  readonly log: Pick<PredictionLog, 'entries' | 'keep' | 'personKey'> & LogSecrets
  readonly clock: () => number
}): Promise<BatchLog | null> {
  const { enabled, durability } = policyOf(served).options
  if (!enabled) return null
  const recorded = new RowSet()
  for await (const { id } of log.entries({ model: served.name, job })) recorded.add(rowOf(id))
  let lost = 0
  return {
    carried: carriedColumns(served, names),
    get lost() {
      return lost
    },
    async keep({ scored }, latencyMs) {
      const fresh = scored.filter(({ row }) => !recorded.has(row))
      if (fresh.length === 0) return
      const entries = makeEntries(
        {
          served,
          records: fresh.map(({ record }: ScoredRow) => record),
          predictions: fresh.map(({ answer }) => answer),
          time: clock(),
          latencyMs: Math.round(latencyMs * 1000) / 1000,
          key: COMMAND_LINE_KEY,
          request: `batch-${job}`,
        },
        log,
      )
      try {
        await log.keep(entries)
      } catch (error) {
        const unavailable = error instanceof BellwetherError && error.code === 'PREDICTION_LOG_UNAVAILABLE'
        if (!unavailable || durability === 'request') throw error
        lost += entries.length
      }
    },
  }
}

const rowOf = (id: string) => Number(id.slice(id.lastIndexOf('-') + 1))

/** Row numbers, a bit each. */
class RowSet {
  #bits = new Uint8Array(1024)

  add(row: number): void {
    const at = Math.floor(row / 8)
    if (!Number.isSafeInteger(at) || at < 0) return
    if (at >= this.#bits.length) {
      const grown = new Uint8Array(Math.max(at + 1, this.#bits.length * 2))
      grown.set(this.#bits)
      this.#bits = grown
    }
    this.#bits[at]! |= 1 << (row % 8)
  }

  has(row: number): boolean {
    return ((this.#bits[Math.floor(row / 8)] ?? 0) & (1 << (row % 8))) !== 0
  }
}
