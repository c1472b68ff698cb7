import { columnSums, linearScores } from './compressed-columns.ts'
import { descend } from './coordinate-descent.ts'
import { solveSupport } from './hessian-quadratic.ts'
import { type SquaresProblem, squaresQuadratic } from './squares-quadratic.ts'

export interface ElasticNetPenalty {
  /** Strength of the sum of |w|; more than 0. */
  readonly l1: number
  /** Strength of half the sum of w^2, 0 or more. */
  readonly l2: number
}

export interface ElasticNetSolution {
  /** shape (nColumns) */
  readonly coefficients: Float64Array
  /** How far the objective is above its minimum at most, as a share of the weighted mean of y^2. */
  readonly gap: number
  readonly sweeps: number
  readonly converged: boolean
}

/** How many coefficients may become 0 while those that are not 0 are solved for. */
const MAX_TURNS = 30
/** Sweeps after which the coefficients that are not 0 are solved for, settled or not. */
const SWEEPS_AT_ONCE = 100
/** Moves below this share of y's deviation are rounding errors. */
const SMALLEST_TOLERANCE = 1e-15

/**
 * Coefficients w that minimise  1/2 * sum of rowWeight * (y - (x - mean) w)^2 + l1 * sum of |w| + l2 / 2 * sum of w^2
 *
 * Coordinate descent with ever smaller tolerance, until the duality gap, which bounds how far the objective is above its
 * minimum, is at most `tolerance` times the weighted mean of y^2: scikit-learn's rule. In between, the coefficients that are
 * not 0 are solved for as if their signs were given, which is exact once the right ones are 0, and saves columns that go
 * together their thousands of sweeps.
 * @throws CANCELLED
 * @see Fercoq, Gramfort and Salmon (2015), https://arxiv.org/abs/1505.03410
 */
export function solveElasticNet(
  problem: SquaresProblem,
  penalty: ElasticNetPenalty,
  options: { tolerance: number; maxSweeps: number; signal?: AbortSignal | undefined },
): ElasticNetSolution {
  const { y, rowWeights, columns } = problem
  const { nColumns } = columns
  const scale = y.reduce((sum, value, row) => sum + rowWeights[row]! * value * value, 0)
  const coefficients = new Float64Array(nColumns)
  if (!(scale > 0)) return { coefficients, gap: 0, sweeps: 0, converged: true }
  const quadratic = squaresQuadratic(problem, options.signal)
  const penalties = { l1: new Float64Array(nColumns).fill(penalty.l1), l2: new Float64Array(nColumns).fill(penalty.l2) }
  let sweeps = 0
  for (let tolerance = 1e-3; ; tolerance /= 10) {
    const result = descend(quadratic, coefficients, penalties, {
      tolerance: Math.max(tolerance, SMALLEST_TOLERANCE) * Math.sqrt(scale),
      maxSweeps: Math.min(SWEEPS_AT_ONCE, options.maxSweeps - sweeps),
      signal: options.signal,
    })
    sweeps += result.sweeps
    solveSupport(quadratic, coefficients, penalties, MAX_TURNS)
    const gap = dualityGap(problem, penalty, coefficients) / scale
    const precise = tolerance <= SMALLEST_TOLERANCE && result.settled
    if (gap <= options.tolerance || precise || sweeps >= options.maxSweeps) {
      return { coefficients, gap, sweeps, converged: gap <= options.tolerance || precise }
    }
  }
}

/**
 * How far the objective is above its minimum at most: its value less that of the dual problem at the residuals, scaled to
 * be feasible. Taken from the data anew, so that no rounding error of the descent hides in it.
 */
export function dualityGap(problem: SquaresProblem, penalty: ElasticNetPenalty, coefficients: Float64Array): number {
  const { columns, y, rowWeights } = problem
  const { slopes, residuals } = residualsAt(problem, coefficients)
  let largest = 0
  let absolute = 0
  let squares = 0
  for (let j = 0; j < columns.nColumns; j++) {
    largest = Math.max(largest, Math.abs(slopes[j]! - penalty.l2 * coefficients[j]!))
    absolute += Math.abs(coefficients[j]!)
    squares += coefficients[j]! ** 2
  }
  let ofResiduals = 0
  let withY = 0
  for (let row = 0; row < y.length; row++) {
    ofResiduals += rowWeights[row]! * residuals[row]! ** 2
    withY += rowWeights[row]! * residuals[row]! * y[row]!
  }
  const share = largest > penalty.l1 ? penalty.l1 / largest : 1
  const both = ofResiduals + penalty.l2 * squares
  // Rounding errors can bring it below 0, where it never is.
  return Math.max(0, 0.5 * both * (1 + share * share) + penalty.l1 * absolute - share * withY)
}

/** Residuals, shape (nRows), and their weighted products with the columns, shape (nColumns). */
function residualsAt({ columns, means, y, rowWeights }: SquaresProblem, coefficients: Float64Array) {
  const { nRows, nColumns } = columns
  const parameters = new Float64Array(nColumns + 1)
  parameters.set(coefficients)
  for (const j of columns.sparse) parameters[nColumns]! -= coefficients[j]! * means[j]!
  const residuals = new Float64Array(nRows)
  linearScores(columns, parameters, residuals)
  for (let row = 0; row < nRows; row++) residuals[row] = y[row]! - residuals[row]!
  const sums = new Float64Array(nColumns + 1)
  columnSums(
    columns,
    residuals.map((residual, row) => residual * rowWeights[row]!),
    sums,
  )
  const total = sums[nColumns]!
  for (const j of columns.sparse) sums[j]! -= means[j]! * total
  return { residuals, slopes: sums.subarray(0, nColumns) }
}
