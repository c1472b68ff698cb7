import { BellwetherError } from '../../errors.ts'
import { refuseSparse } from '../check-fit-input.ts'
import type { FitInput, FittedModel } from '../estimator.ts'
import { refuseOther, refuseOtherFit } from '../refuse-other-fit.ts'
import { treeCount } from '../tree/ensemble.ts'
import { BoostedModel } from './boosted-model.ts'
import { fitBoostedTrees } from './fit.ts'
import { type GradientBoostingOptions, settle } from './options.ts'

/**
 * Goes on from a fitted gradient boosting (also a restored one) to `maxIterations` rounds altogether, on the same rows or on newer ones; scikit-learn
 * calls it a warm start. The options are given again: a model does not keep them. On the same rows with the same options the result has the
 * bytes of a fit of all rounds at once, unless rounds are held out for early stopping. A model that has as many rounds already comes back as it is.
 * @throws USAGE for another kind of model, task, number of classes or columns, or loss; and as a fit does
 */
export function continueBoosting(model: FittedModel, input: FitInput, options: GradientBoostingOptions): BoostedModel {
  if (!(model instanceof BoostedModel))
    throw new BellwetherError('USAGE', `Only gradient boosting can go on; this is ${model.estimator}.`)
  refuseSparse(input.x, 'Gradient boosting')
  const { learnt } = model
  refuseOtherFit(model, learnt.trees.nColumns, input)
  const link = model.task === 'regression' && options.loss === 'poisson' ? 'log' : null
  refuseOther('the link', model.link ?? 'identity', link ?? 'identity')
  const settings = settle(options, input.x.nRows)
  const done = Math.floor(treeCount(learnt.trees) / learnt.initial.length)
  if (done >= settings.maxIterations) return model
  const note = `It goes on from ${done} rounds to ${settings.maxIterations}.`
  return new BoostedModel(model.task, model.nClasses, fitBoostedTrees(input, settings, learnt), link, [note])
}
