import { BellwetherError } from '../errors.ts'
import { calinskiHarabasz } from '../evaluate/cluster/calinski-harabasz.ts'
import { type ClusterChoice, type ClusterCriterion, chooseClusters } from '../evaluate/cluster/choose-clusters.ts'
import { daviesBouldin } from '../evaluate/cluster/davies-bouldin.ts'
import { type ClusterDescription, describeClusters } from '../evaluate/cluster/describe-clusters.ts'
import { silhouette } from '../evaluate/cluster/silhouette.ts'
import { clusterStability } from '../evaluate/cluster/stability.ts'
import { clusterer } from '../learn/cluster/clusterers.ts'
import type { PreparedClustering } from './prepare-clustering.ts'
import { clustererOptions } from './project.ts'

/** One number of clusters of one clusterer. */
export interface ClusterTrial {
  readonly estimator: string
  readonly nClusters: number
  /** By the criterion; null where there is none. */
  readonly score: number | null
  /** Why there is no model or no score. */
  readonly reason: string | null
}

/** Everything that a report says of a clustering, as data; the pictures are drawn from it. */
export interface ClusterEvaluation {
  readonly project: string
  readonly task: 'clustering'
  readonly winner: string
  readonly nClusters: number
  readonly by: ClusterCriterion
  readonly notes: readonly string[]
  readonly rows: number
  readonly trials: readonly ClusterTrial[]
  /** silhouette, davies_bouldin, calinski_harabasz, stability, and bic and aic where the model has them; null without a value. */
  readonly metrics: Readonly<Record<string, number | null>>
  /** Adjusted Rand index with the clusters of each half of the rows that was clustered again. */
  readonly stability: readonly number[]
  readonly clusters: readonly ClusterDescription[]
}

export interface ChosenClusters {
  readonly estimator: string
  readonly choice: ClusterChoice
  readonly trials: readonly ClusterTrial[]
}

/**
 * Fits each clusterer with each number of clusters, and keeps what the criterion likes best; of equals the earlier.
 * @throws as `chooseClusters`, where no clusterer gives clusters
 */
export function chooseAmong({ matrix, models, options }: PreparedClustering, signal?: AbortSignal): ChosenClusters {
  const { from, to, by, sampleRows } = options.clusters
  const trials: ClusterTrial[] = []
  let best: { estimator: string; choice: ClusterChoice; score: number } | null = null
  let failed: BellwetherError | null = null
  for (const estimator of models) {
    try {
      const choice = chooseClusters({
        x: matrix,
        definition: clusterer(estimator),
        options: clustererOptions(options.clusters, estimator),
        from,
        to,
        by,
        sampleRows,
        seed: options.search.seed,
        ...(signal ? { signal } : {}),
      })
      const own = choice.candidates.map(({ nClusters, score }) => ({
        estimator,
        nClusters,
        score: Number.isFinite(score.value) ? score.value : null,
        reason: score.reason ?? null,
      }))
      trials.push(...own)
      const score = own.find(({ nClusters }) => nClusters === choice.nClusters)!.score!
      if (best === null || (by === 'silhouette' ? score > best.score : score < best.score)) {
        best = { estimator, choice, score }
      }
    } catch (error) {
      if (!(error instanceof BellwetherError) || error.status !== 422) throw error
      failed ??= error
    }
  }
  if (best === null) throw failed ?? new BellwetherError('INTERNAL', 'There is no clusterer to choose from.')
  return { estimator: best.estimator, choice: best.choice, trials }
}

/** Judges the clusters that were chosen, by scores that know nothing of what they are for. */
export function evaluateClusters(
  { matrix, features, options, notes }: PreparedClustering,
  { estimator, choice, trials }: ChosenClusters,
  signal?: AbortSignal,
): ClusterEvaluation {
  const { model, nClusters, by } = choice
  const { seed } = options.search
  const stop = signal ? { signal } : {}
  const definition = clusterer(estimator)
  const labels = model.predict(matrix)
  const stability = clusterStability({
    x: matrix,
    model,
    definition,
    options: definition.options.parse({ ...clustererOptions(options.clusters, estimator), nClusters }),
    seed,
    ...stop,
  })
  const values = {
    silhouette: silhouette(matrix, labels, { sampleRows: options.clusters.sampleRows, seed, ...stop }).value,
    davies_bouldin: daviesBouldin(matrix, labels).value,
    calinski_harabasz: calinskiHarabasz(matrix, labels).value,
    stability: stability.mean.value,
    ...model.informationCriteria?.(matrix),
  }
  return {
    project: options.name,
    task: 'clustering',
    winner: estimator,
    nClusters,
    by,
    notes,
    rows: matrix.nRows,
    trials,
    metrics: Object.fromEntries(
      Object.entries(values).map(([name, value]) => [name, Number.isFinite(value) ? value : null]),
    ),
    stability: stability.repeats,
    clusters: describeClusters(matrix, labels, nClusters, features.names),
  }
}
