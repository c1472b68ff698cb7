import { z } from 'zod'
import { BellwetherError } from '../../errors.ts'
import type { AnyMatrix } from '../../table/sparse-matrix.ts'
import type { State } from '../../table/state.ts'
import { fitWeights, refuseNonFinite, throwIfCancelled } from '../check-fit-input.ts'
import type { EstimatorDefinition, FitInput } from '../estimator.ts'
import { readState } from '../read-state.ts'
import { columnMoments, weightedMean } from './linear-parts.ts'
import { type RegressionModel, type RegressionParts, readRegressionParts, regressionModel } from './regression-model.ts'
import { solveRidge } from './solve-ridge.ts'

const RIDGE = 'ridge'
const NAMED = { estimator: RIDGE, title: 'Ridge regression' }

export const RidgeOptions = z.strictObject({
  alpha: z
    .number()
    .nonnegative()
    .default(1)
    .describe(
      'Strength of the L2 penalty, as in scikit-learn; 0 is least squares (of least length where several fit).',
    ),
})
export type RidgeOptions = z.output<typeof RidgeOptions>

/**
 * Ridge regression, solved exactly; minimises, the intercept b without penalty,
 *   sum of weight * (y - x w - b)^2 + alpha * sum of w^2
 * Gives scikit-learn's `Ridge(alpha)`.
 */
export const ridge: EstimatorDefinition<RidgeOptions> = {
  name: RIDGE,
  title: 'Ridge regression',
  tasks: ['regression'],
  encoding: 'linear',
  options: RidgeOptions,
  searchSpace: () => ({ alpha: { type: 'logUniform', low: 1e-3, high: 1e3 } }),
  fit: fitRidge,
  restore: restoreRidge,
}

/** A fitted ridge regression; the parts beyond `FittedModel` are for reports and parity. */
export type RidgeModel = RegressionModel<RegressionParts>

/** @throws MATRIX_NOT_FINITE, CANCELLED, and as `fitWeights` */
export function fitRidge(input: FitInput<AnyMatrix>, options: RidgeOptions): RidgeModel {
  const { x, target, signal } = input
  if (target.task !== 'regression') {
    throw new BellwetherError('ESTIMATOR_TASK_MISMATCH', 'Ridge regression predicts numbers, not classes.')
  }
  throwIfCancelled(signal)
  const weights = fitWeights(input)
  refuseNonFinite(x, 'Ridge regression')
  const moments = columnMoments(x, weights)
  const meanTarget = weightedMean(target.values, weights)
  const centred = target.values.map((value) => value - meanTarget)
  const coefficients = solveRidge(x, moments.means, centred, weights, options.alpha, signal)
  let intercept = meanTarget
  for (let column = 0; column < x.nColumns; column++) intercept -= coefficients[column]! * moments.means[column]!
  return regressionModel(NAMED, { coefficients, intercept, ...moments })
}

/** @throws MODEL_STATE_INVALID */
function restoreRidge(state: State): RidgeModel {
  return regressionModel(NAMED, readRegressionParts(readState(state, RIDGE)))
}
