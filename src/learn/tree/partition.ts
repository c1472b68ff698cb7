import type { KernelMemory } from '../kernels/kernel-memory.ts'

/**
 * Splits a node's slice of the row indexes in place: rows that go left first, each side in the order it had.
 *
 *   rows   … | begin      node      end | …
 *   after  … | left rows   | right rows | …      returns where the right rows begin
 *
 * in:  `bins` of all columns, column `base / nRows` being read; rows with a bin up to `bin` go left, the others right,
 *      those in bin `missingBin` (-1: none) left iff `missingLeft`
 * out: `rows` between begin and end; `scratch` (at least end - begin) is overwritten
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
