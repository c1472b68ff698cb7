import { createHash } from 'node:crypto'
import path from 'node:path'
import { BellwetherError } from '../../errors.ts'
import type { RawTable } from '../../table/raw-table.ts'
import { rawText, sourceRows } from '../../table/raw-table.ts'
import { checkFile } from '../check-file.ts'
import { ReadOptions } from '../data-options.ts'
import { readSource } from '../sources/read-source.ts'
import { isLocalFile, type TableSource } from '../table-source.ts'
import { CHUNK_ROWS, type ChunkedTable } from './chunked-table.ts'
import { csvChunks } from './csv-chunks.ts'
import { jsonLineChunks } from './json-chunks.ts'
import { parquetChunks } from './parquet-chunks.ts'
import { sliceRows } from './slice-rows.ts'

/**
 * Opens a table to be read in chunks. Local files of CSV, JSON lines and Parquet take constant memory; other sources are read whole
 * first, and then handed over in chunks.
 * @param place As `resolveTableSource` gives it.
 * @throws as `readSource`
 */
export async function openChunks(
  place: TableSource,
  read: ReadOptions = ReadOptions.parse({}),
  signal?: AbortSignal,
): Promise<ChunkedTable> {
  const streamed = isLocalFile(place) ? await fileChunks(place, read, signal) : null
  return streamed ?? wholeTable(await readSource(place, read, { signal }))
}

async function fileChunks(file: string, read: ReadOptions, signal?: AbortSignal): Promise<ChunkedTable | null> {
  const name = path.basename(file).toLowerCase()
  const gzip = name.endsWith('.gz')
  const extension = path.extname(gzip ? name.slice(0, -3) : name)
  switch (extension) {
    case '.csv':
    case '.txt':
    case '.data':
      await checkFile(file)
      return csvChunks(file, read, signal)
    case '.tsv':
      await checkFile(file)
      return csvChunks(file, { ...read, delimiter: read.delimiter ?? '\t' }, signal)
    case '.jsonl':
    case '.ndjson':
    case '.json':
      await checkFile(file)
      return jsonLineChunks(file, read, signal)
    case '.parquet':
      if (gzip) return null
      await checkFile(file)
      return parquetChunks(file, read, signal)
    default:
      return null
  }
}

/** A table that is in memory, in chunks. */
export function wholeTable(raw: RawTable): ChunkedTable {
  return {
    source: raw.source,
    rowNoun: raw.rowNoun,
    names: raw.columns.map(({ name }) => name),
    nRows: sourceRows(raw),
    sha256: hashTable(raw),
    notes: raw.notes,
    async *chunks(cancel) {
      for (let from = 0; from === 0 || from < raw.nRows; from += CHUNK_ROWS) {
        if (cancel?.aborted) throw new BellwetherError('CANCELLED', 'Reading was cancelled.')
        const end = Math.min(from + CHUNK_ROWS, raw.nRows)
        const after = from === 0 ? 0 : raw.rowNumbers[from]!
        const before = end === raw.nRows ? Number.POSITIVE_INFINITY : raw.rowNumbers[end]!
        yield {
          ...sliceRows(raw, from, end),
          malformed: raw.malformed.filter(({ row }) => row >= after && row < before),
        }
      }
    },
  }
}

function hashTable(raw: RawTable): string {
  const hash = createHash('sha256')
  hash.update(JSON.stringify([raw.columns.map(({ name, type }) => [name, type]), raw.missing, raw.decimal]))
  for (let row = 0; row < raw.nRows; row++)
    hash.update(JSON.stringify([raw.rowNumbers[row], raw.columns.map((column) => rawText(column, row))]))
  hash.update(JSON.stringify(raw.malformed))
  return hash.digest('hex')
}
