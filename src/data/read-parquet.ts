import path from 'node:path'
import { BellwetherError } from '../errors.ts'
import type { RawTable } from '../table/raw-table.ts'
import type { ReadOptions } from './data-options.ts'
import { failureKind, fileLiteral, withDuckDb } from './duckdb.ts'
import { queryTable } from './query-table.ts'

/**
 * Reads a Parquet file, typed, as `queryTable` says.
 * @throws FILE_UNREADABLE, NO_ROWS, HEADER_DUPLICATED, CANCELLED
 */
export async function readParquetFile(
  file: string,
  read: Pick<ReadOptions, 'missing'>,
  signal?: AbortSignal,
): Promise<RawTable> {
  const source = path.basename(file)
  try {
    return await withDuckDb((connection) =>
      queryTable(connection, `read_parquet(${fileLiteral(file)})`, source, read, signal),
    )
  } catch (cause) {
    if (cause instanceof BellwetherError) throw cause
    throw new BellwetherError('FILE_UNREADABLE', `${source} is not a whole Parquet file that can be read.`, {
      cause: failureKind(cause),
    })
  }
}
