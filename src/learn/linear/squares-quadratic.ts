import { centredGram } from './centred-columns.ts'
import { ColumnAccess } from './column-access.ts'
import { type CompressedColumns, columnSums } from './compressed-columns.ts'
import { type HessianQuadratic, hessianQuadratic } from './hessian-quadratic.ts'

/**
 * Half of the weighted mean of squares by the coefficients w, from w = 0:
 *   1/2 * sum over rows of rowWeight * (y - (x - mean) w)^2
 */
export interface SquaresProblem {
  /** As `centreDenseColumns` gives them. */
  readonly columns: CompressedColumns
  /** Weighted mean of each column; shape (nColumns). */
  readonly means: Float64Array
  /** Weighted mean 0; shape (nRows). */
  readonly y: Float64Array
  /** shape (nRows), not negative, sum 1 */
  readonly rowWeights: Float64Array
}

/** With more columns than this, products of all pairs cost too much. */
const MAX_GRAM_COLUMNS = 1500

/** By products of columns where there are many more rows than columns, else by residuals; both the same function. */
export function squaresQuadratic(problem: SquaresProblem, signal?: AbortSignal): HessianQuadratic {
  const { nRows, nColumns } = problem.columns
  return nColumns <= Math.min(nRows, MAX_GRAM_COLUMNS) ? squaresByGram(problem, signal) : squaresByResiduals(problem)
}

/** A slope costs nothing, a move nColumns. */
export function squaresByGram({ columns, y, rowWeights }: SquaresProblem, signal?: AbortSignal): HessianQuadratic {
  const { nColumns } = columns
  const gram = centredGram(columns, rowWeights, signal)
  const sums = new Float64Array(nColumns + 1)
  columnSums(
    columns,
    y.map((value, row) => rowWeights[row]! * value),
    sums,
  )
  return hessianQuadratic(
    gram,
    sums.subarray(0, nColumns).map((sum) => -sum),
  )
}

/** A slope and a move cost a column's values (those that are not 0, for a compressed one). */
export function squaresByResiduals({ columns, means, y, rowWeights }: SquaresProblem): HessianQuadratic {
  const access = new ColumnAccess(columns)
  const sparse = new Set(columns.sparse)
  const shifts = means.map((mean, j) => (sparse.has(j) ? mean : 0))
  // Weighted residuals, compressed columns taken as they are; what their means add to every residual.
  const residuals = y.map((value, row) => rowWeights[row]! * value)
  let offset = 0
  const weighted = new Float64Array(columns.nRows)
  let weightedColumn = -1
  return {
    curvatures: shifts.map((shift, j) => Math.max(0, access.dotSquares(j, rowWeights) - shift * shift)),
    product(i, j) {
      if (i !== weightedColumn) {
        weighted.fill(0)
        access.addWeighted(i, 1, rowWeights, weighted)
        weightedColumn = i
      }
      return access.dot(j, weighted) - shifts[i]! * shifts[j]!
    },
    slope: (j) => -(access.dot(j, residuals) + shifts[j]! * offset),
    move(j, step) {
      access.addWeighted(j, -step, rowWeights, residuals)
      offset += step * shifts[j]!
    },
  }
}

/** The largest slope without sign at w = 0, which is the smallest strength of an L1 penalty that keeps all coefficients 0. */
export function largestSlope({ columns, y, rowWeights }: SquaresProblem): number {
  const sums = new Float64Array(columns.nColumns + 1)
  columnSums(
    columns,
    y.map((value, row) => rowWeights[row]! * value),
    sums,
  )
  return sums.subarray(0, columns.nColumns).reduce((largest, sum) => Math.max(largest, Math.abs(sum)), 0)
}
