import { type ClusterAnswers, clusterPipeline } from '../learn/cluster/cluster-pipeline.ts'
import { clusterer } from '../learn/cluster/clusterers.ts'
import { encodeState } from '../packaging/state-codec.ts'
import type { Run } from '../track/tracking-store.ts'
import { type ClusterEvaluation, type ClusterTrial, chooseAmong, evaluateClusters } from './evaluate-clusters.ts'
import { type GateResult, judgeGates } from './gates.ts'
import { openRun } from './open-run.ts'
import type { PreparedClustering } from './prepare-clustering.ts'
import { type ClusterOptions, clustererOptions } from './project.ts'
import { provenanceTags } from './provenance.ts'
import { registerClustering } from './register-clustering.ts'
import type { Figure, RunDeps } from './run-deps.ts'
import { abandonRun, followStages, keepArtifact, settle } from './run-steps.ts'
import { ERROR_TAG } from './run-tags.ts'
import { keepSearchRecord, searchRecord } from './search-record.ts'

/** What a run of clustering ends with; `--json` prints it. */
export interface ClusteringResult {
  readonly project: string
  readonly task: 'clustering'
  readonly runId: string
  readonly dataset: { readonly id: string; readonly rows: number; readonly rejected: number }
  readonly candidates: readonly ClusterTrial[]
  readonly best: { readonly estimator: string; readonly nClusters: number; readonly by: string }
  readonly metrics: ClusterEvaluation['metrics']
  readonly model: { readonly name: string; readonly version: number; readonly aliases: readonly string[] }
  readonly gates: readonly GateResult[]
  readonly clusters: ClusterEvaluation['clusters']
  readonly warnings: readonly string[]
  readonly seconds: number
}

export type ClusteringDeps = Pick<
  RunDeps,
  | 'tracking'
  | 'datasets'
  | 'models'
  | 'blobs'
  | 'clock'
  | 'provenance'
  | 'actor'
  | 'signal'
  | 'onEvent'
  | 'tags'
  | 'erasures'
  | 'personKeys'
> & {
  readonly drawFigures: (evaluation: ClusterEvaluation) => Promise<readonly Figure[]>
}

/**
 * Clusters a prepared table, judges the clusters and records all of it: each number of clusters as a child run, the scores, what
 * sets each cluster apart, the pictures; then registers it as a model version, with which the run ends. A failure or a stop leaves a run with
 * that status, of a failure also why, and no version.
 * @throws CANCELLED when stopped; CLUSTERS_TOO_MANY and others where no clusterer gives clusters
 */
