import type { FittedClusterPipeline } from '../learn/cluster/cluster-pipeline.ts'
import { makeClusteringSignature } from '../packaging/make-signature.ts'
import { writePackage } from '../packaging/write-package.ts'
import { profileTable } from '../table/profile.ts'
import { selectColumns } from '../table/table.ts'
import type { ModelVersion } from '../track/model-registry.ts'
import type { GateResult } from './gates.ts'
import type { PreparedClustering } from './prepare-clustering.ts'
import { CHAMPION } from './register-version.ts'
import type { RunDeps } from './run-deps.ts'

export interface NewClustering {
  readonly prepared: PreparedClustering
  readonly runId: string
  readonly pipeline: FittedClusterPipeline
  /** Options of the clusterer. */
  readonly params: Readonly<Record<string, unknown>>
  readonly metrics: Readonly<Record<string, number>>
  readonly gates: readonly GateResult[]
}

/** Writes the package of a clustering, then makes its version, with which the run ends. Champion only if every gate passes. */
export async function registerClustering(
  { prepared, runId, pipeline, params, metrics, gates }: NewClustering,
  deps: Pick<RunDeps, 'models' | 'blobs' | 'clock' | 'provenance' | 'actor'>,
): Promise<ModelVersion> {
  const { options, dataset } = prepared
  const { model, features } = pipeline
  const schema = { columns: dataset.schema.columns.filter(({ name }) => features.inputs.includes(name)) }
  const inputs = schema.columns.map(({ name }) => name)
  const profile = profileTable(selectColumns(dataset.table, inputs), schema)
  const files = await writePackage(deps.blobs, {
    signature: makeClusteringSignature({
      schema,
      profile,
      inputs,
      clusters: model.nClusters,
      beside: model.predictProba ? 'probabilities' : 'distances',
      ignored: dataset.schema.columns.map(({ name }) => name).filter((name) => !inputs.includes(name)),
    }),
    profile,
    pipeline,
    manifest: {
      name: options.name,
      task: 'clustering',
      estimator: model.clusterer,
      params,
      seed: options.search.seed,
      dataset: { id: dataset.id, rows: dataset.nRows },
      rows: { train: dataset.nRows, test: 0 },
      code: deps.provenance.git,
      bellwetherVersion: deps.provenance.bellwether,
      node: deps.provenance.node,
      dependencies: deps.provenance.dependencies,
      metrics,
      gates,
      conformal: null,
      project: options,
      licence: options.licence,
      intendedUse: options.description,
      notes: [...prepared.notes],
    },
  })
  const passed = gates.filter((gate) => gate.passed).length
  return deps.models.createVersion({
    model: options.name,
    runId,
    endsRun: true,
    datasetId: dataset.id,
    files,
    metrics,
    estimator: model.clusterer,
    aliases: passed === gates.length ? [CHAMPION] : [],
    gates,
    actor: deps.actor,
    reason: gates.length > 0 ? `run ${runId}: ${passed} of ${gates.length} gates passed` : `run ${runId}`,
    now: deps.clock(),
  })
}
