import { z } from 'zod'
import { canonicalHash } from '../data/dataset-version.ts'
import { writeParquet } from '../data/parquet.ts'
import { BellwetherError } from '../errors.ts'
import type { PackageArchive } from '../packaging/archive/package-archive.ts'
import type { LoadedClustering, LoadedModel } from '../packaging/read-package.ts'
import { emptyTable } from '../table/empty-table.ts'
import { profileTable } from '../table/profile.ts'
import type { GateOutcome, ModelVersion } from '../track/model-registry.ts'
import { recordWithVersion } from './record-with-version.ts'
import type { ForeignDeps } from './register-foreign.ts'
import { CHAMPION } from './register-version.ts'

export interface ImportedVersion {
  readonly name: string
  readonly archive: PackageArchive
  /** What the archive holds, read and found to answer. */
  readonly loaded: LoadedModel | LoadedClustering
  /** The public key that signed it; null for an unsigned package. */
  readonly signedBy: string | null
  /** Name of the file that it came from, without its folder. */
  readonly source: string
  readonly alias: string | null
}

const Gates = z.array(
  z.object({ metric: z.string(), value: z.number().nullable(), expected: z.string(), passed: z.boolean() }),
)

/**
 * Registers a version of another installation under the next number here, byte for byte as it was there: a run that says where it came from, the
 * files, the version. Its dataset version is named where it is here too; else a version without rows stands for it, and the run names it.
 * @throws GATES_NOT_PASSED where it is to be the champion although a gate refused it there
 */
export async function registerImported(
  version: ImportedVersion,
  deps: Omit<ForeignDeps, 'provenance'>,
): Promise<ModelVersion> {
  const { name, archive, loaded, signedBy, source, alias } = version
  const { origin, manifest, files } = archive
  const gates: readonly GateOutcome[] = Gates.safeParse(manifest.gates).data ?? []
  if (alias === CHAMPION && gates.some((gate) => !gate.passed)) {
    throw new BellwetherError(
      'GATES_NOT_PASSED',
      `Version ${origin.version} of "${origin.model}" did not pass its gates where it was made; import it without an alias.`,
    )
  }
  for (const { hash } of files) await deps.blobs.put(await archive.source.get(hash))
  const now = deps.clock()
  const datasetId = await datasetOf(version, deps, now)
  const experiment = await deps.tracking.ensureExperiment(name, now)
  return recordWithVersion(
    {
      experimentId: experiment.id,
      name: `import of ${source}`,
      startTime: now,
      tags: {
        'bellwether.import': 'package',
        'bellwether.source': source,
        'bellwether.import.model': origin.model,
        'bellwether.import.version': String(origin.version),
        'bellwether.import.run': origin.runId,
        'bellwether.import.dataset': manifest.dataset.id,
        'bellwether.import.signedBy': signedBy ?? 'nobody',
      },
      params: { task: loaded.manifest.task, estimator: manifest.estimator },
    },
    {
      imported: true,
      model: name,
      datasetId,
      files,
      metrics: Object.fromEntries(
        Object.entries(manifest.metrics).map(([metric, value]) => [metric, value ?? Number.NaN]),
      ),
      estimator: origin.estimator,
      aliases: alias ? [alias] : [],
      ...(gates.length > 0 ? { gates } : {}),
      actor: deps.actor,
      reason: `imported from ${source}: version ${origin.version} of ${origin.model}, ${signedBy ? `signed by ${signedBy}` : 'not signed'}`,
      now,
    },
    deps,
  )
}

async function datasetOf(
  { name, archive, loaded, source }: ImportedVersion,
  { datasets, blobs }: Pick<ForeignDeps, 'datasets' | 'blobs'>,
  now: number,
): Promise<string> {
  try {
    return (await datasets.dataset(archive.manifest.dataset.id)).id
  } catch (error) {
    if (!(error instanceof BellwetherError) || error.code !== 'DATASET_NOT_FOUND') throw error
  }
  const schema = { columns: loaded.signature.inputs }
  const empty = emptyTable(schema.columns)
  const id = canonicalHash(empty, schema)
  await datasets.putDataset({
    id,
    name,
    nRows: 0,
    nRejected: 0,
    schema,
    profile: profileTable(empty, schema),
    source,
    blob: await blobs.put(await writeParquet(empty, schema)),
    rejectsBlob: null,
    createdTime: now,
  })
  return id
}
