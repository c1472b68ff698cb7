import { type KernelMemory, roomFor } from '../kernels/kernel-memory.ts'
import { MIN_TEAM_ROWS, runParts } from '../kernels/run-parts.ts'
import type { BinnedMatrix } from './bin.ts'

/** Columns whose bins lie side by side (assembly/layout.ts). */
const CHUNK = 32

/** Bytes that `layOutChunks` takes of its memory. */
export function roomForChunks(nColumns: number, nRows: number): number {
  return roomFor(Math.ceil(nColumns / CHUNK) * CHUNK * nRows)
}

/**
 * The bins once more, 32 columns side by side: what a histogram needs of a row then lies in one place.
 * @param binned In the memory.
 * @returns Bin of (row, column) at `(floor(column / 32) * nRows + row) * 32 + column % 32`.
 */
export function layOutChunks(binned: BinnedMatrix, memory: KernelMemory): Uint8Array {
  const { bins, nColumns, nRows } = binned
  const chunks = memory.uint8(Math.ceil(nColumns / CHUNK) * CHUNK * nRows)
  for (let first = 0; first < nColumns; first += CHUNK) {
    runParts(memory, 'chunkBins', nRows, nRows >= MIN_TEAM_ROWS, (begin, end) => [
      bins.byteOffset + first * nRows,
      nRows,
      Math.min(CHUNK, nColumns - first),
      begin,
      end,
      chunks.byteOffset + first * nRows,
    ])
  }
  return chunks
}
