import { answeringPipeline } from '../evaluate/answering-pipeline.ts'
import type { BoundedInterval } from '../evaluate/conformal/answer-sets.ts'
import { fitCvPlus } from '../evaluate/conformal/cv-plus.ts'
import type { IntervalModels } from '../evaluate/conformal/interval-models.ts'
import { fitQuantileInterval } from '../evaluate/conformal/quantile-interval.ts'
import { gradientBoosting } from '../learn/boosting/gradient-boosting.ts'
import type { FittedPipeline } from '../learn/fitted-pipeline.ts'
import { selectRows } from '../table/table.ts'
import { featuresOn, fitOn, type MemberRecipe, type RegressionGround } from './fit-members.ts'

export interface Bounds {
  readonly promise: BoundedInterval
  readonly bounds: IntervalModels
}

/**
 * CV+: the members as each fold fitted them, and how far each fold's blend was from the truth.
 * @param byFold Of `fitByFolds`.
 * @param outOfFold What the blend says of each row out of fold, shape (nRows).
 */
export function boundByFolds(
  { folds, options, target }: RegressionGround,
  members: readonly Pick<MemberRecipe, 'weight'>[],
  byFold: readonly (readonly FittedPipeline[])[],
  outOfFold: Float64Array,
): Bounds {
  const weights = Float64Array.from(members, ({ weight }) => weight)
  const models = byFold.map((fitted) => answeringPipeline({ members: fitted, weights }))
  const promise = fitCvPlus(target, outOfFold, folds, options.conformal.alpha)
  const { alpha, nRows } = promise
  return { promise: { task: 'regression', method: 'cvPlus', alpha, nRows }, bounds: { promise, models } }
}

/**
 * Conformalised quantile regression: boosting of a low and a high quantile, moved by how far the truth lay outside of them out of fold.
 * @param params Options of boosting, such as the best that the search found; the loss is replaced.
 * @throws CANCELLED, and as fits do
 */
export async function boundByQuantiles(
  ground: RegressionGround,
  params: Readonly<Record<string, unknown>>,
  signal?: AbortSignal,
): Promise<Bounds> {
  const { folds, options, target, train } = ground
  const half = options.conformal.alpha / 2
  const { name } = gradientBoosting
  const recipes = [half, 1 - half].map((quantile) => ({ ...params, loss: 'quantile', quantile }))
  const outOfFold = recipes.map(() => new Float64Array(target.values.length).fill(Number.NaN))
  for (const fold of folds) {
    const features = featuresOn(ground, fold.train)
    const validation = selectRows(train.table, fold.validation)
    for (const [i, recipe] of recipes.entries()) {
      const predictions = (await fitOn(features, name, recipe, ground, signal)).predict(validation)
      for (const [at, row] of fold.validation.entries()) outOfFold[i]![row] = predictions[at]!
    }
  }
  const whole = featuresOn(ground, null)
  const models = []
  for (const recipe of recipes) {
    models.push(answeringPipeline({ members: [await fitOn(whole, name, recipe, ground, signal)] }))
  }
  const promise = fitQuantileInterval(target, outOfFold[0]!, outOfFold[1]!, options.conformal.alpha)
  const { alpha, nRows } = promise
  return { promise: { task: 'regression', method: 'quantile', alpha, nRows }, bounds: { promise, models } }
}
