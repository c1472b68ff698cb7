import { type KernelMemory, roomFor } from '../kernels/kernel-memory.ts'
import { MIN_TEAM_ROWS, runParts, threadsOf } from '../kernels/run-parts.ts'
import type { BinnedMatrix } from '../tree/bin.ts'
import { bitsFor, fixedPointScale } from '../tree/fixed-point.ts'

/**
 * Gradients of one tree in fixed point, packed for histograms. A row has two float64, and so has each bin of a histogram,
 *   [2 i]      sum of gradients * gradientScale, rounded row by row
 *   [2 i + 1]  sum of (hessian * hessianScale, rounded row by row) * countUnit, plus the number of rows
 * Every sum is a whole number below 2^53, hence exact: the same in any order, and parent less child is the other child.
 */
export interface PackedGradients {
  /** shape (2 * nRows) */
  readonly pairs: Float64Array
  gradientScale: number
  hessianScale: number
  /** A power of two above the number of rows. */
  countUnit: number
  /** Where threads leave the sums of their parts, shape (2 * nThreads); empty without kernels. */
  readonly parts: Float64Array
}

/** Bytes that they take of a memory. */
export function roomForPacked(nRows: number, nThreads: number): number {
  return roomFor(16 * nRows) + roomFor(16 * nThreads)
}

/** @param memory Where they are to lie; null for plain arrays. */
export function packedGradients(nRows: number, memory: KernelMemory | null = null): PackedGradients {
  return {
    pairs: memory ? memory.float64(2 * nRows) : new Float64Array(2 * nRows),
    gradientScale: 1,
    hessianScale: 1,
    countUnit: 1,
    parts: memory ? memory.float64(2 * threadsOf(memory)) : new Float64Array(0),
  }
}

/** The two sums of some rows, packed as in a histogram's bin. */
export interface PackedSums {
  gradient: number
  hessianAndCount: number
}

/**
 * Rounds the gradients and hessians of the rows of one tree to fixed point: about 39 bits and 27 for 3,000 rows,
 * 31 and 11 for a million.
 * in:  `gradients`, `hessians` (nRows), of which `rows` count
 * out: `packed`, at those rows
 * @param memory Where all of them lie, for the kernels to do it; null for plain TypeScript.
 * @returns Their sums.
 */
export function packGradients(
  gradients: Float64Array,
  hessians: Float64Array,
  rows: Uint32Array,
  packed: PackedGradients,
  memory: KernelMemory | null = null,
): PackedSums {
  const nRows = rows.length
  const countBits = bitsFor(nRows)
  packed.countUnit = 2 ** countBits
  // One bit less than would fit makes room for rounding up.
  packed.gradientScale = fixedPointScale(largestOf(gradients, rows, memory) * nRows, 51)
  packed.hessianScale = fixedPointScale(largestOf(hessians, rows, memory) * nRows, 51 - countBits)
  const { pairs, gradientScale, hessianScale, countUnit } = packed
  const sums: PackedSums = { gradient: 0, hessianAndCount: 0 }
  if (memory) {
    const parts = packed.parts.fill(0)
    runParts(memory, 'packGradients', nRows, nRows >= MIN_TEAM_ROWS, (begin, end, part) => [
      gradients.byteOffset,
      hessians.byteOffset,
      rows.byteOffset,
      begin,
      end,
      gradientScale,
      hessianScale,
      countUnit,
      pairs.byteOffset,
      parts.byteOffset + 16 * part,
    ])
    for (let i = 0; i < parts.length; i += 2) {
      sums.gradient += parts[i]!
      sums.hessianAndCount += parts[i + 1]!
    }
    return sums
  }
  for (let i = 0; i < nRows; i++) {
    const row = rows[i]!
    // Plus 0, so that there is but one zero.
    const gradient = Math.round(gradients[row]! * gradientScale) + 0
    const hessianAndCount = Math.round(hessians[row]! * hessianScale) * countUnit + 1
    pairs[2 * row] = gradient
    pairs[2 * row + 1] = hessianAndCount
    sums.gradient += gradient
    sums.hessianAndCount += hessianAndCount
  }
  return sums
}

