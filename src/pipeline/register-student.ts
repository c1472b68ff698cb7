import { makeSignature } from '../packaging/make-signature.ts'
import type { LoadedModel } from '../packaging/read-package.ts'
import { writePackage } from '../packaging/write-package.ts'
import { profileTable } from '../table/profile.ts'
import { selectColumns } from '../table/table.ts'
import type { DatasetVersion } from '../track/dataset-store.ts'
import type { ModelVersion } from '../track/model-registry.ts'
import type { Distilled, StudentChoice } from './distill.ts'
import { paramTexts } from './param-text.ts'
import { recordWithVersion } from './record-with-version.ts'
import type { RunDeps } from './run-deps.ts'

export interface NewStudent {
  /** Name of the student's model. */
  readonly name: string
  readonly aliases: readonly string[]
  readonly teacher: { readonly loaded: LoadedModel; readonly version: number }
  readonly dataset: DatasetVersion
  readonly choice: StudentChoice
  readonly distilled: Distilled
  /** Further figures for the run, such as size and latency. */
  readonly measured: Readonly<Record<string, number>>
}

/** Records the distillation as a run, and registers the student with everything that its package has. */
export async function registerStudent(
  { name, aliases, teacher, dataset, choice, distilled, measured }: NewStudent,
  deps: Pick<RunDeps, 'tracking' | 'models' | 'blobs' | 'clock' | 'provenance' | 'actor'>,
): Promise<ModelVersion> {
  const { student, train, rows, metrics, fidelity } = distilled
  const { manifest: taught } = teacher.loaded
  const schema = { columns: dataset.schema.columns.filter((column) => student.inputs.includes(column.name)) }
  const inputs = schema.columns.map((column) => column.name)
  const profile = profileTable(selectColumns(train, inputs), schema)
  const origin = `${taught.name} version ${teacher.version}`
  const files = await writePackage(deps.blobs, {
    signature: makeSignature({
      schema,
      profile,
      inputs,
      task: taught.task,
      target: teacher.loaded.signature.target.name,
      classes: student.target.classes,
      ignored: dataset.schema.columns.map((column) => column.name).filter((column) => !inputs.includes(column)),
    }),
    profile,
    pipeline: student,
    manifest: {
      name,
      task: taught.task,
      estimator: choice.estimator,
      params: choice.params,
      seed: taught.seed,
      dataset: { id: dataset.id, rows: dataset.nRows },
      rows,
      code: deps.provenance.git,
      bellwetherVersion: deps.provenance.bellwether,
      node: deps.provenance.node,
      dependencies: deps.provenance.dependencies,
      metrics: metrics.student,
      gates: [],
      conformal: null,
      project: taught.project,
      licence: taught.licence,
      intendedUse: taught.intendedUse,
      notes: [...taught.notes, `Distilled from ${origin}: it learnt that model's answers, not the truth.`],
    },
  })
  const now = deps.clock()
  const experiment = await deps.tracking.ensureExperiment(name, now)
  const tested = Object.entries(metrics.student).map(([key, value]) => [`test.${key}`, value] as const)
  const figures: Readonly<Record<string, number>> = {
    ...Object.fromEntries(tested),
    ...fidelityFigures(fidelity),
    ...measured,
  }
  return recordWithVersion(
    {
      experimentId: experiment.id,
      name: `distilled from ${origin}`,
      startTime: now,
      tags: { 'bellwether.distilledFrom': `${taught.name}/${teacher.version}` },
      params: {
        student: choice.estimator,
        leaves: choice.leaves ?? 'float64',
        ...paramTexts(choice.params),
      },
      metrics: Object.entries(figures)
        .filter(([, value]) => Number.isFinite(value))
        .map(([key, value]) => ({ key, value, step: 0, timestamp: now })),
      datasets: [{ id: dataset.id, context: 'training' }],
    },
    {
      model: name,
      datasetId: dataset.id,
      files,
      metrics: metrics.student,
      estimator: choice.estimator,
      aliases,
      actor: deps.actor,
      reason: `distilled from ${origin}`,
      now,
    },
    deps,
  )
}

function fidelityFigures({
  agreement,
  divergence,
  meanAbsoluteDifference,
  r2,
}: Distilled['fidelity']): Record<string, number> {
  return {
    fidelity_mae: meanAbsoluteDifference,
    ...(agreement === null ? {} : { fidelity_agreement: agreement }),
    ...(divergence === null ? {} : { fidelity_divergence: divergence }),
    ...(r2 === null ? {} : { fidelity_r2: r2 }),
  }
}
