import { BellwetherError, type ErrorDocument } from '../../errors.ts'
import type { ClustererDefinition, ClusterInput, FittedClusterer } from '../../learn/cluster/clusterer.ts'
import { type Score, undefinedScore } from '../metrics/metric.ts'
import { silhouetteScores } from './silhouette.ts'

/** What decides between numbers of clusters: the silhouette (larger is better), or a criterion of densities (smaller is better). */
export type ClusterCriterion = 'silhouette' | 'bic' | 'aic'

export interface ChooseClustersInput extends ClusterInput {
  readonly definition: ClustererDefinition
  /** Options but `nClusters`. */
  readonly options?: Readonly<Record<string, unknown>>
  /** Fewest and most clusters that are tried. */
  readonly from: number
  readonly to: number
  /** Default `silhouette`. It looks at rows, whatever their weights. */
  readonly by?: ClusterCriterion
  /** Rows that a silhouette is taken over where there are more; drawn by the seed. Default 5,000. */
  readonly sampleRows?: number
}

export interface ClusterCandidate {
  readonly nClusters: number
  /** NaN, with a reason, where there is none. */
  readonly score: Score
  readonly warnings: readonly string[]
  /** Why there is no model of so many clusters. */
  readonly error?: ErrorDocument
}

export interface ClusterChoice {
  readonly by: ClusterCriterion
  readonly nClusters: number
  readonly model: FittedClusterer
  /** One for each number of clusters, ascending. */
  readonly candidates: readonly ClusterCandidate[]
}

/**
 * Fits each number of clusters in the range with the same seed, and keeps the one that the criterion likes best, of equals the fewer.
 * A number that can't be fitted (more clusters than distinct rows) is named with its error and passed over.
 * @throws USAGE for an impossible range or a criterion that the clusterer lacks; ESTIMATOR_OPTIONS_INVALID; CANCELLED; what the
 *   first fit threw where none went through; CLUSTERS_TOO_MANY where none can be scored
 */
export function chooseClusters(input: ChooseClustersInput): ClusterChoice {
  const { x, seed, signal, definition, by = 'silhouette', sampleRows = 5000 } = input
  const fits = countsOf(input).map((nClusters) => {
    const options = optionsOf(input, nClusters)
    try {
      return { nClusters, model: definition.fit(input, options), error: null }
    } catch (error) {
      if (!(error instanceof BellwetherError) || error.status !== 422) throw error
      return { nClusters, model: null, error }
    }
  })
  const fitted = fits.flatMap(({ nClusters, model }) => (model ? [{ nClusters, model }] : []))
  if (fitted.length === 0) throw fits[0]!.error!

  const sampled = { sampleRows, seed, ...(signal ? { signal } : {}) }
  const silhouettes =
    by === 'silhouette'
      ? silhouetteScores(
          x,
          fitted.map(({ model }) => model.predict(x)),
          sampled,
        )
      : []
  const scored = fitted.map(({ nClusters, model }, i) => {
    const score = by === 'silhouette' ? silhouettes[i]! : criterionOf(model, by, input)
    return { nClusters, model, score }
  })
  let best: (typeof scored)[number] | null = null
  for (const each of scored) {
    if (Number.isNaN(each.score.value)) continue
    const better =
      best && (by === 'silhouette' ? each.score.value > best.score.value : each.score.value < best.score.value)
    if (!best || better) best = each
  }
  if (!best) {
    const { nClusters, score } = scored[0]!
    throw new BellwetherError(
      'CLUSTERS_TOO_MANY',
      `No number of clusters from ${input.from} to ${input.to} has a ${by}; with ${nClusters}, ${score.reason}.`,
    )
  }
  const candidates = fits.map(({ nClusters, model, error }): ClusterCandidate => {
    if (error) return { nClusters, score: undefinedScore(error.message), warnings: [], error: error.toDocument() }
    const { score } = scored.find((each) => each.nClusters === nClusters)!
    return { nClusters, score, warnings: model.warnings ?? [] }
  })
  return { by, nClusters: best.nClusters, model: best.model, candidates }
}

/** @throws USAGE for a clusterer without densities */
function criterionOf(
  model: FittedClusterer,
  criterion: 'bic' | 'aic',
  { x, sampleWeight, definition }: ChooseClustersInput,
): Score {
  if (!model.informationCriteria) {
    throw new BellwetherError('USAGE', `"${definition.name}" has no ${criterion}; choose by silhouette.`)
  }
  const value = model.informationCriteria(x, sampleWeight)[criterion]
  return Number.isFinite(value) ? { value } : undefinedScore('some rows have no density that a number can hold')
}

/** @throws USAGE */
function countsOf({ from, to, by = 'silhouette' }: ChooseClustersInput): number[] {
  const least = by === 'silhouette' ? 2 : 1
  if (!Number.isInteger(from) || !Number.isInteger(to) || from < least || to < from) {
    throw new BellwetherError(
      'USAGE',
      `Choosing by ${by} expects a range of whole numbers from ${least} upwards; got ${from} to ${to}.`,
    )
  }
  return Array.from({ length: to - from + 1 }, (_, i) => from + i)
}

/** @throws ESTIMATOR_OPTIONS_INVALID */
function optionsOf({ definition, options }: ChooseClustersInput, nClusters: number): unknown {
  const parsed = definition.options.safeParse({ ...options, nClusters })
  if (parsed.success) return parsed.data
  const details = parsed.error.issues.map((issue) => ({ path: issue.path.join('.'), message: issue.message }))
  const message = details.map((detail) => `${detail.path}: ${detail.message}`).join('; ')
  throw new BellwetherError('ESTIMATOR_OPTIONS_INVALID', `Options of "${definition.name}": ${message}`, { details })
}
