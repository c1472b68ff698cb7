import { BellwetherError } from '../../errors.ts'
import { refuseSparse } from '../check-fit-input.ts'
import type { FitInput, FittedModel } from '../estimator.ts'
import { refuseOtherFit } from '../refuse-other-fit.ts'
import { treeCount } from '../tree/ensemble.ts'
import { fitForest } from './fit.ts'
import { ForestModel } from './forest-model.ts'
import type { RandomForestOptions } from './options.ts'

/**
 * Grows a fitted forest (also a restored one) to `nEstimators` trees altogether; scikit-learn calls it a warm start. The options are given
 * again: a model does not keep them. On the same rows, with the same options and seed, the result has the bytes of a fit of all trees at
 * once; on newer rows the old trees stay beside the new ones. With `oobScore` the rows and the seed must be those of the first fit, for
 * which rows the old trees left out is drawn anew. A forest that has as many trees already comes back as it is.
 * @throws USAGE for another kind of model, task, number of classes or columns; and as a fit does
 */
export function continueForest(model: FittedModel, input: FitInput, options: RandomForestOptions): ForestModel {
  if (!(model instanceof ForestModel))
    throw new BellwetherError('USAGE', `Only a random forest can grow on; this is ${model.estimator}.`)
  refuseSparse(input.x, 'A random forest')
  const { grown } = model
  refuseOtherFit(model, grown.trees.nColumns, input)
  if (treeCount(grown.trees) >= options.nEstimators) return model
  return new ForestModel(model.task, model.nClasses, fitForest(input, options, grown))
}
