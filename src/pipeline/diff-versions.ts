import { diffFiles, type FilesDiff } from '../data/versions/diff-files.ts'
import { diffTableFiles } from '../data/versions/diff-tables.ts'
import type { TableDiff } from '../data/versions/table-diff.ts'
import { decodeManifest } from '../data/versions/tree-manifest.ts'
import { BellwetherError } from '../errors.ts'
import type { BlobStore } from '../track/blob-store.ts'
import { type DatasetStore, type DatasetVersion, requireRows } from '../track/dataset-store.ts'

export type VersionsDiff = { readonly before: string; readonly after: string } & (
  | {
      readonly table: TableDiff
      /** Who named the id column: the request or a project that read one of them; null where rows are compared by content. */
      readonly idFrom: 'request' | 'project' | null
      /** Id column of a project that can't tell rows apart, for its values are missing or come twice; rows are then compared by content. */
      readonly unusableId: string | null
      readonly files?: never
    }
  | { readonly files: FilesDiff; readonly table?: never }
)

/**
 * What lies between two dataset versions: of tables their schema, rows and drift together; of files which came, went and changed.
 * @param options.id Column that tells which row is which. Left out: the one that a project which read them names, where it does so.
 * @param options.byContent Rows are told apart by their content, whatever a project names.
 * @throws DATASET_NOT_FOUND, INVALID_INPUT for a table and files, COLUMN_NOT_FOUND, BLOB_CORRUPT, FILE_UNREADABLE, DISK_FULL, CANCELLED
 */
export async function diffVersions(
  from: string,
  to: string,
  options: {
    readonly id?: string | undefined
    readonly byContent?: boolean | undefined
    readonly signal?: AbortSignal | undefined
  },
  {
    datasets,
    blobs,
  }: {
    readonly datasets: Pick<DatasetStore, 'dataset' | 'idColumns'>
    readonly blobs: Pick<BlobStore, 'withFile' | 'getStream'>
  },
): Promise<VersionsDiff> {
  if (options.byContent && options.id !== undefined)
    throw new BellwetherError('INVALID_INPUT', 'Rows are compared by an id column or by content, not by both.')
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
  return blobs.withFile(before.blob, (left) =>
    blobs.withFile(after.blob, async (right) => {
      const byId = (id: string | null) =>
        diffTableFiles({ file: left, schema: before.schema }, { file: right, schema: after.schema }, id, {
          signal: options.signal,
        })
      if (options.id !== undefined)
        return { ...ids, table: await byId(options.id), idFrom: 'request', unusableId: null }
      const named = options.byContent ? null : await projectId(before, after, datasets)
      if (named === null) return { ...ids, table: await byId(null), idFrom: null, unusableId: null }
      try {
        return { ...ids, table: await byId(named), idFrom: 'project', unusableId: null }
      } catch (error) {
        // Nobody asked for this column: a person with several rows is no reason to answer nothing.
        if (!(error instanceof BellwetherError && error.code === 'INVALID_INPUT')) throw error
        return { ...ids, table: await byId(null), idFrom: null, unusableId: named }
      }
    }),
  )
}

/** The identifier that a project names and both versions have: of the later version before that of the earlier. */
async function projectId(
  before: DatasetVersion,
  after: DatasetVersion,
  datasets: Pick<DatasetStore, 'idColumns'>,
): Promise<string | null> {
  const has = ({ schema }: DatasetVersion, name: string) => schema.columns.some((column) => column.name === name)
  const named = [...(await datasets.idColumns(after.id)), ...(await datasets.idColumns(before.id))]
  return named.find((name) => has(before, name) && has(after, name)) ?? null
}
