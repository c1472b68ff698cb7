import { z } from 'zod'
import type { AnyMatrix } from '../../table/sparse-matrix.ts'
import type { EstimatorDefinition, FitInput } from '../estimator.ts'
import { compressColumns } from './compressed-columns.ts'
import { minimise } from './lbfgs.ts'
import { columnMoments } from './linear-parts.ts'
import { LOGISTIC_REGRESSION, type LogisticModel, logisticModel, PLAIN, restoreLogistic } from './logistic-model.ts'
import { LogisticObjective } from './logistic-objective.ts'
import { logisticRows } from './logistic-rows.ts'

export const LogisticRegressionOptions = z.strictObject({
  C: z
    .number()
    .positive()
    .default(1)
    .describe('Inverse strength of the L2 penalty, as in scikit-learn; a smaller one pulls coefficients closer to 0.'),
  classWeight: z
    .literal('balanced')
    .nullable()
    .default(null)
    .describe('`balanced` gives each class the same total weight; null takes rows as they are.'),
  tol: z
    .number()
    .positive()
    .default(1e-8)
    .describe('Done when no component of the gradient of the mean loss is larger.'),
  maxIterations: z.int().min(1).default(1000).describe('Most L-BFGS iterations.'),
})
export type LogisticRegressionOptions = z.output<typeof LogisticRegressionOptions>

/**
 * Logistic regression for two or more classes (softmax), L2 penalty, intercepts not penalised; minimises
 *   C * sum of weight * loss + 1/2 * sum of squared coefficients
 * Converged, it gives scikit-learn's `LogisticRegression(C, class_weight)`. The parameters of three or more classes sum to
 * 0 over the classes. A class without rows (weight above 0) gets probability 0.
 */
export const logisticRegression: EstimatorDefinition<LogisticRegressionOptions> = {
  name: LOGISTIC_REGRESSION,
  title: 'Logistic regression',
  tasks: ['classification'],
  encoding: 'linear',
  options: LogisticRegressionOptions,
  searchSpace: () => ({ C: { type: 'logUniform', low: 0.003, high: 10 } }),
  fit: fitLogistic,
  restore: restoreLogistic,
}

/** @throws FIT_ONE_CLASS, MATRIX_NOT_FINITE, CANCELLED, and as `fitWeights` */
export function fitLogistic(input: FitInput<AnyMatrix>, options: LogisticRegressionOptions): LogisticModel {
  const { x, signal } = input
  const { nClasses, weights, rowWeights, total, present, codes } = logisticRows(input, options.classWeight, PLAIN.title)
  const problem = {
    x: compressColumns(x),
    codes,
    rowWeights,
    nClasses: present.length,
    penalty: 1 / (options.C * total),
  }
  const objective = new LogisticObjective(problem, signal)
  const { iterations, stoppedBy } = minimise(objective, {
    tolerance: options.tol,
    maxIterations: options.maxIterations,
    signal,
  })
  const { coefficients, intercepts } = centredByClass(objective.point, x.nColumns, objective.nOutputs)
  return logisticModel({
    nClasses,
    present,
    coefficients,
    intercepts,
    ...columnMoments(x, weights),
    iterations,
    converged: stoppedBy !== 'iterations',
  })
}

/**
 * From (nOutputs, nColumns + 1) to coefficients (nOutputs, nColumns) and intercepts (nOutputs). Adding the same to all classes
 * changes no probability; at the minimum the coefficients sum to 0 over the classes, which is made exact here.
 */
function centredByClass(point: Float64Array, nColumns: number, nOutputs: number) {
  const coefficients = new Float64Array(nOutputs * nColumns)
  const intercepts = new Float64Array(nOutputs)
  const width = nColumns + 1
  for (let column = 0; column <= nColumns; column++) {
    let mean = 0
    if (nOutputs > 1) for (let k = 0; k < nOutputs; k++) mean += point[k * width + column]! / nOutputs
    for (let k = 0; k < nOutputs; k++) {
      const value = point[k * width + column]! - mean
      if (column < nColumns) coefficients[k * nColumns + column] = value
      else intercepts[k] = value
    }
  }
  return { coefficients, intercepts }
}
