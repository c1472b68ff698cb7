import { type Matrix, matrixColumn } from '../../table/matrix.ts'
import { type AnyMatrix, isSparseMatrix } from '../../table/sparse-matrix.ts'
import { throwIfCancelled } from '../check-fit-input.ts'
import { centreDenseColumns, centredGram } from './centred-columns.ts'
import { choleskyFactor, solveLower, solveUpper } from './cholesky.ts'
import { columnSums } from './compressed-columns.ts'
import { iterateRidge } from './iterate-ridge.ts'
import { symmetricEigen } from './symmetric-eigen.ts'

/** Pivots below this share of their diagonal entry, and eigenvalues below this share of the largest, are rounding errors. */
const RANK_TOLERANCE = 1e-13

/** With more sparse columns than this, products of all pairs cost too much. */
const MAX_GRAM_COLUMNS = 1500

/**
 * Coefficients w that minimise, for columns x and a target y less their weighted means,
 *   sum of weight * (y - x w)^2 + alpha * sum of w^2
 * Cholesky on the products of columns, or of rows where those are fewer. Where that is singular to rounding (alpha 0, or
 * next to it, with collinear columns): the solution of least length, as `numpy.linalg.lstsq` gives. Sparse columns of which
 * there are more than rows or than 1500 are solved for by iteration.
 * @param x As it is, not centred; shape (nRows, nColumns).
 * @param means Weighted mean of each column; shape (nColumns).
 * @param y Weighted mean 0; shape (nRows).
 * @param weights shape (nRows), not negative
 * @param signal Looked at before each column or row of the products, and of their solution.
 * @returns shape (nColumns)
 * @throws CANCELLED
 */
export function solveRidge(
  x: AnyMatrix,
  means: Float64Array,
  y: Float64Array,
  weights: Float64Array,
  alpha: number,
  signal?: AbortSignal,
): Float64Array {
  if (isSparseMatrix(x)) {
    const few = x.nColumns <= Math.min(x.nRows, MAX_GRAM_COLUMNS)
    return few ? byColumns(x, means, y, weights, alpha, signal) : iterateRidge(x, means, y, weights, alpha, signal)
  }
  return x.nColumns <= x.nRows
    ? byColumns(x, means, y, weights, alpha, signal)
    : byRows(x, means, y, weights, alpha, signal)
}

/** (X' W X + alpha I) w = X' W y */
function byColumns(
  x: AnyMatrix,
  means: Float64Array,
  y: Float64Array,
  weights: Float64Array,
  alpha: number,
  signal?: AbortSignal,
): Float64Array {
  const columns = centreDenseColumns(x, means)
  const gram = centredGram(columns, weights, signal)
  const right = new Float64Array(x.nColumns + 1)
  columnSums(
    columns,
    y.map((value, row) => weights[row]! * value),
    right,
  )
  return solveShifted(gram, right.subarray(0, x.nColumns), alpha, signal)
}

/** w = (sqrt W X)' d  with  (sqrt W X X' sqrt W + alpha I) d = sqrt W y */
function byRows(
  x: Matrix,
  means: Float64Array,
  y: Float64Array,
  weights: Float64Array,
  alpha: number,
  signal?: AbortSignal,
): Float64Array {
  const { nRows, nColumns } = x
  const roots = weights.map(Math.sqrt)
  const gram = new Float64Array(nRows * nRows)
  const rooted = new Float64Array(nRows)
  for (let column = 0; column < nColumns; column++) {
    throwIfCancelled(signal)
    const values = centred(matrixColumn(x, column), means[column]!)
    for (let row = 0; row < nRows; row++) rooted[row] = roots[row]! * values[row]!
    for (let i = 0; i < nRows; i++) {
      const value = rooted[i]!
      if (value === 0) continue
      for (let j = 0; j <= i; j++) gram[i * nRows + j]! += value * rooted[j]!
    }
  }
  for (let i = 0; i < nRows; i++) for (let j = 0; j < i; j++) gram[j * nRows + i] = gram[i * nRows + j]!
  const dual = solveShifted(
    gram,
    y.map((value, row) => roots[row]! * value),
    alpha,
    signal,
  )
  const coefficients = new Float64Array(nColumns)
  for (let column = 0; column < nColumns; column++) {
    const values = centred(matrixColumn(x, column), means[column]!)
    for (let row = 0; row < nRows; row++) coefficients[column]! += roots[row]! * values[row]! * dual[row]!
  }
  return coefficients
}

/** Solves (gram + alpha I) x = right for a symmetric `gram` without negative eigenvalues; `right` becomes x and is returned. */
function solveShifted(gram: Float64Array, right: Float64Array, alpha: number, signal?: AbortSignal): Float64Array {
  const n = right.length
  const factor = gram.slice()
  for (let i = 0; i < n; i++) factor[i * n + i]! += alpha
  if (choleskyFactor(factor, n, RANK_TOLERANCE, signal)) {
    solveLower(factor, right)
    solveUpper(factor, right)
    return right
  }
  const { values, vectors } = symmetricEigen(gram, n, signal)
  const cutOff = RANK_TOLERANCE * values.reduce((largest, value) => Math.max(largest, value), 0)
  const solution = new Float64Array(n)
  for (let i = 0; i < n; i++) {
    if (!(values[i]! > cutOff)) continue
    let share = 0
    for (let j = 0; j < n; j++) share += vectors[j * n + i]! * right[j]!
    share /= values[i]! + alpha
    for (let j = 0; j < n; j++) solution[j]! += share * vectors[j * n + i]!
  }
  return solution
}

function centred(values: Float64Array, mean: number): Float64Array {
  return values.map((value) => value - mean)
}
