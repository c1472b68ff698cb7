import type { KernelMemory } from '../kernels/kernel-memory.ts'
import type { BinnedMatrix } from '../tree/bin.ts'
import { bitsFor, fixedPointScale } from '../tree/fixed-point.ts'

/**
 * Gradients of one tree in fixed point, packed for histograms. A histogram holds two float64 per bin,
 *   [2 bin]      sum of gradients * gradientScale, rounded row by row
 *   [2 bin + 1]  sum of (hessian * hessianScale, rounded row by row) * countUnit, plus the number of rows
 * Every sum is a whole number below 2^53, hence exact: the same in any order, and parent less child is the other child.
 */
export interface PackedGradients {
  /** shape (nRows) */
  readonly gradients: Float64Array
  /** shape (nRows) */
  readonly hessiansAndCounts: Float64Array
  gradientScale: number
  hessianScale: number
  /** A power of two above the number of rows. */
  countUnit: number
}

/** @param memory Where they are to lie; null for plain arrays. */
export function packedGradients(nRows: number, memory: KernelMemory | null = null): PackedGradients {
  return {
    gradients: memory ? memory.float64(nRows) : new Float64Array(nRows),
    hessiansAndCounts: memory ? memory.float64(nRows) : new Float64Array(nRows),
    gradientScale: 1,
    hessianScale: 1,
    countUnit: 1,
  }
}

/**
 * Rounds the gradients and hessians of the rows of one tree to fixed point: about 39 bits and 27 for 3,000 rows,
 * 31 and 11 for a million.
 * in:  `gradients`, `hessians` (nRows), of which `rows` count
 * out: `packed`, at those rows
 * @param memory Where all of them lie, for the kernels to do it; null for plain TypeScript.
 */
export function packGradients(
  gradients: Float64Array,
  hessians: Float64Array,
  rows: Uint32Array,
  packed: PackedGradients,
  memory: KernelMemory | null = null,
): void {
  const [largestGradient, largestHessian] = memory
    ? [gradients, hessians].map((all) => memory.kernels.largestOf(all.byteOffset, rows.byteOffset, rows.length))
    : [gradients, hessians].map((all) => largestOf(all, rows))
  const countBits = bitsFor(rows.length)
  const countUnit = 2 ** countBits
  // One bit less than would fit makes room for rounding up.
  const gradientScale = fixedPointScale(largestGradient! * rows.length, 51)
  const hessianScale = fixedPointScale(largestHessian! * rows.length, 51 - countBits)
  packed.gradientScale = gradientScale
  packed.hessianScale = hessianScale
  packed.countUnit = countUnit
  if (memory) {
    memory.kernels.packGradients(
      gradients.byteOffset,
      hessians.byteOffset,
      rows.byteOffset,
      rows.length,
      gradientScale,
      hessianScale,
      countUnit,
      packed.gradients.byteOffset,
      packed.hessiansAndCounts.byteOffset,
    )
    return
  }
  for (let i = 0; i < rows.length; i++) {
    const row = rows[i]!
    packed.gradients[row] = Math.round(gradients[row]! * gradientScale)
    packed.hessiansAndCounts[row] = Math.round(hessians[row]! * hessianScale) * countUnit + 1
  }
}

function largestOf(values: Float64Array, rows: Uint32Array): number {
  let largest = 0
  for (let i = 0; i < rows.length; i++) {
    const value = Math.abs(values[rows[i]!]!)
    if (value > largest) largest = value
  }
  return largest
}

/**
 * Adds the rows of a node to a histogram, all columns' bins in one array. Four columns go together: one row's gradient
 * is loaded once for them, and additions into different columns don't wait for each other.
 * in:  `binned`; `rows` between `begin` and `end`; `packed`; `columns`, which of them are wanted
 * out: `histogram`, shape (2 * number of bins), zero before
 * @param memory Where all but `columns` lie, for the kernel to do it; null for plain TypeScript.
 */
export function addToHistogram(
  binned: BinnedMatrix,
  columns: Int32Array,
  rows: Uint32Array,
  begin: number,
  end: number,
  packed: PackedGradients,
  histogram: Float64Array,
  memory: KernelMemory | null = null,
): void {
  const { bins, nRows, offsets } = binned
  const { gradients, hessiansAndCounts } = packed
  if (memory) {
    memory.kernels.addToHistogram(
      bins.byteOffset,
      nRows,
      offsets.byteOffset,
      memory.columns(columns),
      columns.length,
      rows.byteOffset,
      begin,
      end,
      gradients.byteOffset,
      hessiansAndCounts.byteOffset,
      histogram.byteOffset,
    )
    return
  }
  let c = 0
  for (; c + 4 <= columns.length; c += 4) {
    const column0 = columns[c]!
    const column1 = columns[c + 1]!
    const column2 = columns[c + 2]!
    const column3 = columns[c + 3]!
    addFourColumns(
      bins,
      column0 * nRows,
      column1 * nRows,
      column2 * nRows,
      column3 * nRows,
      offsets[column0]!,
      offsets[column1]!,
      offsets[column2]!,
      offsets[column3]!,
      rows,
      begin,
      end,
      gradients,
      hessiansAndCounts,
      histogram,
    )
  }
  for (; c < columns.length; c++) {
    const column = columns[c]!
    addOneColumn(bins, column * nRows, offsets[column]!, rows, begin, end, gradients, hessiansAndCounts, histogram)
  }
}

function addFourColumns(
  bins: Uint8Array,
  base0: number,
  base1: number,
  base2: number,
  base3: number,
  offset0: number,
  offset1: number,
  offset2: number,
  offset3: number,
  rows: Uint32Array,
  begin: number,
  end: number,
  gradients: Float64Array,
  hessiansAndCounts: Float64Array,
  histogram: Float64Array,
): void {
  for (let i = begin; i < end; i++) {
    const row = rows[i]!
    const gradient = gradients[row]!
    const hessianAndCount = hessiansAndCounts[row]!
    let at = (offset0 + bins[base0 + row]!) << 1
    histogram[at]! += gradient
    histogram[at + 1]! += hessianAndCount
    at = (offset1 + bins[base1 + row]!) << 1
    histogram[at]! += gradient
    histogram[at + 1]! += hessianAndCount
    at = (offset2 + bins[base2 + row]!) << 1
    histogram[at]! += gradient
    histogram[at + 1]! += hessianAndCount
    at = (offset3 + bins[base3 + row]!) << 1
    histogram[at]! += gradient
    histogram[at + 1]! += hessianAndCount
  }
}

/** The plain form of the same, for the columns left over. */
function addOneColumn(
  bins: Uint8Array,
  base: number,
  offset: number,
  rows: Uint32Array,
  begin: number,
  end: number,
  gradients: Float64Array,
  hessiansAndCounts: Float64Array,
  histogram: Float64Array,
): void {
  for (let i = begin; i < end; i++) {
    const row = rows[i]!
    const at = (offset + bins[base + row]!) << 1
    histogram[at]! += gradients[row]!
    histogram[at + 1]! += hessiansAndCounts[row]!
  }
}

/**
 * Makes a parent's histogram that of one child by taking the other child's away. in: `child`; out: `parent`
 * @param memory Where both lie, for the kernel to do it; null for plain TypeScript.
 */
export function subtractHistogram(parent: Float64Array, child: Float64Array, memory: KernelMemory | null = null): void {
  if (memory) {
    memory.kernels.subtractHistogram(parent.byteOffset, child.byteOffset, parent.length / 2)
    return
  }
  for (let i = 0; i < parent.length; i++) parent[i]! -= child[i]!
}
