import { BellwetherError } from '../errors.ts'
import { MANIFEST_FILE, type ModelManifest } from '../packaging/manifest.ts'
import { readPackage } from '../packaging/read-package.ts'
import type { BlobStore } from '../track/blob-store.ts'
import type { DatasetVersion } from '../track/dataset-store.ts'
import type { ModelRegistry, ModelVersion, PackageFile } from '../track/model-registry.ts'
import { distill } from './distill.ts'
import type { Provenance } from './provenance.ts'
import { originOf, writeStudent } from './write-student.ts'

/** What a student's package says of its teacher. */
type Origin = NonNullable<ModelManifest['distilledFrom']>

export interface DistillAgainDeps {
  readonly models: Pick<ModelRegistry, 'models' | 'versions'>
  readonly blobs: BlobStore
  /** Where the files go. */
  readonly scratch: Pick<BlobStore, 'put'>
  readonly provenance: Provenance
  readonly signal?: AbortSignal
}

/**
 * Makes the files of a student again: loads its teacher, byte for byte the one that it learnt from, and distils it as then.
 * @throws RUN_NOT_REPRODUCIBLE where the teacher is not here any more; DATASET_ERASED and others where its rows are gone; CANCELLED
 */
export async function distillAgain(
  manifest: ModelManifest,
  origin: Origin,
  dataset: DatasetVersion,
  { models, blobs, scratch, provenance, signal }: DistillAgainDeps,
): Promise<PackageFile[]> {
  const kept = await teacherOf(origin, models)
  const loaded = await readPackage(blobs, kept.files)
  const { estimator, params } = manifest
  const choice = { estimator, params, leaves: origin.leaves }
  const distilled = await distill(loaded, dataset, choice, blobs, signal)
  const teacher = { loaded, model: origin.model, version: origin.version, manifest: origin.manifest }
  return writeStudent({ name: manifest.name, teacher, dataset, choice, distilled }, { blobs: scratch, provenance })
}

/** The version that has the teacher's very bytes, also where its model has another name by now or it came back from another installation. */
async function teacherOf(origin: Origin, models: DistillAgainDeps['models']): Promise<ModelVersion> {
  for (const { name } of await models.models()) {
    const found = (await models.versions(name)).find(({ files }) =>
      files.some(({ path, hash }) => path === MANIFEST_FILE && hash === origin.manifest),
    )
    if (found) return found
  }
  throw new BellwetherError(
    'RUN_NOT_REPRODUCIBLE',
    `The teacher, ${originOf(origin)} with the manifest ${origin.manifest.slice(0, 19)}, is not here any more.`,
  )
}
