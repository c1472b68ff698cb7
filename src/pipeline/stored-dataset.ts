import { canonicalHash } from '../data/dataset-version.ts'
import type { LoadedDataset } from '../data/load-dataset.ts'
import { readParquet } from '../data/parquet.ts'
import { BellwetherError } from '../errors.ts'
import { redeclareSchema } from '../table/infer-schema.ts'
import { profileTable } from '../table/profile.ts'
import type { BlobStore } from '../track/blob-store.ts'
import { type DatasetVersion, requireRows } from '../track/dataset-store.ts'
import type { ProjectOptions } from './project.ts'

/**
 * A dataset version out of the store, as reading its source under these options gave it. Rejected rows are not there again.
 * @throws DATASET_ERASED; BLOB_NOT_FOUND, BLOB_CORRUPT where the content is not that of the version, FILE_UNREADABLE
 */
export async function storedDataset(
  version: DatasetVersion,
  options: Pick<ProjectOptions, 'data'>,
  blobs: Pick<BlobStore, 'withFile'>,
  signal?: AbortSignal,
): Promise<LoadedDataset> {
  requireRows(version)
  const table = await blobs.withFile(version.blob, (file) => readParquet(file, version.schema, signal))
  const schema = redeclareSchema(version.schema, options.data.columns)
  if (canonicalHash(table, schema) !== version.id) {
    throw new BellwetherError('BLOB_CORRUPT', `What is kept of dataset version ${version.id} has another content.`)
  }
  return {
    table,
    schema,
    profile: profileTable(table, schema),
    id: version.id,
    nRows: version.nRows,
    nRejected: 0,
    rejected: [],
    report: { nSource: version.nRows, nAccepted: version.nRows, nRejected: 0, byColumn: {}, byRule: {} },
    fileColumns: schema.columns.map(({ name }) => name),
    warnings: [],
    source: version.source,
  }
}
