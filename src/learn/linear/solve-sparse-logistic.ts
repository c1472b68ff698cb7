import { throwIfCancelled } from '../check-fit-input.ts'
import { ColumnAccess } from './column-access.ts'
import type { CompressedColumns } from './compressed-columns.ts'
import { descend, type Penalties } from './coordinate-descent.ts'
import { hessianQuadratic, solveSupport } from './hessian-quadratic.ts'
import { logisticLoss, makeLogisticLoss } from './logistic-loss.ts'
import { logisticHessian, logisticQuadratic } from './logistic-quadratic.ts'

export interface SparseLogisticProblem {
  readonly columns: CompressedColumns
  /** Class of each row, 0 to nClasses - 1; shape (nRows). */
  readonly codes: Int32Array
  /** shape (nRows), not negative, sum 1 */
  readonly rowWeights: Float64Array
  /** At least 2, each with a row of weight above 0. */
  readonly nClasses: number
  /** Strength of the sum of |w| and of half the sum of w^2, without intercepts; not negative. */
  readonly l1: number
  readonly l2: number
}

export interface SparseLogisticSolution {
  /** shape (nOutputs, nColumns + 1) row-major, the last column being the intercepts */
  readonly point: Float64Array
  readonly iterations: number
  readonly converged: boolean
}

/** Share of the promised fall that a step must reach at least (Armijo). */
const SUFFICIENT_DECREASE = 1e-4
/** What the objective may rise by rounding alone. */
const ROUNDING = 1e-14
/** The model of each iteration is minimised to moves of this share of its first ones. */
const MODEL_SHARE = 0.01
const MODEL_SWEEPS = 50
/** How many coefficients may become 0 while the others are solved for. */
const MAX_TURNS = 10
/** With more parameters than this, second derivatives by all pairs cost too much. */
const MAX_HESSIAN = 1500
const MAX_HALVINGS = 40
/** Iterations without a smaller violation or a lower objective, before the point is as good as rounding allows. */
const MAX_STALLED = 8
const FIRST_DAMPING = 1e-3
const LEAST_DAMPING = 1e-6

/**
 * Minimises the mean logistic loss (sigmoid of one score for two classes, else softmax) with L1 and L2 penalty by proximal
 * Newton steps: the loss's second order model with the penalties is minimised by coordinate descent, and the step is taken
 * as far as the objective falls as promised. Done when no component of the gradient, after what the L1 penalty bears, is
 * larger than the tolerance.
 * @throws CANCELLED
 * @see Lee, Sun and Saunders (2014), https://doi.org/10.1137/130921428
 */
export function solveSparseLogistic(
  problem: SparseLogisticProblem,
  options: { tolerance: number; maxIterations: number; signal?: AbortSignal | undefined },
): SparseLogisticSolution {
  const { columns, codes, rowWeights, nClasses } = problem
  const access = ColumnAccess.withOnes(columns)
  const { nRows, nColumns } = access.columns
  const nOutputs = nClasses === 2 ? 1 : nClasses
  const penalties = penaltiesOf(problem, nOutputs, nColumns)
  const point = startAtPriors(problem, nOutputs, nColumns)
  let scores = planes(nOutputs, nRows)
  addScores(access, point, scores)
  let loss = makeLogisticLoss(nOutputs, nRows)
  logisticLoss(scores, codes, rowWeights, loss)
  let probeScores = planes(nOutputs, nRows)
  let probeLoss = makeLogisticLoss(nOutputs, nRows)
  const gradient = new Float64Array(point.length)
  let damping = 0
  let smallest = Number.POSITIVE_INFINITY
  let stalled = 0
  let fell = true
  for (let iterations = 0; ; iterations++) {
    throwIfCancelled(options.signal)
    for (let i = 0; i < gradient.length; i++) {
      gradient[i] = access.dot(i % nColumns, loss.residuals[Math.floor(i / nColumns)]!)
    }
    const violation = largestViolation(point, gradient, penalties)
    if (violation <= options.tolerance) return { point, iterations, converged: true }
    stalled = violation < smallest || fell ? 0 : stalled + 1
    if (stalled === MAX_STALLED) return { point, iterations, converged: true }
    smallest = Math.min(smallest, violation)
    if (iterations === options.maxIterations) return { point, iterations, converged: false }

    const expansion = { access, rowWeights, probabilities: loss.probabilities, gradient, damping }
    const target = point.slice()
    const descent = { tolerance: 0, share: MODEL_SHARE, maxSweeps: MODEL_SWEEPS, signal: options.signal }
    if (gradient.length <= Math.min(MAX_HESSIAN, nRows)) {
      const model = hessianQuadratic(logisticHessian(columns, expansion), gradient.slice())
      // Columns that go together would take thousands of sweeps.
      if (!descend(model, target, penalties, descent).settled) {
        solveSupport(model, target, penalties, MAX_TURNS)
        descend(model, target, penalties, descent)
      }
    } else {
      descend(logisticQuadratic(expansion), target, penalties, descent)
    }
    const direction = target.map((value, i) => value - point[i]!)
    const slopes = planes(nOutputs, nRows)
    addScores(access, direction, slopes)
    const before = loss.value + penaltyAt(point, penalties)
    const promised =
      direction.reduce((sum, step, i) => sum + step * gradient[i]!, 0) +
      penaltyAt(target, penalties) -
      penaltyAt(point, penalties)
    const slack = ROUNDING * Math.max(1, Math.abs(before))
    for (let step = 1, halvings = 0; ; step /= 2, halvings++) {
      const probe = step === 1 ? target : point.map((value, i) => value + step * direction[i]!)
      for (let k = 0; k < nOutputs; k++) {
        const [to, from, slope] = [probeScores[k]!, scores[k]!, slopes[k]!]
        for (let row = 0; row < nRows; row++) to[row] = from[row]! + step * slope[row]!
      }
      logisticLoss(probeScores, codes, rowWeights, probeLoss)
      const after = probeLoss.value + penaltyAt(probe, penalties)
      if (after <= before + SUFFICIENT_DECREASE * step * Math.min(0, promised) + slack) {
        fell = after < before - slack
        point.set(probe)
        ;[scores, probeScores] = [probeScores, scores]
        ;[loss, probeLoss] = [probeLoss, loss]
        if (step === 1) damping = damping > LEAST_DAMPING ? damping / 10 : 0
        else damping = Math.max(FIRST_DAMPING, damping * 10)
        break
      }
      // No step gets lower: rounding errors are all that is left.
      if (halvings === MAX_HALVINGS) return { point, iterations, converged: true }
    }
  }
}

