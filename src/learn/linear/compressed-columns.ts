import { matrixColumn } from '../../table/matrix.ts'
import { type AnyMatrix, isSparseMatrix, type SparseMatrix, sparseColumns } from '../../table/sparse-matrix.ts'

/** Columns with a smaller share of non-zero values are kept as their non-zero values alone. */
const SPARSE_BELOW = 0.3

/**
 * A matrix whose mostly-zero columns (one-hot ones above all) are compressed, column by column:
 *
 *   rows   | 0 2 5 | 1 | 3 4 |      starts = 0, 3, 4, 6
 *   values | 1 1 1 | 1 | 1 1 |      sparse column s holds the entries starts[s] to starts[s + 1]
 *
 * The other columns stay views of the matrix.
 */
export interface CompressedColumns {
  readonly nRows: number
  readonly nColumns: number
  /** Columns of the matrix that are kept whole, ascending. */
  readonly dense: Int32Array
  /** Their values, each of shape (nRows). */
  readonly denseValues: readonly Float64Array[]
  /** Columns of the matrix that are compressed, ascending. */
  readonly sparse: Int32Array
  /** shape (sparse.length + 1) */
  readonly starts: Uint32Array
  /** Row of each non-zero value, ascending within a column. */
  readonly rows: Uint32Array
  readonly values: Float64Array
}

export function compressColumns(x: AnyMatrix): CompressedColumns {
  if (isSparseMatrix(x)) return compressEntries(x)
  const { nRows, nColumns } = x
  const dense: number[] = []
  const sparse: number[] = []
  const starts = [0]
  let entries = 0
  for (let column = 0; column < nColumns; column++) {
    const values = matrixColumn(x, column)
    let nonZero = 0
    for (let row = 0; row < nRows; row++) if (values[row] !== 0) nonZero++
    if (nonZero < SPARSE_BELOW * nRows) {
      sparse.push(column)
      entries += nonZero
      starts.push(entries)
    } else {
      dense.push(column)
    }
  }
  const rows = new Uint32Array(entries)
  const values = new Float64Array(entries)
  let at = 0
  for (const column of sparse) {
    const all = matrixColumn(x, column)
    for (let row = 0; row < nRows; row++) {
      const value = all[row]!
      if (value === 0) continue
      rows[at] = row
      values[at++] = value
    }
  }
  return {
    nRows,
    nColumns,
    dense: Int32Array.from(dense),
    denseValues: dense.map((column) => matrixColumn(x, column)),
    sparse: Int32Array.from(sparse),
    starts: Uint32Array.from(starts),
    rows,
    values,
  }
}

/** As for dense matrices, and with the same outcome: columns with many values are made whole. */
function compressEntries(x: SparseMatrix): CompressedColumns {
  const { nRows, nColumns } = x
  const all = sparseColumns(x)
  const dense: number[] = []
  const denseValues: Float64Array[] = []
  const sparse: number[] = []
  const starts = [0]
  const rows = new Uint32Array(all.rows.length)
  const values = new Float64Array(all.values.length)
  let entries = 0
  for (let column = 0; column < nColumns; column++) {
    const [begin, end] = [all.starts[column]!, all.starts[column + 1]!]
    if (end - begin < SPARSE_BELOW * nRows) {
      sparse.push(column)
      rows.set(all.rows.subarray(begin, end), entries)
      values.set(all.values.subarray(begin, end), entries)
      entries += end - begin
      starts.push(entries)
      continue
    }
    const whole = new Float64Array(nRows)
    for (let entry = begin; entry < end; entry++) whole[all.rows[entry]!] = all.values[entry]!
    dense.push(column)
    denseValues.push(whole)
  }
  return {
    nRows,
    nColumns,
    dense: Int32Array.from(dense),
    denseValues,
    sparse: Int32Array.from(sparse),
    starts: Uint32Array.from(starts),
    rows: rows.subarray(0, entries),
    values: values.subarray(0, entries),
  }
}

/**
 * scores[row] = intercept + sum over columns j of weights[j] * x[row, j]
 * in:  `weights` (nColumns + 1), the last being the intercept
 * out: `scores` (nRows), written over
 */
export function linearScores(x: CompressedColumns, weights: Float64Array, scores: Float64Array): void {
  scores.fill(weights[x.nColumns]!)
  for (let d = 0; d < x.dense.length; d++) {
    const values = x.denseValues[d]!
    const weight = weights[x.dense[d]!]!
    for (let row = 0; row < values.length; row++) scores[row]! += weight * values[row]!
  }
  const { rows, values } = x
  for (let s = 0; s < x.sparse.length; s++) {
    const weight = weights[x.sparse[s]!]!
    const end = x.starts[s + 1]!
    for (let entry = x.starts[s]!; entry < end; entry++) scores[rows[entry]!]! += weight * values[entry]!
  }
}

/**
 * sums[j] = sum over rows of residuals[row] * x[row, j]; the last one is for a column of ones
 * in:  `residuals` (nRows)
 * out: `sums` (nColumns + 1), written over
 */
export function columnSums(x: CompressedColumns, residuals: Float64Array, sums: Float64Array): void {
  for (let d = 0; d < x.dense.length; d++) {
    const values = x.denseValues[d]!
    let sum = 0
    for (let row = 0; row < values.length; row++) sum += values[row]! * residuals[row]!
    sums[x.dense[d]!] = sum
  }
  const { rows, values } = x
  for (let s = 0; s < x.sparse.length; s++) {
    const end = x.starts[s + 1]!
    let sum = 0
    for (let entry = x.starts[s]!; entry < end; entry++) sum += values[entry]! * residuals[rows[entry]!]!
    sums[x.sparse[s]!] = sum
  }
  let total = 0
  for (let row = 0; row < residuals.length; row++) total += residuals[row]!
  sums[x.nColumns] = total
}
