import { type AnsweringPipeline, answeringTitle } from '../evaluate/answering-pipeline.ts'
import type { AnswerPromise } from '../evaluate/conformal/answer-sets.ts'
import { makeSignature } from '../packaging/make-signature.ts'
import { writePackage } from '../packaging/write-package.ts'
import { profileTable } from '../table/profile.ts'
import { selectColumns } from '../table/table.ts'
import type { ModelVersion } from '../track/model-registry.ts'
import type { FittedMember } from './build-answer.ts'
import type { GateResult } from './gates.ts'
import type { PreparedRun } from './prepare-run.ts'
import type { RunDeps } from './run-deps.ts'

/** The name that the version in use goes by. */
export const CHAMPION = 'champion'

export interface NewVersion {
  readonly prepared: PreparedRun
  readonly runId: string
  readonly pipeline: AnsweringPipeline
  /** In the order of the pipeline's members. */
  readonly fitted: readonly FittedMember[]
  readonly testMetrics: Readonly<Record<string, number>>
  readonly gates: readonly GateResult[]
  readonly conformal: AnswerPromise
}

/** Writes the package's files, then makes the version, its alias and its ledger entries and ends the run, in one transaction. Champion only if every gate passes. */
export async function registerVersion(version: NewVersion, deps: RunDeps): Promise<ModelVersion> {
  const { prepared, runId, pipeline, fitted, testMetrics, gates, conformal } = version
  const { options, dataset, train, test, roles } = prepared
  const schema = { columns: dataset.schema.columns.filter(({ name }) => pipeline.inputs.includes(name)) }
  // In the schema's order, whichever member reads them first.
  const inputs = schema.columns.map(({ name }) => name)
  const profile = profileTable(selectColumns(train.table, inputs), schema)
  const signature = makeSignature({
    schema,
    profile,
    inputs,
    task: options.task,
    target: roles.target,
    classes: train.target.task === 'classification' ? train.target.classes : [],
    ignored: dataset.schema.columns.map(({ name }) => name).filter((name) => !inputs.includes(name)),
  })
  const files = await writePackage(deps.blobs, {
    signature,
    profile,
    pipeline,
    manifest: {
      name: options.name,
      task: options.task,
      estimator: fitted[0]!.estimator,
      params: fitted[0]!.params,
      ...(fitted.length > 1 ? { members: fitted.map((each, i) => ({ ...each, weight: pipeline.weights[i]! })) } : {}),
      ...(pipeline.calibrator ? { calibration: { method: pipeline.calibrator.method } } : {}),
      ...(pipeline.decision ? { decision: Array.from(pipeline.decision) } : {}),
      seed: options.search.seed,
      dataset: { id: dataset.id, rows: dataset.nRows },
      rows: { train: train.table.nRows, test: test.table.nRows },
      code: deps.provenance.git,
      bellwetherVersion: deps.provenance.bellwether,
      node: deps.provenance.node,
      dependencies: deps.provenance.dependencies,
      metrics: testMetrics,
      gates,
      conformal,
      project: options,
      licence: options.licence,
      intendedUse: options.description,
      notes: [...prepared.notes],
    },
  })
  return deps.models.createVersion({
    model: options.name,
    runId,
    endsRun: true,
    datasetId: dataset.id,
    files,
    metrics: testMetrics,
    estimator: answeringTitle(pipeline),
    aliases: gates.every((gate) => gate.passed) ? [CHAMPION] : [],
    gates,
    actor: deps.actor,
    reason:
      gates.length > 0
        ? `run ${runId}: ${gates.filter((gate) => gate.passed).length} of ${gates.length} gates passed`
        : `run ${runId}`,
    now: deps.clock(),
  })
}
