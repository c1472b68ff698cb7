import { BellwetherError } from '../../errors.ts'
import type { Matrix } from '../../table/matrix.ts'
import { RandomState } from '../../table/random.ts'
import { KernelMemory, roomFor } from '../kernels/kernel-memory.ts'
import { binThresholds, countDistinct } from './bin-thresholds.ts'
import { MAX_CATEGORIES } from './category-splits.ts'

/** Bins of a column beside the one for missing values; a bin index fits in a byte. */
export const MAX_BINS = 255

/** Thresholds are learnt from at most so many rows, as scikit-learn and LightGBM do. */
const MAX_ROWS_FOR_THRESHOLDS = 200_000

/** Where each column is cut. A column that had missing values has one more bin for them, its last. */
export interface BinMapper {
  readonly nColumns: number
  /** Of each column, ascending; bin i holds thresholds[i-1] < x <= thresholds[i]; shape (nColumns) of (nValueBins - 1). */
  readonly thresholds: readonly Float64Array[]
  /** 1 where the column had missing values. */
  readonly hasMissing: Uint8Array
  /** Bins of each column, that of missing values included; shape (nColumns). */
  readonly nBins: Int32Array
  /** Where each column's bins begin in a histogram of all columns; shape (nColumns + 1), the last is their number. */
  readonly offsets: Int32Array
  /** 1 where the column holds codes of categories: its bins are the codes. Left out where no column does. */
  readonly categories?: Uint8Array
}

/** Some rows of a matrix as bins. */
export interface BinnedMatrix extends BinMapper {
  readonly nRows: number
  /** Bin of (row, column) at `column * nRows + row`; shape (nColumns * nRows). */
  readonly bins: Uint8Array
}

/**
 * Learns where to cut the columns.
 * @param rows Which rows of the matrix to learn from.
 * @param weights Weight of each row of the matrix, above 0 for the rows named; null for equal ones.
 * @param maxBins From 2 to 255, not counting the bin for missing values.
 * @param seed Seeds which rows are looked at when there are more than 200,000.
 */
export function learnBins(
  x: Matrix,
  rows: Uint32Array,
  weights: Float64Array | null,
  maxBins: number,
  seed: number,
): BinMapper {
  const looked = rows.length > MAX_ROWS_FOR_THRESHOLDS ? sampleRows(rows, seed) : rows
  const thresholds: Float64Array[] = []
  const hasMissing = new Uint8Array(x.nColumns)
  const nBins = new Int32Array(x.nColumns)
  const offsets = new Int32Array(x.nColumns + 1)
  const memory = KernelMemory.take(2 * roomFor(8 * looked.length))
  const values = memory ? memory.float64(looked.length) : new Float64Array(looked.length)
  const scratch = memory ? memory.float64(looked.length) : null
  for (let column = 0; column < x.nColumns; column++) {
    const start = column * x.nRows
    let n = 0
    for (let i = 0; i < looked.length; i++) {
      const value = x.data[start + looked[i]!]!
      if (!Number.isNaN(value)) values[n++] = value
    }
    const nCategories = x.categories?.[column] ?? 0
    hasMissing[column] = anyMissing(x, column, rows) ? 1 : 0
    const kept = values.subarray(0, n)
    if (nCategories > 0) {
      refuseOtherCodes(x, column, rows, nCategories)
      thresholds.push(Float64Array.from({ length: nCategories - 1 }, (_, code) => code + 0.5))
      nBins[column] = nCategories + hasMissing[column]!
      offsets[column + 1] = offsets[column]! + nBins[column]!
      continue
    }
    if (memory && scratch) memory.kernels.sortValues(values.byteOffset, n, scratch.byteOffset)
    else kept.sort()
    const cuts =
      weights && countDistinct(kept) > maxBins
        ? weightedThresholds(x, column, looked, weights, maxBins)
        : binThresholds(kept, null, maxBins)
    thresholds.push(cuts)
    nBins[column] = cuts.length + 1 + hasMissing[column]!
    offsets[column + 1] = offsets[column]! + nBins[column]!
  }
  memory?.free()
  const mapper = { nColumns: x.nColumns, thresholds, hasMissing, nBins, offsets }
  if (!x.categories?.some((nCategories) => nCategories > 0)) return mapper
  return { ...mapper, categories: Uint8Array.from(x.categories, (nCategories) => (nCategories > 0 ? 1 : 0)) }
}

/** @throws INTERNAL when a category column holds what is no code of it, or has more than 255 codes. */
function refuseOtherCodes(x: Matrix, column: number, rows: Uint32Array, nCategories: number): void {
  const name = x.names[column] ?? String(column)
  if (nCategories > MAX_CATEGORIES) {
    const message = `Column "${name}" has ${nCategories} categories; trees tell ${MAX_CATEGORIES} apart.`
    throw new BellwetherError('INTERNAL', message)
  }
  for (let i = 0; i < rows.length; i++) {
    const value = x.data[column * x.nRows + rows[i]!]!
    if (Number.isNaN(value) || (Number.isInteger(value) && value >= 0 && value < nCategories)) continue
    throw new BellwetherError(
      'INTERNAL',
      `Column "${name}" should hold codes from 0 to ${nCategories - 1}; row ${rows[i]} (counted from 0) does not.`,
    )
  }
}

