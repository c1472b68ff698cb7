import { z } from 'zod'
import type { AnyMatrix } from '../../table/sparse-matrix.ts'
import type { EstimatorDefinition, FitInput } from '../estimator.ts'
import { centreDenseColumns } from './centred-columns.ts'
import { columnMoments } from './linear-parts.ts'
import { type LogisticKind, type LogisticModel, logisticModel, restoreLogistic } from './logistic-model.ts'
import { logisticRows } from './logistic-rows.ts'
import { solveSparseLogistic } from './solve-sparse-logistic.ts'

const KIND: LogisticKind = {
  estimator: 'sparse-logistic-regression',
  title: 'Sparse logistic regression',
  centred: false,
}

export const SparseLogisticRegressionOptions = z.strictObject({
  C: z
    .number()
    .positive()
    .default(1)
    .describe('Inverse strength of the penalty, as in scikit-learn; a smaller one makes more coefficients 0.'),
  l1Ratio: z
    .number()
    .min(0)
    .max(1)
    .default(0.5)
    .describe('Share of the penalty that is L1, which makes coefficients 0; the rest is L2. 1 is the lasso.'),
  classWeight: z
    .literal('balanced')
    .nullable()
    .default(null)
    .describe('`balanced` gives each class the same total weight; null takes rows as they are.'),
  tol: z
    .number()
    .positive()
    .default(1e-8)
    .describe('Done when no component of the gradient of the mean loss and the penalty is larger.'),
  maxIterations: z.int().min(1).default(200).describe('Most Newton steps.'),
})
export type SparseLogisticRegressionOptions = z.output<typeof SparseLogisticRegressionOptions>

/**
 * Logistic regression for two or more classes (softmax) with an L1 penalty, which leaves out columns by itself; minimises,
 * intercepts not penalised,
 *   C * sum of weight * loss + l1Ratio * sum of |w| + (1 - l1Ratio) / 2 * sum of w^2
 * Converged, it gives scikit-learn's `LogisticRegression(C, l1_ratio, class_weight, solver='saga')`. With three or more
 * classes each has its own coefficients, of which different ones are 0. Where several solutions have the same objective (the
 * lasso among columns that say the very same, or with an even number of classes), this gives one of them, the same each time.
 *
 * A kind of its own rather than an option of `logistic-regression`, whose search space, states and params of runs stay as
 * they are; a project names it to have it compete.
 */
export const sparseLogisticRegression: EstimatorDefinition<SparseLogisticRegressionOptions> = {
  name: KIND.estimator,
  title: 'Sparse logistic regression (L1)',
  tasks: ['classification'],
  encoding: 'linear',
  options: SparseLogisticRegressionOptions,
  searchSpace: () => ({
    C: { type: 'logUniform', low: 0.01, high: 10 },
    l1Ratio: { type: 'choice', values: [0.1, 0.5, 0.9, 1] },
    classWeight: { type: 'choice', values: [null, 'balanced'] },
  }),
  fit: fitSparseLogistic,
  restore: (state) => restoreLogistic(state, KIND),
}

/** @throws FIT_ONE_CLASS, MATRIX_NOT_FINITE, CANCELLED, and as `fitWeights` */
export function fitSparseLogistic(input: FitInput<AnyMatrix>, options: SparseLogisticRegressionOptions): LogisticModel {
  const { x, signal } = input
  const { nClasses, weights, rowWeights, total, present, codes } = logisticRows(input, options.classWeight, KIND.title)
  const moments = columnMoments(x, weights)
  // Dense columns less their means don't go together with the intercept.
  const columns = centreDenseColumns(x, moments.means)
  const strength = 1 / (options.C * total)
  const { point, iterations, converged } = solveSparseLogistic(
    {
      columns,
      codes,
      rowWeights,
      nClasses: present.length,
      l1: strength * options.l1Ratio,
      l2: strength * (1 - options.l1Ratio),
    },
    { tolerance: options.tol, maxIterations: options.maxIterations, signal },
  )

  const nOutputs = present.length === 2 ? 1 : present.length
  const width = x.nColumns + 1
  const coefficients = new Float64Array(nOutputs * x.nColumns)
  const intercepts = new Float64Array(nOutputs)
  for (let k = 0; k < nOutputs; k++) {
    coefficients.set(point.subarray(k * width, k * width + x.nColumns), k * x.nColumns)
    intercepts[k] = point[k * width + x.nColumns]!
    for (const j of columns.dense) intercepts[k]! -= point[k * width + j]! * moments.means[j]!
  }
  // What is common to the intercepts of all classes changes no probability.
  if (nOutputs > 1) {
    const mean = intercepts.reduce((sum, intercept) => sum + intercept, 0) / nOutputs
    for (let k = 0; k < nOutputs; k++) intercepts[k]! -= mean
  }
  return logisticModel({ nClasses, present, coefficients, intercepts, ...moments, iterations, converged }, KIND)
}
