import path from 'node:path'
import { writeParquet } from '../data/parquet.ts'
import { rejectsToCsv } from '../data/rejects-csv.ts'
import { sourceKind } from '../data/sources/source-options.ts'
import { type DataPlace, publicAddress, sqliteFile } from '../data/table-source.ts'
import type { BlobStore } from '../track/blob-store.ts'
import type { DatasetStore } from '../track/dataset-store.ts'
import { type ErasedPersons, refuseErased } from './erasure/refuse-erased.ts'
import type { Project } from './load-project.ts'
import type { PreparedRun } from './prepare-run.ts'
import type { ProjectOptions } from './project.ts'

/**
 * Keeps the accepted table as a dataset version and the rejected rows beside it; a version that is there already stays as it is.
 * @throws PERSON_ERASED, DATASET_ERASED where a person who was erased is in it again
 */
export async function keepDataset(
  {
    dataset,
    options,
    project,
  }: Pick<PreparedRun, 'dataset'> & {
    readonly options: Pick<ProjectOptions, 'name'> & {
      readonly data?: Pick<ProjectOptions['data'], 'id' | 'retentionDays'>
    }
    readonly project: Pick<Project, 'folder'>
  },
  deps: { blobs: BlobStore; datasets: DatasetStore; clock: () => number } & ErasedPersons,
): Promise<void> {
  const { blobs, datasets, clock } = deps
  const idColumn = options.data?.id ?? null
  await refuseErased(dataset, idColumn, deps)
  await datasets.putDataset({
    id: dataset.id,
    name: options.name,
    nRows: dataset.nRows,
    nRejected: dataset.nRejected,
    schema: dataset.schema,
    profile: dataset.profile,
    source: sourceName(dataset.source, project.folder),
    blob: await blobs.put(await writeParquet(dataset.table, dataset.schema)),
    rejectsBlob: dataset.nRejected > 0 ? await blobs.put(rejectsToCsv(dataset.rejected, dataset.fileColumns)) : null,
    createdTime: clock(),
    idColumn,
    retentionDays: options.data?.retentionDays ?? null,
  })
}

/** What is kept of a file's place: its path inside the project, else its name alone. The rest of a path tells of a machine and its users. */
function sourceName(place: DataPlace, projectFolder: string): string {
  if (typeof place === 'object' && 'sources' in place) {
    const names = Object.values(place.sources).map((source) => sourceName(source, projectFolder))
    return `a query over ${names.join(', ')}`
  }
  const from = typeof place === 'string' ? place : place.from
  const kind = sourceKind(from)
  if (kind !== 'files' && kind !== 'sqlite') return publicAddress(from)
  const file = kind === 'sqlite' ? sqliteFile(from) : from
  const inside = path.relative(projectFolder, file)
  return inside.startsWith('..') || path.isAbsolute(inside) ? path.basename(file) : inside
}
