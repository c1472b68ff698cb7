import type { RegressionTarget } from '../evaluate/metrics/regression-view.ts'
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

/** What fitting on a part of a run's training rows takes. */
export type Ground = Pick<PreparedRun, 'train' | 'folds' | 'options' | 'roles' | 'dataset'>
export type RegressionGround = Ground & { readonly target: RegressionTarget }

/** Makes features fitted on one part of the rows, each encoding once. */
export type FeaturesOf = (encoding: Encoding) => PreparedFeatures

/**
 * The members, features and all, fitted on each fold's training rows as in the search.
 * @returns For each fold, in the order of the members; those of one fold share their features.
 * @throws CANCELLED, and as fits do
 */
export async function fitByFolds(
  ground: Ground,
  members: readonly Pick<MemberRecipe, 'estimator' | 'params'>[],
  signal?: AbortSignal,
): Promise<readonly (readonly FittedPipeline[])[]> {
  const byFold: FittedPipeline[][] = []
  for (const { train } of ground.folds) {
    const features = featuresOn(ground, train)
    const fitted: FittedPipeline[] = []
    for (const member of members) fitted.push(await fitOn(features, member.estimator, member.params, ground, signal))
    byFold.push(fitted)
  }
  return byFold
}

/** One fit. @throws CANCELLED, and as fits do */
export async function fitOn(
  features: FeaturesOf,
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
export function featuresOn({ train, options, roles, dataset }: Ground, rows: Uint32Array | null): FeaturesOf {
  const known = new Map<Encoding, PreparedFeatures>()
  return (encoding) => {
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
