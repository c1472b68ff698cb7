import type { RawTable } from '../../table/raw-table.ts'
import type { Scorer } from '../scorer.ts'
import type { BatchLog } from './batch-log.ts'
import { type ChunkOptions, type ScoredChunk, scoreChunk } from './score-chunk.ts'

/** Answers the rows of a chunk and records them, in this order: what is given out is in the log. @throws as `scoreChunk`; PREDICTION_LOG_UNAVAILABLE */
export async function scoreLogged(
  raw: RawTable,
  scorer: Scorer,
  log: BatchLog | null,
  options: Omit<ChunkOptions, 'carried'>,
): Promise<ScoredChunk> {
  const started = performance.now()
  const chunk = await scoreChunk(raw, scorer, { ...options, carried: log?.carried ?? [] })
  await log?.keep(chunk, performance.now() - started)
  return chunk
}