function anyMissing(x: Matrix, column: number, rows: Uint32Array): boolean {
  const start = column * x.nRows
  for (let i = 0; i < rows.length; i++) if (Number.isNaN(x.data[start + rows[i]!]!)) return true
  return false
}

function weightedThresholds(
  x: Matrix,
  column: number,
  rows: Uint32Array,
  weights: Float64Array,
  maxBins: number,
): Float64Array {
  const start = column * x.nRows
  const ordered = rows
    .filter((row) => !Number.isNaN(x.data[start + row]!))
    .sort((a, b) => {
      const left = x.data[start + a]!
      const right = x.data[start + b]!
      return left < right ? -1 : left > right ? 1 : a - b
    })
  const values = Float64Array.from(ordered, (row) => x.data[start + row]!)
  return binThresholds(
    values,
    Float64Array.from(ordered, (row) => weights[row]!),
    maxBins,
  )
}

/** One row from each of 200,000 equally long stretches: even over the file, whatever its order. */
function sampleRows(rows: Uint32Array, seed: number): Uint32Array {
  const random = new RandomState(seed)
  const sample = new Uint32Array(MAX_ROWS_FOR_THRESHOLDS)
  const stretch = rows.length / MAX_ROWS_FOR_THRESHOLDS
  for (let i = 0; i < sample.length; i++) sample[i] = rows[Math.floor((i + random.random()) * stretch)]!
  return sample
}

/** Values that the kernel puts into bins at a time. */
const BLOCK_VALUES = 4096

/** Bytes that `applyBins` takes of its memory. */
export function roomForBins(mapper: BinMapper, nRows: number): number {
  const { nColumns } = mapper
  const work = 8 * (BLOCK_VALUES + MAX_BINS)
  return roomFor(nColumns * nRows) + roomFor(4 * (nColumns + 1)) + roomFor(nColumns) + roomFor(work)
}

/**
 * The given rows, which the bins were learnt from, as bins.
 * @param memory Where the bins, `offsets` and `hasMissing` are to lie, for the kernels; null for plain arrays.
 */
export function applyBins(
  mapper: BinMapper,
  x: Matrix,
  rows: Uint32Array,
  memory: KernelMemory | null = null,
): BinnedMatrix {
  if (memory) return applyBinsByKernel(mapper, x, rows, memory)
  const nRows = rows.length
  const bins = new Uint8Array(mapper.nColumns * nRows)
  for (let column = 0; column < mapper.nColumns; column++) {
    const cuts = mapper.thresholds[column]!
    const missing = mapper.hasMissing[column] ? cuts.length + 1 : 0
    const from = column * x.nRows
    const to = column * nRows
    for (let i = 0; i < nRows; i++) {
      const value = x.data[from + rows[i]!]!
      bins[to + i] = Number.isNaN(value) ? missing : binOf(cuts, value)
    }
  }
  return { ...mapper, nRows, bins }
}

function applyBinsByKernel(mapper: BinMapper, x: Matrix, rows: Uint32Array, memory: KernelMemory): BinnedMatrix {
  const { nColumns } = mapper
  const nRows = rows.length
  const bins = memory.uint8(nColumns * nRows)
  const offsets = memory.int32(nColumns + 1)
  offsets.set(mapper.offsets)
  const hasMissing = memory.uint8(nColumns)
  hasMissing.set(mapper.hasMissing)
  const work = memory.float64(BLOCK_VALUES + MAX_BINS)
  const cuts = work.subarray(BLOCK_VALUES)
  for (let column = 0; column < nColumns; column++) {
    const thresholds = mapper.thresholds[column]!
    // The kernel halves a stretch of 2 * step - 1 cuts; those there are not lie above every value.
    const step = thresholds.length === 0 ? 0 : 1 << (31 - Math.clz32(thresholds.length))
    cuts.fill(Number.POSITIVE_INFINITY).set(thresholds)
    const missing = hasMissing[column] ? thresholds.length + 1 : 0
    const from = column * x.nRows
    for (let begin = 0; begin < nRows; begin += BLOCK_VALUES) {
      const count = Math.min(BLOCK_VALUES, nRows - begin)
      for (let i = 0; i < count; i++) work[i] = x.data[from + rows[begin + i]!]!
      const to = bins.byteOffset + column * nRows + begin
      memory.kernels.binValues(work.byteOffset, count, cuts.byteOffset, step, missing, to)
    }
  }
  return { ...mapper, offsets, hasMissing, nRows, bins }
}

/** The first bin whose threshold is not below the value. */
export function binOf(thresholds: Float64Array, value: number): number {
  let low = 0
  let high = thresholds.length
  while (low < high) {
    const middle = (low + high) >>> 1
    if (value <= thresholds[middle]!) high = middle
    else low = middle + 1
  }
  return low
}

/**
 * The threshold that sends the bins up to `bin` to the left: x goes left iff x <= threshold. Past the last value bin it
 * is infinite: every value goes left, and only missing ones can go right.
 */
export function thresholdAfter(mapper: BinMapper, column: number, bin: number): number {
  const cuts = mapper.thresholds[column]!
  return bin < cuts.length ? cuts[bin]! : Number.POSITIVE_INFINITY
}
