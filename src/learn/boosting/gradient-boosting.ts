import { refuseSparse } from '../check-fit-input.ts'
import type { EstimatorDefinition, FitInput } from '../estimator.ts'
import { BoostedModel, restoreBoostedModel } from './boosted-model.ts'
import { fitBoostedTrees } from './fit.ts'
import { GradientBoostingOptions } from './options.ts'

/**
 * Histogram gradient boosting: trees grown leaf-wise on binned columns, each on the gradients of the loss that those
 * before it left. Squared or absolute error, quantile or
 * Poisson loss for numbers, logistic loss for two classes, multinomial for more. Missing values have a
 * bin of their own and go where the gain is larger; infinities are very large numbers.
 */
export const gradientBoosting: EstimatorDefinition<GradientBoostingOptions> = {
  name: 'gradient-boosting',
  title: 'Gradient boosting',
  tasks: ['classification', 'regression'],
  encoding: 'tree',
  rounds: 'maxIterations',
  options: GradientBoostingOptions,
  searchSpace: ({ nRows, task }) => ({
    maxIterations: { type: 'int', low: 80, high: 250 },
    learningRate: { type: 'logUniform', low: 0.03, high: 0.15 },
    maxLeaves: { type: 'int', low: 4, high: 24, log: true },
    // A leaf may ask for at most a tenth of the rows, so that tiny tables can be split at all.
    minSamplesLeaf: {
      type: 'int',
      low: Math.max(1, Math.min(5, Math.floor(nRows / 40))),
      high: Math.max(1, Math.min(40, Math.floor(nRows / 10))),
      log: true,
    },
    l2Regularization: { type: 'logUniform', low: 0.1, high: 10 },
    subsample: { type: 'uniform', low: 0.7, high: 1 },
    featureFraction: { type: 'uniform', low: 0.3, high: 0.8 },
    extraTrees: { type: 'choice', values: [false, true] },
    ...(task === 'classification' ? { classWeight: { type: 'choice', values: [null, 'balanced'] } } : {}),
  }),
  fit(input: FitInput, options) {
    refuseSparse(input.x, 'Gradient boosting')
    const nClasses = input.target.task === 'classification' ? input.target.classes.length : 0
    const link = input.target.task === 'regression' && options.loss === 'poisson' ? 'log' : null
    return new BoostedModel(input.target.task, nClasses, fitBoostedTrees(input, options), link)
  },
  restore: restoreBoostedModel,
}
