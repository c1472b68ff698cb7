import type { KernelMemory } from '../kernels/kernel-memory.ts'
import { runParts, runTasks } from '../kernels/run-parts.ts'

/** Rows from which on threads share out a node: they wait for each other twice. */
const MIN_TEAM_PARTITION = 32_768

/** What `partitionRows` needs as scratch for so many rows. */
export function partitionScratch(nRows: number, nThreads: number): number {
  return nThreads > 1 && nRows >= MIN_TEAM_PARTITION ? 2 * nRows : nRows
}

/**
 * Splits a node's slice of the row indexes in place: rows that go left first, each side in the order it had.
 *
 *   rows   … | begin      node      end | …
 *   after  … | left rows   | right rows | …      returns where the right rows begin
 *
 * in:  `bins` of all columns, column `base / nRows` being read; rows with a bin up to `bin` go left, the others right,
 *      those in bin `missingBin` (-1: none) left iff `missingLeft`
 * out: `rows` between begin and end; `scratch` (at least end - begin; twice that for threads) is overwritten
 * @param memory Where `rows`, `bins` and `scratch` lie, for the kernel to do it; null for plain TypeScript.
 */
export function partitionRows(
  rows: Uint32Array,
  begin: number,
  end: number,
  bins: Uint8Array,
  base: number,
  bin: number,
  missingBin: number,
  missingLeft: boolean,
  scratch: Uint32Array,
  memory: KernelMemory | null = null,
): number {
  if (memory) {
    const alsoLeft = missingLeft ? missingBin : -1
    const column = bins.byteOffset + base
    if (memory.team && end - begin >= MIN_TEAM_PARTITION) {
      return partitionByTeam(memory, rows, begin, end, column, bin, alsoLeft, scratch)
    }
    return memory.kernels.partitionRows(rows.byteOffset, begin, end, column, bin, alsoLeft, scratch.byteOffset)
  }
  let left = begin
  let nRight = 0
  if (missingBin < 0 || !missingLeft) {
    // The missing bin is the last one, hence right without being asked for.
    for (let i = begin; i < end; i++) {
      const row = rows[i]!
      if (bins[base + row]! <= bin) rows[left++] = row
      else scratch[nRight++] = row
    }
  } else {
    for (let i = begin; i < end; i++) {
      const row = rows[i]!
      const value = bins[base + row]!
      if (value <= bin || value === missingBin) rows[left++] = row
      else scratch[nRight++] = row
    }
  }
  for (let i = 0; i < nRight; i++) rows[left + i] = scratch[i]!
  return left
}

/** Each thread parts a piece of the node's rows; then, where each piece goes being known, all are brought there. */
function partitionByTeam(
  memory: KernelMemory,
  rows: Uint32Array,
  begin: number,
  end: number,
  column: number,
  bin: number,
  alsoLeft: number,
  scratch: Uint32Array,
): number {
  const n = end - begin
  const from = rows.byteOffset + 4 * begin
  const lefts = scratch.byteOffset
  const rights = scratch.byteOffset + 4 * n
  const pieces: { begin: number; end: number }[] = []
  const nLeft = runParts(memory, 'partRows', n, true, (first, last, part) => {
    pieces[part] = { begin: first, end: last }
    return [from, first, last, column, bin, alsoLeft, lefts, rights]
  })
  const middle = nLeft.reduce((sum, count) => sum + count, 0)
  let left = 0
  let right = middle
  const tasks = pieces.map((piece, part) => {
    const task = [from, piece.begin, piece.end, lefts, rights, nLeft[part]!, left, right]
    left += nLeft[part]!
    right += piece.end - piece.begin - nLeft[part]!
    return task
  })
  runTasks(memory, 'joinRows', tasks)
  return begin + middle
}
