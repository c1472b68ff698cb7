import type { SparseMatrix } from './sparse-matrix.ts'

/**
 * Products of a sparse matrix x with dense numbers. Sums run in the order of the entries, so a row's result does not depend
 * on the other rows, to the last bit. All outputs are written over; shapes are the caller's to keep.
 */

/**
 * out[row] = sum over columns j of x[row, j] * vector[j]
 * in:  `vector` (nColumns)
 * out: `out` (nRows)
 */
export function sparseTimesVector(x: SparseMatrix, vector: Float64Array, out: Float64Array): void {
  const { indptr, indices, values } = x
  for (let row = 0; row < x.nRows; row++) {
    const end = indptr[row + 1]!
    let sum = 0
    for (let entry = indptr[row]!; entry < end; entry++) sum += values[entry]! * vector[indices[entry]!]!
    out[row] = sum
  }
}

/**
 * out[j] = sum over rows of x[row, j] * vector[row]: the product with the transpose of x
 * in:  `vector` (nRows)
 * out: `out` (nColumns)
 */
export function sparseTransposeTimesVector(x: SparseMatrix, vector: Float64Array, out: Float64Array): void {
  const { indptr, indices, values } = x
  out.fill(0)
  for (let row = 0; row < x.nRows; row++) {
    const factor = vector[row]!
    const end = indptr[row + 1]!
    for (let entry = indptr[row]!; entry < end; entry++) out[indices[entry]!]! += values[entry]! * factor
  }
}

/**
 * out[row, k] = sum over columns j of x[row, j] * dense[j, k]; both dense ones row-major, so that the outputs of an entry lie together
 * in:  `dense` (nColumns * nOutputs)
 * out: `out` (nRows * nOutputs)
 */
export function sparseTimesDense(x: SparseMatrix, dense: Float64Array, nOutputs: number, out: Float64Array): void {
  const { indptr, indices, values } = x
  out.fill(0)
  for (let row = 0; row < x.nRows; row++) {
    const to = row * nOutputs
    const end = indptr[row + 1]!
    for (let entry = indptr[row]!; entry < end; entry++) {
      const value = values[entry]!
      const from = indices[entry]! * nOutputs
      for (let k = 0; k < nOutputs; k++) out[to + k]! += value * dense[from + k]!
    }
  }
}

/**
 * out[j, k] = sum over rows of x[row, j] * dense[row, k]: the product with the transpose of x; both dense ones row-major
 * in:  `dense` (nRows * nOutputs)
 * out: `out` (nColumns * nOutputs)
 */
export function sparseTransposeTimesDense(
  x: SparseMatrix,
  dense: Float64Array,
  nOutputs: number,
  out: Float64Array,
): void {
  const { indptr, indices, values } = x
  out.fill(0)
  for (let row = 0; row < x.nRows; row++) {
    const from = row * nOutputs
    const end = indptr[row + 1]!
    for (let entry = indptr[row]!; entry < end; entry++) {
      const value = values[entry]!
      const to = indices[entry]! * nOutputs
      for (let k = 0; k < nOutputs; k++) out[to + k]! += value * dense[from + k]!
    }
  }
}
