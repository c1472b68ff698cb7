import path from 'node:path'
import { type AddedFiles, addFiles, type NamedFile, type VersionBlobs } from '../data/versions/add-files.ts'
import type { ChunkIndex } from '../data/versions/chunk-index.ts'
import { BellwetherError } from '../errors.ts'
import type { DatasetStore, DatasetVersion } from '../track/dataset-store.ts'

export interface KeepFilesDeps {
  readonly blobs: VersionBlobs
  readonly chunks: ChunkIndex
  readonly datasets: DatasetStore
  readonly clock: () => number
  /** Folder for what is remembered of files on this machine; null: nothing is. */
  readonly indexFolder: string | null
}

/**
 * Keeps files and folders as a dataset version, which is there when all of them are.
 * @param options.source What is noted of where they were.
 * @throws as `addFiles`
 */
export async function keepFiles(
  paths: readonly string[] | readonly NamedFile[],
  options: { readonly name: string; readonly source: string; readonly signal?: AbortSignal | undefined },
  deps: KeepFilesDeps,
): Promise<AddedFiles> {
  const { datasets } = deps
  return addFiles(
    paths,
    { ...deps, manifestOf: (id) => manifestOf(datasets, id) },
    ({ id, manifest, nFiles, sizeBytes }) =>
      datasets.putDataset({
        id,
        name: options.name,
        nRows: 0,
        nRejected: 0,
        schema: { columns: [] },
        profile: null,
        source: options.source,
        blob: manifest,
        rejectsBlob: null,
        createdTime: deps.clock(),
        files: { nFiles, sizeBytes },
      }),
    { signal: options.signal },
  )
}

/** The blob with the list of files of a version; null where there is no such version of files. */
async function manifestOf(datasets: DatasetStore, id: string): Promise<string | null> {
  try {
    const dataset = await datasets.dataset(id)
    return dataset.files ? dataset.blob : null
  } catch (error) {
    if (error instanceof BellwetherError && error.code === 'DATASET_NOT_FOUND') return null
    throw error
  }
}

/** What a version of some paths is called where nobody says: as the last name of the first. */
export function nameOfPaths(paths: readonly string[]): string {
  const name = path.basename(path.resolve(paths[0]!))
  return name === '' ? 'files' : name
}

/** What is kept of where files were: their last names. The rest of a path tells of a machine and its users. */
export function sourceOfPaths(paths: readonly string[]): string {
  return paths.map((each) => path.basename(path.resolve(each))).join(', ')
}

/** @throws INVALID_INPUT for a version of files, where a table is needed, and the other way round */
export function requireKind(dataset: DatasetVersion, kind: 'table' | 'files', why: string): void {
  if ((dataset.files !== undefined) === (kind === 'files')) return
  const is = dataset.files ? 'files' : 'a table'
  throw new BellwetherError(
    'INVALID_INPUT',
    `${dataset.id.slice(0, 19)} is a version of ${is}; ${why} needs ${kind === 'files' ? 'files' : 'a table'}.`,
  )
}
