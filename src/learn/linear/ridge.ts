import { z } from 'zod'
import { BellwetherError } from '../../errors.ts'
import type { State } from '../../table/state.ts'
import { fitWeights, refuseNonFinite, throwIfCancelled } from '../check-fit-input.ts'
import { refuseOtherWidth, refuseOutside } from '../check-matrix.ts'
import type { EstimatorDefinition, FitInput, FittedModel } from '../estimator.ts'
import { readState } from '../read-state.ts'
import { columnMoments, linearContributions, linearImportances, matrixScores } from './linear-parts.ts'
import { solveRidge } from './solve-ridge.ts'

const RIDGE = 'ridge'

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

/** What fitting a ridge regression learnt. */
export interface RidgeParts {
  /** shape (nColumns) */
  readonly coefficients: Float64Array
  readonly intercept: number
  /** Mean and deviation of each column over the training rows; shape (nColumns). */
  readonly means: Float64Array
  readonly deviations: Float64Array
}

/** A fitted ridge regression; the parts beyond `FittedModel` are for reports and parity. */
export interface RidgeModel extends FittedModel {
  readonly parts: RidgeParts
}

/** @throws MATRIX_NOT_FINITE, CANCELLED, and as `fitWeights` */
export function fitRidge(input: FitInput, options: RidgeOptions): RidgeModel {
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
  const coefficients = solveRidge(x, moments.means, centred, weights, options.alpha)
  let intercept = meanTarget
  for (let column = 0; column < x.nColumns; column++) intercept -= coefficients[column]! * moments.means[column]!
  return ridgeModel({ coefficients, intercept, ...moments })
}

function ridgeModel(parts: RidgeParts): RidgeModel {
  const { coefficients, intercept, means, deviations } = parts
  return {
    estimator: RIDGE,
    task: 'regression',
    nClasses: 0,
    parts,
    predict(x) {
      refuseOtherWidth(x, means.length, RIDGE)
      refuseNonFinite(x, 'Ridge regression')
      return matrixScores(x, coefficients, Float64Array.of(intercept))
    },
    explain(x, row, output) {
      refuseOtherWidth(x, means.length, RIDGE)
      refuseOutside(x, row, output, 1)
      return { space: 'value', ...linearContributions(x, row, coefficients, intercept, means, 1) }
    },
    importances: () => linearImportances(coefficients, deviations),
    state: () => ({ estimator: RIDGE, coefficients, intercept, means, deviations }),
  }
}

/** @throws MODEL_STATE_INVALID */
function restoreRidge(state: State): RidgeModel {
  const reader = readState(state, RIDGE)
  const means = reader.float64('means')
  return ridgeModel({
    coefficients: reader.float64('coefficients', means.length),
    intercept: reader.number('intercept'),
    means,
    deviations: reader.float64('deviations', means.length),
  })
}

function weightedMean(values: Float64Array, weights: Float64Array): number {
  let total = 0
  let sum = 0
  for (let row = 0; row < values.length; row++) {
    total += weights[row]!
    sum += weights[row]! * values[row]!
  }
  return sum / total
}
