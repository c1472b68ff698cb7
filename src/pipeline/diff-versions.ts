import { readParquet } from '../data/parquet.ts'
import { diffFiles, type FilesDiff } from '../data/versions/diff-files.ts'
import { diffTables, type TableDiff } from '../data/versions/diff-tables.ts'
import { decodeManifest } from '../data/versions/tree-manifest.ts'
import { BellwetherError } from '../errors.ts'
import type { BlobStore } from '../track/blob-store.ts'
import { type DatasetStore, type DatasetVersion, requireRows } from '../track/dataset-store.ts'

export type VersionsDiff = { readonly before: string; readonly after: string } & (
  | { readonly table: TableDiff; readonly files?: never }
  | { readonly files: FilesDiff; readonly table?: never }
)

/**
 * What lies between two dataset versions: of tables their schema, rows and drift together; of files which came, went and changed.
 * @param options.id Column that tells which row is which, where there is one.
 * @throws DATASET_NOT_FOUND, INVALID_INPUT for a table and files, COLUMN_NOT_FOUND, BLOB_CORRUPT
 */
export async function diffVersions(
  from: string,
  to: string,
  options: { readonly id?: string | undefined; readonly signal?: AbortSignal | undefined },
  { datasets, blobs }: { readonly datasets: DatasetStore; readonly blobs: Pick<BlobStore, 'withFile' | 'getStream'> },
): Promise<VersionsDiff> {
  const [before, after] = [await datasets.dataset(from), await datasets.dataset(to)]
  requireRows(before)
  requireRows(after)
  const ids = { before: before.id, after: after.id }
  if ((before.files === undefined) !== (after.files === undefined))
    throw new BellwetherError(
      'INVALID_INPUT',
      'One of the versions is a table and the other files; they have nothing to compare.',
    )
  if (before.files) {
    if (options.id !== undefined)
      throw new BellwetherError('INVALID_INPUT', 'Files have no id column; compare them without one.')
    const [left, right] = [await blobs.getStream(before.blob), await blobs.getStream(after.blob)]
    return { ...ids, files: await diffFiles(decodeManifest(left), decodeManifest(right)) }
  }
  const tableOf = async (version: DatasetVersion) => ({
    schema: version.schema,
    table: await blobs.withFile(version.blob, (file) => readParquet(file, version.schema, options.signal)),
  })
  return { ...ids, table: diffTables(await tableOf(before), await tableOf(after), options.id ?? null) }
}
