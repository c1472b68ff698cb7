import { z } from 'zod'
import { BellwetherError } from '../../errors.ts'
import type { AnyMatrix } from '../../table/sparse-matrix.ts'
import type { State } from '../../table/state.ts'
import { fitWeights, refuseNonFinite, throwIfCancelled } from '../check-fit-input.ts'
import type { EstimatorDefinition, FitInput } from '../estimator.ts'
import { readState } from '../read-state.ts'
import { centreDenseColumns } from './centred-columns.ts'
import { columnMoments, weightedMean } from './linear-parts.ts'
import { type RegressionModel, type RegressionParts, readRegressionParts, regressionModel } from './regression-model.ts'
import { solveElasticNet } from './solve-elastic-net.ts'
import { solveRidge } from './solve-ridge.ts'
import { largestSlope, type SquaresProblem } from './squares-quadratic.ts'

const ELASTIC_NET = 'elastic-net'
const NAMED = { estimator: ELASTIC_NET, title: 'The elastic net' }

/** Without L1 part no alpha makes all coefficients 0; a relative one is then of this part, as in glmnet. */
const LEAST_L1_RATIO = 1e-3

export const ElasticNetOptions = z.strictObject({
  alpha: z
    .number()
    .nonnegative()
    .default(1)
    .describe(
      "Strength of the penalty, as in scikit-learn: in the target's unit times the columns'; 0 is least squares.",
    ),
  l1Ratio: z
    .number()
    .min(0)
    .max(1)
    .default(0.5)
    .describe('Share of the penalty that is L1, which makes coefficients 0: 1 is the lasso, 0 has none (as ridge).'),
  alphaScale: z
    .enum(['absolute', 'relative'])
    .default('absolute')
    .describe(
      '`relative` takes alpha as a share of the smallest one that makes all coefficients 0, so that units do not matter.',
    ),
  tol: z
    .number()
    .positive()
    .default(1e-10)
    .describe("Done when the duality gap is at most this share of the target's variance, as in scikit-learn."),
  maxIterations: z.int().min(1).default(10_000).describe('Most sweeps over the columns.'),
})
export type ElasticNetOptions = z.output<typeof ElasticNetOptions>

/**
 * Elastic net and lasso; minimises, with W the sum of the weights and the intercept b without penalty,
 *   1 / (2 W) * sum of weight * (y - x w - b)^2 + alpha * l1Ratio * sum of |w| + alpha * (1 - l1Ratio) / 2 * sum of w^2
 * Gives scikit-learn's `ElasticNet(alpha, l1_ratio)` and, with l1Ratio 1, its `Lasso(alpha)`. Among columns that say the
 * very same, the lasso has several solutions of equal value; this gives one of them, the same each time.
 */
export const elasticNet: EstimatorDefinition<ElasticNetOptions> = {
  name: ELASTIC_NET,
  title: 'Elastic net and lasso regression',
  tasks: ['regression'],
  encoding: 'linear',
  options: ElasticNetOptions,
  searchSpace: () => ({
    alpha: { type: 'logUniform', low: 1e-4, high: 0.5 },
    alphaScale: { type: 'choice', values: ['relative'] },
    l1Ratio: { type: 'choice', values: [0.1, 0.5, 0.9, 1] },
  }),
  fit: fitElasticNet,
  restore: restoreElasticNet,
}

export interface ElasticNetParts extends RegressionParts {
  /** The strength that was used: the option, or what it comes to where that is relative. */
  readonly alpha: number
  /** How far the objective is above its minimum at most (duality gap), as a share of the target's variance. */
  readonly gap: number
  /** Sweeps over the columns; 0 where there is no L1 part, which is solved exactly. */
  readonly iterations: number
  readonly converged: boolean
}

export type ElasticNetModel = RegressionModel<ElasticNetParts>

/** @throws MATRIX_NOT_FINITE, CANCELLED, and as `fitWeights` */
export function fitElasticNet(input: FitInput<AnyMatrix>, options: ElasticNetOptions): ElasticNetModel {
  const { x, target, signal } = input
  if (target.task !== 'regression') {
    throw new BellwetherError('ESTIMATOR_TASK_MISMATCH', 'The elastic net predicts numbers, not classes.')
  }
  throwIfCancelled(signal)
  const weights = fitWeights(input)
  refuseNonFinite(x, NAMED.title)
  const moments = columnMoments(x, weights)
  const { means } = moments
  const meanTarget = weightedMean(target.values, weights)
  const y = target.values.map((value) => value - meanTarget)
  const total = weights.reduce((sum, weight) => sum + weight, 0)
  const rowWeights = weights.map((weight) => weight / total)

  const problem: SquaresProblem = { columns: centreDenseColumns(x, means), means, y, rowWeights }
  const { l1Ratio } = options
  const alpha =
    options.alphaScale === 'relative'
      ? (options.alpha * largestSlope(problem)) / Math.max(l1Ratio, LEAST_L1_RATIO)
      : options.alpha
  const { coefficients, gap, sweeps, converged } =
    alpha * l1Ratio > 0
      ? solveElasticNet(
          problem,
          { l1: alpha * l1Ratio, l2: alpha * (1 - l1Ratio) },
          { tolerance: options.tol, maxSweeps: options.maxIterations, signal },
        )
      : { coefficients: solveRidge(x, means, y, rowWeights, alpha, signal), gap: 0, sweeps: 0, converged: true }
  let intercept = meanTarget
  for (let column = 0; column < x.nColumns; column++) intercept -= coefficients[column]! * means[column]!
  return elasticNetModel({ coefficients, intercept, ...moments, alpha, gap, iterations: sweeps, converged })
}

function elasticNetModel(parts: ElasticNetParts): ElasticNetModel {
  const { alpha, gap, iterations, converged } = parts
  const unfinished = `The elastic net stopped after ${iterations} sweeps before it converged; raise maxIterations, alpha or tol.`
  return regressionModel(NAMED, parts, {
    state: { alpha, gap, iterations, converged },
    warnings: converged ? [] : [unfinished],
  })
}

/** @throws MODEL_STATE_INVALID */
function restoreElasticNet(state: State): ElasticNetModel {
  const reader = readState(state, ELASTIC_NET)
  return elasticNetModel({
    ...readRegressionParts(reader),
    alpha: reader.number('alpha'),
    gap: reader.number('gap'),
    iterations: reader.count('iterations'),
    converged: reader.raw('converged') === true,
  })
}
