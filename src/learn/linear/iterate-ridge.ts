import type { AnyMatrix } from '../../table/sparse-matrix.ts'
import { throwIfCancelled } from '../check-fit-input.ts'
import { centreDenseColumns } from './centred-columns.ts'
import { columnSums, linearScores } from './compressed-columns.ts'

/** Done when the residual of the normal equations is this share of their right side. */
const TOLERANCE = 1e-13
const MAX_ITERATIONS = 5000

/**
 * The problem of `solveRidge` by conjugate gradients on (X' W X + alpha I) w = X' W y, the columns less their means. Nothing larger
 * than the entries and a few vectors is made. Starts at 0, so that with alpha 0 it goes to the solution of least length.
 * @param means Weighted mean of each column; shape (nColumns).
 * @param y Weighted mean 0; shape (nRows).
 * @param signal Looked at in each iteration.
 * @returns shape (nColumns)
 * @throws CANCELLED
 * @see Hestenes and Stiefel (1952), https://doi.org/10.6028/jres.049.044
 */
export function iterateRidge(
  x: AnyMatrix,
  means: Float64Array,
  y: Float64Array,
  weights: Float64Array,
  alpha: number,
  signal?: AbortSignal,
): Float64Array {
  const columns = centreDenseColumns(x, means)
  const { nRows, nColumns } = columns
  const shifts = new Float64Array(nColumns)
  for (const column of columns.sparse) shifts[column] = means[column]!
  const parameters = new Float64Array(nColumns + 1)
  const scores = new Float64Array(nRows)
  const sums = new Float64Array(nColumns + 1)

  /** sums = X' (weighted), the columns less their means; its last entry is no column's. */
  const transposed = (weighted: Float64Array) => {
    columnSums(columns, weighted, sums)
    for (let j = 0; j < nColumns; j++) sums[j]! -= shifts[j]! * sums[nColumns]!
  }
  /** out = (X' W X + alpha I) vector */
  const multiply = (vector: Float64Array, out: Float64Array) => {
    parameters.set(vector)
    parameters[nColumns] = -dot(shifts, vector)
    linearScores(columns, parameters, scores)
    for (let row = 0; row < nRows; row++) scores[row]! *= weights[row]!
    transposed(scores)
    for (let j = 0; j < nColumns; j++) out[j] = sums[j]! + alpha * vector[j]!
  }

  transposed(y.map((value, row) => weights[row]! * value))
  const solution = new Float64Array(nColumns)
  const residual = sums.slice(0, nColumns)
  const direction = residual.slice()
  const image = new Float64Array(nColumns)
  let squares = dot(residual, residual)
  const enough = TOLERANCE ** 2 * squares
  for (let i = 0; i < MAX_ITERATIONS && squares > enough; i++) {
    throwIfCancelled(signal)
    multiply(direction, image)
    const curvature = dot(direction, image)
    if (!(curvature > 0)) break
    const step = squares / curvature
    for (let j = 0; j < nColumns; j++) {
      solution[j]! += step * direction[j]!
      residual[j]! -= step * image[j]!
    }
    const before = squares
    squares = dot(residual, residual)
    for (let j = 0; j < nColumns; j++) direction[j] = residual[j]! + (squares / before) * direction[j]!
  }
  return solution
}

function dot(a: Float64Array, b: Float64Array): number {
  let sum = 0
  for (let i = 0; i < a.length; i++) sum += a[i]! * b[i]!
  return sum
}
