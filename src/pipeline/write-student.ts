import { makeSignature } from '../packaging/make-signature.ts'
import type { LoadedModel } from '../packaging/read-package.ts'
import { type PackageSink, type WrittenFile, writePackage } from '../packaging/write-package.ts'
import { profileTable } from '../table/profile.ts'
import { selectColumns } from '../table/table.ts'
import type { DatasetVersion } from '../track/dataset-store.ts'
import type { Distilled, StudentChoice } from './distill.ts'
import type { Provenance } from './provenance.ts'

/** A version whose answers are learnt. */
export interface Teacher {
  readonly loaded: LoadedModel
  /** As it is registered here, whatever its package calls it. */
  readonly model: string
  readonly version: number
  /** SHA-256 of its manifest. */
  readonly manifest: string
}

export interface StudentPackage {
  /** Name of the student's model. */
  readonly name: string
  readonly teacher: Teacher
  readonly dataset: Pick<DatasetVersion, 'id' | 'nRows'>
  readonly choice: StudentChoice
  readonly distilled: Distilled
}

/** Writes the files of a student, which say who taught it. The same teacher, data and choice make the same bytes. */
export async function writeStudent(
  { name, teacher, dataset, choice, distilled }: StudentPackage,
  { blobs, provenance }: { readonly blobs: PackageSink; readonly provenance: Provenance },
): Promise<WrittenFile[]> {
  const { student, train, rows, metrics } = distilled
  const { manifest: taught, signature } = teacher.loaded
  const columns = distilled.schema.columns.filter((column) => student.inputs.includes(column.name))
  const inputs = columns.map((column) => column.name)
  const profile = profileTable(selectColumns(train, inputs), { columns })
  return writePackage(blobs, {
    signature: makeSignature({
      schema: { columns },
      profile,
      inputs,
      task: taught.task,
      target: signature.target.name,
      classes: student.target.classes,
      ignored: distilled.schema.columns.map((column) => column.name).filter((column) => !inputs.includes(column)),
    }),
    profile,
    pipeline: student,
    manifest: {
      name,
      task: taught.task,
      estimator: choice.estimator,
      params: choice.params,
      distilledFrom: {
        model: teacher.model,
        version: teacher.version,
        manifest: teacher.manifest,
        leaves: choice.leaves,
      },
      seed: taught.seed,
      dataset: { id: dataset.id, rows: dataset.nRows },
      rows,
      code: provenance.git,
      bellwetherVersion: provenance.bellwether,
      node: provenance.node,
      dependencies: provenance.dependencies,
      metrics: metrics.student,
      gates: [],
      conformal: null,
      project: taught.project,
      licence: taught.licence,
      intendedUse: taught.intendedUse,
      notes: [...taught.notes, `Distilled from ${originOf(teacher)}: it learnt that model's answers, not the truth.`],
    },
  })
}

/** What people call a teacher. */
export const originOf = ({ model, version }: Pick<Teacher, 'model' | 'version'>) => `${model} version ${version}`
