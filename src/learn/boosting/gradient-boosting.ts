import { refuseSparse } from '../check-fit-input.ts'
import type { EstimatorDefinition, FitInput } from '../estimator.ts'
import { BoostedModel, restoreBoostedModel } from './boosted-model.ts'
import { fitBoostedTrees } from './fit.ts'
import { GradientBoostingOptions, settle } from './options.ts'
import { presetFor, presetNote } from './presets.ts'
import { searchSpace } from './search-space.ts'

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
  monotone: true,
  options: GradientBoostingOptions,
  searchSpace,
  defaults: ({ nRows }) => ({ ...settle(GradientBoostingOptions.parse({}), nRows) }),
  notes: ({ nRows }) => [presetNote(presetFor(nRows), nRows, false)],
  fit(input: FitInput, options) {
    refuseSparse(input.x, 'Gradient boosting')
    const nClasses = input.target.task === 'classification' ? input.target.classes.length : 0
    const link = input.target.task === 'regression' && options.loss === 'poisson' ? 'log' : null
    const settings = settle(options, input.x.nRows)
    const note = presetNote(settings.preset, input.x.nRows, options.preset !== 'auto')
    return new BoostedModel(input.target.task, nClasses, fitBoostedTrees(input, settings), link, [note])
  },
  restore: restoreBoostedModel,
}
