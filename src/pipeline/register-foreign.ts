import { canonicalHash } from '../data/dataset-version.ts'
import { writeParquet } from '../data/parquet.ts'
import { FOREIGN_ESTIMATOR, FOREIGN_FILE } from '../packaging/onnx/foreign-files.ts'
import type { ImportedModel } from '../packaging/onnx/import-model.ts'
import { writePackage } from '../packaging/write-package.ts'
import { emptyTable } from '../table/empty-table.ts'
import { profileTable } from '../table/profile.ts'
import type { ModelVersion } from '../track/model-registry.ts'
import { recordWithVersion } from './record-with-version.ts'
import type { RunDeps } from './run-deps.ts'

export interface ForeignVersion {
  readonly name: string
  readonly bytes: Uint8Array
  readonly imported: ImportedModel
  /** Name of the file that it came from, without its folder. */
  readonly source: string
  readonly aliases: readonly string[]
}

export type ForeignDeps = Pick<RunDeps, 'tracking' | 'datasets' | 'models' | 'blobs' | 'clock' | 'provenance' | 'actor'>

/**
 * Registers an imported model: a run that says where it came from, a dataset version without rows (what it learnt from is not known, its
 * columns are), the package, the version.
 */
export async function registerForeign(version: ForeignVersion, deps: ForeignDeps): Promise<ModelVersion> {
  const { name, bytes, imported, source } = version
  const { tracking, datasets, blobs, provenance } = deps
  const { signature, binding, file } = imported
  const schema = { columns: signature.inputs }
  const empty = emptyTable(signature.inputs)
  const profile = profileTable(empty, schema)
  const datasetId = canonicalHash(empty, schema)
  const files = await writePackage(blobs, {
    pipeline: { state: () => binding },
    signature,
    profile,
    files: { [FOREIGN_FILE]: bytes },
    manifest: {
      name,
      task: signature.task,
      estimator: FOREIGN_ESTIMATOR,
      params: { producer: file.producer, irVersion: file.irVersion, opsets: Object.fromEntries(file.opsets) },
      seed: 0,
      dataset: { id: datasetId, rows: 0 },
      rows: { train: 0, test: 0 },
      code: null,
      bellwetherVersion: provenance.bellwether,
      node: provenance.node,
      dependencies: provenance.dependencies,
      metrics: {},
      gates: [],
      conformal: null,
      project: {},
      licence: 'not said',
      intendedUse: 'not said',
      notes: [
        `Imported from ${source}${file.producer ? `, written by ${file.producer}` : ''}: what it learnt from is not known here.`,
      ],
    },
  })
  const now = deps.clock()
  await datasets.putDataset({
    id: datasetId,
    name,
    nRows: 0,
    nRejected: 0,
    schema,
    profile,
    source,
    blob: await blobs.put(await writeParquet(empty, schema)),
    rejectsBlob: null,
    createdTime: now,
  })
  const experiment = await tracking.ensureExperiment(name, now)
  return recordWithVersion(
    {
      experimentId: experiment.id,
      name: `import of ${source}`,
      startTime: now,
      tags: { 'bellwether.import': 'onnx', 'bellwether.source': source },
      params: { task: signature.task, target: signature.target.name, producer: file.producer || 'not said' },
    },
    {
      model: name,
      datasetId,
      files,
      metrics: {},
      estimator: FOREIGN_ESTIMATOR,
      aliases: version.aliases,
      actor: deps.actor,
      reason: `imported from ${source}`,
      now,
    },
    deps,
  )
}