function planes(nOutputs: number, nRows: number): Float64Array[] {
  return Array.from({ length: nOutputs }, () => new Float64Array(nRows))
}

/** scores[k] += sum over columns of parameters[k, column] * x */
function addScores(access: ColumnAccess, parameters: Float64Array, scores: readonly Float64Array[]): void {
  const { nColumns } = access.columns
  for (const [i, value] of parameters.entries()) {
    if (value !== 0) access.add(i % nColumns, value, scores[Math.floor(i / nColumns)]!)
  }
}

function penaltiesOf({ l1, l2 }: SparseLogisticProblem, nOutputs: number, nColumns: number): Penalties {
  const ofColumns = (strength: number) =>
    Float64Array.from({ length: nOutputs * nColumns }, (_, i) => (i % nColumns === nColumns - 1 ? 0 : strength))
  return { l1: ofColumns(l1), l2: ofColumns(l2) }
}

function penaltyAt(point: Float64Array, { l1, l2 }: Penalties): number {
  let sum = 0
  for (let i = 0; i < point.length; i++) sum += l1[i]! * Math.abs(point[i]!) + 0.5 * l2[i]! * point[i]! ** 2
  return sum
}

/** How far the gradient of the smooth part is from what the L1 penalty can bear, at the worst coordinate. */
function largestViolation(point: Float64Array, gradient: Float64Array, { l1, l2 }: Penalties): number {
  let largest = 0
  for (let i = 0; i < point.length; i++) {
    const smooth = gradient[i]! + l2[i]! * point[i]!
    const left =
      point[i] === 0 ? Math.max(0, Math.abs(smooth) - l1[i]!) : Math.abs(smooth + l1[i]! * Math.sign(point[i]!))
    largest = Math.max(largest, left)
  }
  return largest
}

/** Coefficients 0 and intercepts at the log of the classes' shares: the best point without columns. */
function startAtPriors(
  { codes, rowWeights, nClasses }: SparseLogisticProblem,
  nOutputs: number,
  nColumns: number,
): Float64Array {
  const shares = new Float64Array(nClasses)
  for (let row = 0; row < codes.length; row++) shares[codes[row]!]! += rowWeights[row]!
  const logs = shares.map((share) => Math.log(share))
  const point = new Float64Array(nOutputs * nColumns)
  const mean = logs.reduce((sum, log) => sum + log, 0) / nClasses
  for (let k = 0; k < nOutputs; k++) {
    point[k * nColumns + nColumns - 1] = nOutputs === 1 ? logs[1]! - logs[0]! : logs[k]! - mean
  }
  return point
}