function largestOf(values: Float64Array, rows: Uint32Array, memory: KernelMemory | null): number {
  if (memory) {
    const parts = runParts(memory, 'largestOf', rows.length, rows.length >= MIN_TEAM_ROWS, (begin, end) => [
      values.byteOffset,
      rows.byteOffset,
      begin,
      end,
    ])
    return Math.max(...parts)
  }
  let largest = 0
  for (let i = 0; i < rows.length; i++) {
    const value = Math.abs(values[rows[i]!]!)
    if (value > largest) largest = value
  }
  return largest
}

/** Additions to a histogram from which on threads share them out: below, waiting for each other costs more. */
const MIN_TEAM_ADDITIONS = 60_000

/**
 * Makes histograms in a memory. Threads take a part of the rows each; all but the first have a histogram of their own, which is
 * added to the one that is wanted: sums of whole numbers don't depend on that.
 */
export class HistogramKernel {
  readonly #memory: KernelMemory
  readonly #binned: BinnedMatrix
  /** Bins side by side, as `layOutChunks` makes them. */
  readonly #chunks: Uint8Array
  readonly #parts: Float64Array[]

  /** Bytes that one takes of its memory. */
  static roomFor(nBins: number, nThreads: number): number {
    return (nThreads - 1) * roomFor(16 * nBins)
  }

  constructor(binned: BinnedMatrix, chunks: Uint8Array, memory: KernelMemory) {
    this.#memory = memory
    this.#binned = binned
    this.#chunks = chunks
    const size = 2 * binned.offsets[binned.nColumns]!
    this.#parts = Array.from({ length: threadsOf(memory) - 1 }, () => memory.float64(size))
  }

  /** As `addToHistogram`. */
  add(
    columns: Int32Array,
    rows: Uint32Array,
    begin: number,
    end: number,
    packed: PackedGradients,
    histogram: Float64Array,
  ): void {
    const { offsets, nColumns, nRows } = this.#binned
    const memory = this.#memory
    const nBins = offsets[nColumns]!
    const columnsAt = memory.columns(columns)
    const worthwhile = (end - begin) * columns.length >= MIN_TEAM_ADDITIONS
    const results = runParts(memory, 'addToHistogram', end - begin, worthwhile, (from, to, part) => [
      this.#chunks.byteOffset,
      nRows,
      offsets.byteOffset,
      columnsAt,
      columns.length,
      rows.byteOffset,
      begin + from,
      begin + to,
      packed.pairs.byteOffset,
      part === 0 ? histogram.byteOffset : this.#parts[part - 1]!.byteOffset,
      part === 0 ? 0 : nBins,
    ])
    for (let part = 1; part < results.length; part++) {
      memory.kernels.mergeHistogram(histogram.byteOffset, this.#parts[part - 1]!.byteOffset, nBins)
    }
  }
}

/**
 * Adds the rows of a node to a histogram, all columns' bins in one array. Four columns go together: one row's gradient
 * is loaded once for them, and additions into different columns don't wait for each other.
 * in:  `binned`; `rows` between `begin` and `end`; `packed`; `columns`, which of them are wanted
 * out: `histogram`, shape (2 * number of bins), zero before
 */
export function addToHistogram(
  binned: BinnedMatrix,
  columns: Int32Array,
  rows: Uint32Array,
  begin: number,
  end: number,
  packed: PackedGradients,
  histogram: Float64Array,
): void {
  const { bins, nRows, offsets } = binned
  const { pairs } = packed
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
      pairs,
      histogram,
    )
  }
  for (; c < columns.length; c++) {
    const column = columns[c]!
    addOneColumn(bins, column * nRows, offsets[column]!, rows, begin, end, pairs, histogram)
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
  pairs: Float64Array,
  histogram: Float64Array,
): void {
  for (let i = begin; i < end; i++) {
    const row = rows[i]!
    const gradient = pairs[2 * row]!
    const hessianAndCount = pairs[2 * row + 1]!
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
  pairs: Float64Array,
  histogram: Float64Array,
): void {
  for (let i = begin; i < end; i++) {
    const row = rows[i]!
    const at = (offset + bins[base + row]!) << 1
    histogram[at]! += pairs[2 * row]!
    histogram[at + 1]! += pairs[2 * row + 1]!
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
