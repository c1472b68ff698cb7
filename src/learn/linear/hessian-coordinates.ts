import { choleskyFactor, solveLower, solveUpper } from './cholesky.ts'
import type { CompressedColumns } from './compressed-columns.ts'
import { gramWithIntercept } from './gram.ts'

/** With more columns than this, pairs of columns cost too much, and only single columns are scaled. */
const MAX_GRAM_COLUMNS = 1500
/** Pivots below this share of their diagonal entry are rounding errors. */
const RANK_TOLERANCE = 1e-13

/**
 * Coordinates u = L' w for the parameters w of one output, in which the Hessian H = L L' is the identity: scales of columns
 * and collinearity among them are taken away, so that an optimiser needs few iterations.
 */
export interface Coordinates {
  /** Gradient by w -> gradient by u, in place; shape (nColumns + 1). */
  gradientInto(gradient: Float64Array): void
  /** Direction in u -> direction in w, in place; shape (nColumns + 1). */
  directionOutOf(direction: Float64Array): void
}

/**
 * Coordinates for H = curvature * X' W X + penalty, with a column of ones at the end that has no penalty.
 * Where there are very many columns, or H is singular to rounding, for its diagonal alone.
 * @param curvature Second derivative of a row's loss by its score, the same for all rows.
 * @throws CANCELLED
 * @see Boehning (1992), Multinomial logistic regression algorithm, https://doi.org/10.1007/BF00048682
 */
export function hessianCoordinates(
  x: CompressedColumns,
  rowWeights: Float64Array,
  curvature: number,
  penalty: number,
  signal?: AbortSignal,
): Coordinates {
  const size = x.nColumns + 1
  if (x.nColumns <= MAX_GRAM_COLUMNS) {
    const hessian = gramWithIntercept(x, rowWeights, signal)
    for (let i = 0; i < hessian.length; i++) hessian[i]! *= curvature
    for (let j = 0; j < x.nColumns; j++) hessian[j * size + j]! += penalty
    if (choleskyFactor(hessian, size, RANK_TOLERANCE, signal)) {
      return {
        gradientInto: (gradient) => solveLower(hessian, gradient),
        directionOutOf: (direction) => solveUpper(hessian, direction),
      }
    }
  }
  const scales = squaresOfColumns(x, rowWeights)
  for (let j = 0; j < size; j++) scales[j] = 1 / Math.sqrt(curvature * scales[j]! + (j < x.nColumns ? penalty : 0))
  const scale = (vector: Float64Array) => {
    for (let j = 0; j < size; j++) vector[j]! *= scales[j]!
  }
  return { gradientInto: scale, directionOutOf: scale }
}

/** Weighted sum of squares of each column and, last, of the ones; shape (nColumns + 1). */
function squaresOfColumns(x: CompressedColumns, rowWeights: Float64Array): Float64Array {
  const squares = new Float64Array(x.nColumns + 1)
  for (let d = 0; d < x.dense.length; d++) {
    const values = x.denseValues[d]!
    let sum = 0
    for (let row = 0; row < values.length; row++) sum += rowWeights[row]! * values[row]! * values[row]!
    squares[x.dense[d]!] = sum
  }
  for (let s = 0; s < x.sparse.length; s++) {
    let sum = 0
    for (let entry = x.starts[s]!; entry < x.starts[s + 1]!; entry++) {
      sum += rowWeights[x.rows[entry]!]! * x.values[entry]! * x.values[entry]!
    }
    squares[x.sparse[s]!] = sum
  }
  squares[x.nColumns] = rowWeights.reduce((sum, weight) => sum + weight, 0)
  return squares
}
