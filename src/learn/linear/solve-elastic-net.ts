import { choleskyFactor, solveLower, solveUpper } from './cholesky.ts'
import { columnSums, linearScores } from './compressed-columns.ts'
import { descend, type Quadratic } from './coordinate-descent.ts'
import { type SquaresProblem, type SquaresQuadratic, squaresQuadratic } from './squares-quadratic.ts'

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

/** Supports up to this size are solved exactly once their signs are known. */
const MAX_EXACT = 600
/** How many of them may become 0 on the way. */
const MAX_TURNS = 30
/** Share of the second derivatives that is added to them where columns are collinear. */
const COLLINEAR_DAMPING = 1e-9
/** Sweeps after which the coefficients that are not 0 are solved for, settled or not. */
const SWEEPS_AT_ONCE = 100
const RANK_TOLERANCE = 1e-13
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
  const quadratic = squaresQuadratic(problem)
  const penalties = { l1: new Float64Array(nColumns).fill(penalty.l1), l2: new Float64Array(nColumns).fill(penalty.l2) }
  let sweeps = 0
  for (let tolerance = 1e-3; ; tolerance /= 10) {
    const result = descend(quadratic, coefficients, penalties, {
      tolerance: Math.max(tolerance, SMALLEST_TOLERANCE) * Math.sqrt(scale),
      maxSweeps: Math.min(SWEEPS_AT_ONCE, options.maxSweeps - sweeps),
      signal: options.signal,
    })
    sweeps += result.sweeps
    const exact = solveSupport(quadratic, problem, penalty, coefficients)
    if (exact) moveTo(quadratic, coefficients, exact)
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
  return 0.5 * both * (1 + share * share) + penalty.l1 * absolute - share * withY
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

/**
 * Goes to the minimum over the coefficients that are not 0 with their signs given:
 *   (X' W X + l2 I) w = X' W y - l1 * signs
 * Where a sign would turn on the way, it stops there, leaves that coefficient 0, and goes on with the others. The objective
 * falls all the way.
 * @returns A new point; null where there are none or too many.
 */
function solveSupport(
  quadratic: SquaresQuadratic,
  problem: SquaresProblem,
  { l1, l2 }: ElasticNetPenalty,
  coefficients: Float64Array,
): Float64Array | null {
  const point = coefficients.slice()
  for (let left = MAX_TURNS; ; left--) {
    const support = Int32Array.from(point.keys()).filter((j) => point[j] !== 0)
    const n = support.length
    const arrived = left < MAX_TURNS ? point : null
    if (n === 0 || n > MAX_EXACT || left === 0) return arrived
    const factor = supportFactor(quadratic, support, l2)
    if (!factor) return arrived
    // From the present point, by its slopes: what is left to add is small, and so are its rounding errors.
    const { slopes } = residualsAt(problem, point)
    const step = Float64Array.from(support, (j) => slopes[j]! - l2 * point[j]! - l1 * Math.sign(point[j]!))
    solveLower(factor, step)
    solveUpper(factor, step)
    let share = 1
    let turning = -1
    for (const [i, j] of support.entries()) {
      if ((point[j]! + share * step[i]!) * point[j]! > 0) continue
      share = -point[j]! / step[i]!
      turning = j
    }
    for (const [i, j] of support.entries()) point[j]! += share * step[i]!
    if (turning < 0) return point
    point[turning] = 0
  }
}

/**
 * Cholesky factor of the second derivatives by the coefficients of the support. Where columns are collinear, with a little
 * added to the diagonal: the step then goes far along what changes no prediction but the L1 penalty, until a sign turns.
 */
function supportFactor(quadratic: SquaresQuadratic, support: Int32Array, l2: number): Float64Array | null {
  const n = support.length
  const second = new Float64Array(n * n)
  for (let i = 0; i < n; i++) {
    for (let j = 0; j <= i; j++) second[i * n + j] = quadratic.product(support[i]!, support[j]!)
    second[i * n + i]! += l2
  }
  const factor = second.slice()
  if (choleskyFactor(factor, n, RANK_TOLERANCE)) return factor
  for (let i = 0; i < n; i++) second[i * n + i]! *= 1 + COLLINEAR_DAMPING
  return choleskyFactor(second, n, 0) ? second : null
}

function moveTo(quadratic: Quadratic, point: Float64Array, target: Float64Array): void {
  for (let j = 0; j < point.length; j++) {
    const step = target[j]! - point[j]!
    if (step === 0) continue
    quadratic.move(j, step)
    point[j] = target[j]!
  }
}
