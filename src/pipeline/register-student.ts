import type { ModelVersion } from '../track/model-registry.ts'
import type { Distilled } from './distill.ts'
import { paramTexts } from './param-text.ts'
import { provenanceTags } from './provenance.ts'
import { recordWithVersion } from './record-with-version.ts'
import type { RunDeps } from './run-deps.ts'
import { TEACHER_TAG } from './run-tags.ts'
import { originOf, type StudentPackage, writeStudent } from './write-student.ts'

export interface NewStudent extends StudentPackage {
  readonly aliases: readonly string[]
  /** Further figures for the run, such as size and latency. */
  readonly measured: Readonly<Record<string, number>>
}

/** Records the distillation as a run, and registers the student with everything that its package has. */
export async function registerStudent(
  version: NewStudent,
  deps: Pick<RunDeps, 'tracking' | 'models' | 'blobs' | 'clock' | 'provenance' | 'actor'>,
): Promise<ModelVersion> {
  const { name, aliases, teacher, dataset, choice, distilled, measured } = version
  const { metrics, fidelity } = distilled
  const origin = originOf(teacher)
  const files = await writeStudent(version, deps)
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
      tags: { [TEACHER_TAG]: `${teacher.model}/${teacher.version}`, ...provenanceTags(deps.provenance) },
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