export async function executeClustering(
  prepared: PreparedClustering,
  given: ClusteringDeps,
): Promise<ClusteringResult> {
  const { onEvent, stage } = followStages(given.onEvent)
  const deps = { ...given, onEvent }
  const { tracking, clock, signal } = deps
  const { dataset, options } = prepared
  const started = clock()
  const run = await openRun(prepared, paramsOf(prepared), deps, started)
  try {
    await keepSearchRecord(run.id, searchRecord(prepared, deps.provenance), deps)
    onEvent({ type: 'stage', stage: 'cluster' })
    await settle(signal)
    const chosen = chooseAmong(prepared, signal)
    await recordTrials(chosen.trials, run, prepared, deps)
    onEvent({ type: 'stage', stage: 'judge' })
    await settle(signal)
    const evaluation = evaluateClusters(prepared, chosen, signal)
    for (const message of chosen.choice.model.warnings ?? []) onEvent({ type: 'warning', message })
    onEvent({ type: 'stage', stage: 'figures' })
    await settle(signal)
    await keepArtifact(run.id, 'evaluation.json', `${JSON.stringify(evaluation, null, 2)}\n`, 'application/json', deps)
    const pipeline = clusterPipeline(prepared.features, chosen.choice.model)
    await keepArtifact(run.id, 'model.json', encodeState(pipeline.state()), 'application/json', deps)
    await keepArtifact(run.id, 'assignments.csv', assignments(pipeline.predict(dataset.table)), 'text/csv', deps)
    for (const { path, svg } of await deps.drawFigures(evaluation))
      await keepArtifact(run.id, path, svg, 'image/svg+xml', deps)
    onEvent({ type: 'stage', stage: 'register' })
    await settle(signal)
    const metrics = Object.fromEntries(
      Object.entries(evaluation.metrics).flatMap(([name, value]) => (value === null ? [] : [[name, value]])),
    )
    const gates = judgeGates(options.gates, metrics, {})
    const now = clock()
    await tracking.logBatch(run.id, {
      params: { 'best.estimator': evaluation.winner, 'best.nClusters': String(evaluation.nClusters) },
      metrics: Object.entries(metrics).map(([key, value]) => ({ key, value, step: 0, timestamp: now })),
    })
    const { nClusters } = evaluation
    const params = clusterer(evaluation.winner).options.parse({
      ...clustererOptions(options.clusters, evaluation.winner),
      nClusters,
    }) as Record<string, unknown>
    const version = await registerClustering({ prepared, runId: run.id, pipeline, params, metrics, gates }, deps)
    onEvent({ type: 'registered', model: version.model, version: version.version, aliases: version.aliases })
    return {
      project: options.name,
      task: 'clustering',
      runId: run.id,
      dataset: { id: dataset.id, rows: dataset.nRows, rejected: dataset.nRejected },
      candidates: evaluation.trials,
      best: { estimator: evaluation.winner, nClusters: evaluation.nClusters, by: evaluation.by },
      metrics: evaluation.metrics,
      model: { name: version.model, version: version.version, aliases: version.aliases },
      gates,
      clusters: evaluation.clusters,
      warnings: [...prepared.warnings, ...(chosen.choice.model.warnings ?? [])],
      seconds: Math.round(clock() - started) / 1000,
    }
  } catch (error) {
    await abandonRun(run.id, error, deps, stage())
    throw error
  }
}

function paramsOf({ options: { clusters, search }, dataset, models }: PreparedClustering): Record<string, string> {
  return {
    models: models.join(','),
    'clusters.from': String(clusters.from),
    'clusters.to': String(clusters.to),
    'clusters.by': clusters.by,
    'clusters.sampleRows': String(clusters.sampleRows),
    ...Object.fromEntries(models.flatMap((name) => optionParams(clusters, name, `clusters.options.${name}.`))),
    'search.seed': String(search.seed),
    rows: String(dataset.nRows),
  }
}

/** The options that the project sets for a clusterer, as params. */
function optionParams(clusters: ClusterOptions, name: string, prefix = ''): [string, string][] {
  return Object.entries(clustererOptions(clusters, name)).map(([key, value]) => [`${prefix}${key}`, String(value)])
}

async function recordTrials(
  trials: readonly ClusterTrial[],
  run: Run,
  { dataset, options }: PreparedClustering,
  { tracking, clock, provenance }: ClusteringDeps,
): Promise<void> {
  for (const { estimator, nClusters, score, reason } of trials) {
    const now = clock()
    await tracking.recordRun({
      experimentId: run.experimentId,
      name: `${estimator} ${nClusters} clusters`,
      parentRunId: run.id,
      startTime: now,
      endTime: now,
      status: score === null ? 'FAILED' : 'FINISHED',
      params: {
        estimator,
        nClusters: String(nClusters),
        ...Object.fromEntries(optionParams(options.clusters, estimator)),
        'search.seed': String(options.search.seed),
      },
      metrics: score === null ? [] : [{ key: options.clusters.by, value: score, step: 0, timestamp: now }],
      tags: { ...provenanceTags(provenance), ...(reason ? { [ERROR_TAG]: reason } : {}) },
      datasets: [{ id: dataset.id, context: 'training' }],
    })
  }
}

/** The cluster of each row of the dataset version, by the row's number from 0; nothing of the row itself. */
function assignments({ clusters, distances }: ClusterAnswers): string {
  const width = distances.length / clusters.length
  const lines = Array.from(clusters, (cluster, row) => `${row},${cluster},${distances[row * width + cluster]!}`)
  return ['row,cluster,distance', ...lines, ''].join('\n')
}
