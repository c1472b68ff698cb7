import path from 'node:path'
import { BellwetherError } from '../errors.ts'
import type { RawTable } from '../table/raw-table.ts'
import { checkFile } from './check-file.ts'
import { ReadOptions } from './data-options.ts'
import { readCsv } from './read-csv.ts'
import { readJson } from './read-json.ts'
import { readParquetFile } from './read-parquet.ts'

type Reader = (file: string, read: ReadOptions, signal?: AbortSignal) => Promise<RawTable>

const READERS: ReadonlyMap<string, Reader> = new Map<string, Reader>([
  ['.csv', readCsv],
  ['.tsv', (file, read, signal) => readCsv(file, { ...read, delimiter: read.delimiter ?? '\t' }, signal)],
  ['.txt', readCsv],
  ['.data', readCsv],
  ['.parquet', readParquetFile],
  ['.jsonl', readJson],
  ['.ndjson', readJson],
  ['.json', readJson],
  ['.html', async (file, read) => (await import('./sources/read-html.ts')).readHtml(file, read)],
  ['.htm', async (file, read) => (await import('./sources/read-html.ts')).readHtml(file, read)],
])

/** Whether a file's name says that it is a table. */
export function isTableName(file: string): boolean {
  const name = path.basename(file).toLowerCase()
  return READERS.has(path.extname(name.endsWith('.gz') ? name.slice(0, -3) : name))
}

/**
 * Reads one file, by its extension; `.gz` after that of a text file is unpacked. The rows of the result and its malformed
 * ones together are the rows of the file.
 * @throws FILE_NOT_FOUND, FILE_UNREADABLE, FILE_EMPTY, FORMAT_UNSUPPORTED, NO_ROWS, HEADER_DUPLICATED, HEADER_MISMATCH,
 *   DELIMITER_WRONG, ENCODING_INVALID, CSV_MALFORMED, CANCELLED
 */
export async function readTable(
  file: string,
  read: ReadOptions = ReadOptions.parse({}),
  { signal }: { signal?: AbortSignal | undefined } = {},
): Promise<RawTable> {
  const name = path.basename(file)
  const gzip = name.toLowerCase().endsWith('.gz')
  const extension = path.extname(gzip ? name.slice(0, -3) : name).toLowerCase()
  await checkFile(file)
  const reader = READERS.get(extension)
  if (!reader || (gzip && /parquet|htm/.test(extension))) {
    throw new BellwetherError(
      'FORMAT_UNSUPPORTED',
      `${name}: files that end in "${gzip ? `${extension}.gz` : extension}" are not read.`,
    )
  }
  return reader(file, read, signal)
}
