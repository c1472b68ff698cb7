import { answeringPipeline } from '../evaluate/answering-pipeline.ts'
import type { BoundedInterval } from '../evaluate/conformal/answer-sets.ts'
import { fitCvPlus } from '../evaluate/conformal/cv-plus.ts'
import type { IntervalModels } from '../evaluate/conformal/interval-models.ts'
import { fitQuantileInterval } from '../evaluate/conformal/quantile-interval.ts'
import type { RegressionTarget } from '../evaluate/metrics/regression-view.ts'
import { gradientBoosting } from '../learn/boosting/gradient-boosting.ts'
import type { Encoding } from '../learn/estimator.ts'
import { estimator } from '../learn/estimators.ts'
import { type FittedPipeline, fitModelOn, type PreparedFeatures, prepareFeatures } from '../learn/fitted-pipeline.ts'
import { selectRows } from '../table/table.ts'
import { selectTarget } from '../table/target.ts'
import { directionsOf } from './monotone.ts'
import type { PreparedRun } from './prepare-run.ts'

/** A model that is fitted again on other rows, or with other options. */
export interface MemberRecipe {
  readonly estimator: string
  readonly params: Readonly<Record<string, unknown>>
  readonly weight: number
}

export interface Bounds {
  readonly promise: BoundedInterval
  readonly bounds: IntervalModels
}

type Ground = Pick<PreparedRun, 'train' | 'folds' | 'options' | 'roles' | 'dataset'>

/**
 * CV+: the members, fitted on each fold's training rows as in the search, and how far each fold's blend was from the truth.
 * @param outOfFold What the blend says of each row out of fold, shape (nRows).
 * @throws CANCELLED, and as fits do
 */
export async function boundByFolds(
  ground: Ground & { readonly target: RegressionTarget },
  members: readonly MemberRecipe[],
  outOfFold: Float64Array,
  signal?: AbortSignal,
): Promise<Bounds> {
  const { folds, options, target } = ground
  const models = []
  for (const { train } of folds) {
    const features = featuresOn(ground, train)
    const fitted: FittedPipeline[] = []
    for (const member of members) fitted.push(await fitOn(features, member.estimator, member.params, ground, signal))
    models.push(answeringPipeline({ members: fitted, weights: Float64Array.from(members, ({ weight }) => weight) }))
  }
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
  ground: Ground & { readonly target: RegressionTarget },
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

async function fitOn(
  features: (encoding: Encoding) => PreparedFeatures,
  name: string,
  params: Readonly<Record<string, unknown>>,
  { options }: Ground,
  signal: AbortSignal | undefined,
): Promise<FittedPipeline> {
  // Lets signals in between two fits.
  await new Promise((resolve) => setImmediate(resolve))
  return fitModelOn(features(estimator(name).encoding), name, params, options.search.seed, signal)
}

/** Features fitted on some training rows (null: on all), one for each encoding that is asked for. */
function featuresOn({ train, options, roles, dataset }: Ground, rows: Uint32Array | null) {
  const known = new Map<Encoding, PreparedFeatures>()
  return (encoding: Encoding): PreparedFeatures => {
    const made =
      known.get(encoding) ??
      prepareFeatures({
        table: rows ? selectRows(train.table, rows) : train.table,
        schema: dataset.schema,
        inputs: roles.inputs,
        target: rows ? selectTarget(train.target, rows) : train.target,
        featureOptions: options.features,
        encoding,
        seed: options.search.seed,
        monotone: directionsOf(options.data, dataset.schema),
      })
    known.set(encoding, made)
    return made
  }
}
