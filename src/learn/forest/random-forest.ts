import { refuseSparse } from '../check-fit-input.ts'
import type { EstimatorDefinition, FitInput } from '../estimator.ts'
import { fitForest } from './fit.ts'
import { ForestModel, restoreForestModel } from './forest-model.ts'
import { RandomForestOptions } from './options.ts'

/**
 * Random forest on binned columns: deep trees on bootstrap samples, a few columns drawn for each split; Gini impurity for
 * classes, variance for numbers. Missing values have a bin of their own and go where it lowers impurity more; infinities
 * are very large numbers.
 * @see Breiman (2001), Random Forests, https://doi.org/10.1023/A:1010933404324
 */
export const randomForest: EstimatorDefinition<RandomForestOptions> = {
  name: 'random-forest',
  title: 'Random forest',
  tasks: ['classification', 'regression'],
  encoding: 'tree',
  rounds: 'nEstimators',
  options: RandomForestOptions,
  searchSpace: ({ task }) => ({
    nEstimators: { type: 'int', low: 100, high: 200 },
    ...(task === 'classification'
      ? {
          minSamplesLeaf: { type: 'int', low: 2, high: 8, log: true },
          maxFeatures: { type: 'choice', values: ['sqrt', 0.3, 0.5] },
          extraTrees: { type: 'choice', values: [false, true] },
        }
      : {
          minSamplesLeaf: { type: 'int', low: 1, high: 5 },
          maxFeatures: { type: 'choice', values: [0.3, 0.6, 1] },
        }),
  }),
  fit(input: FitInput, options) {
    refuseSparse(input.x, 'A random forest')
    const nClasses = input.target.task === 'classification' ? input.target.classes.length : 0
    return new ForestModel(input.target.task, nClasses, fitForest(input, options))
  },
  restore: restoreForestModel,
}
