import { createHash } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { BellwetherError } from '../../errors.ts'
import type { MalformedRow, RawColumn, RawTable } from '../../table/raw-table.ts'
import type { ReadOptions } from '../data-options.ts'
import { fileError } from '../file-error.ts'
import { openText, type TextSource } from '../open-text.ts'
import { type CsvDialect, findDialect } from '../read-csv.ts'
import { CsvScanner, RecordTooLong } from '../scan-csv.ts'
import { DecimalComma } from '../sniff-dialect.ts'
import { CHUNK_BYTES, CHUNK_ROWS, type ChunkedTable, MAX_RECORD_BYTES } from './chunked-table.ts'
import { splitCells } from './split-cells.ts'

interface Row {
  readonly line: number
  readonly cells: readonly (string | null)[]
}

/**
 * A delimited text file in chunks. A first pass finds how many rows it has, whether a quote stays open and, where the delimiter is
 * no comma, how decimals are written; the rows are the same as those of `readCsv`.
 * @throws as `readCsv`
 */
export async function csvChunks(file: string, read: ReadOptions, signal?: AbortSignal): Promise<ChunkedTable> {
  const source = await openText(file, read.encoding, signal)
  const dialect = await findDialect(source, read)
  const { names } = dialect
  const missing = [...new Set(['', ...read.missing])]
  const { nRows, comma } = await survey(source, dialect, read, missing)
  if (nRows === 0) throw new BellwetherError('NO_ROWS', `${source.name} has a header and no rows below it.`)
  const decimal = read.decimal ?? (comma ? ',' : '.')
  const notes = [...dialect.notes]
  if (read.decimal === undefined && comma) notes.push('Numbers are read with a decimal comma.')
  if (source.encoding !== 'utf-8') notes.push(`The text is read as ${source.encoding.toUpperCase()}.`)
  const makeTable = (rows: readonly Row[], malformed: readonly MalformedRow[]): RawTable => ({
    source: source.name,
    columns: names.map((name, i): RawColumn => ({ name, type: 'text', values: rows.map(({ cells }) => cells[i]!) })),
    nRows: rows.length,
    rowNumbers: Uint32Array.from(rows, ({ line }) => line),
    rowNoun: 'line',
    missing,
    decimal,
    malformed,
    notes: [],
  })
  return {
    source: source.name,
    rowNoun: 'line',
    names,
    nRows,
    sha256: await hashFile(file, signal),
    notes,
    async *chunks(cancel) {
      const text = cancel ? await openText(file, read.encoding, cancel) : source
      let rows: Row[] = []
      let malformed: MalformedRow[] = []
      let bytes = 0
      const ready: RawTable[] = []
      const cut = () => {
        if (rows.length + malformed.length > 0) ready.push(makeTable(rows, malformed))
        rows = []
        malformed = []
        bytes = 0
      }
      const added = (length: number) => {
        bytes += length
        if (rows.length + malformed.length >= CHUNK_ROWS || bytes >= CHUNK_BYTES) cut()
      }
      const records = scanRecords(text, dialect, {
        onRow: (line, record) => {
          rows.push({ line, cells: splitCells(record, dialect.delimiter, names.length) })
          added(record.length)
        },
        onMalformed: (row) => {
          malformed.push(row)
          added(row.text.length)
        },
      })
      for await (const _ of records) yield* ready.splice(0)
      cut()
      yield* ready
    },
  }
}

interface RecordHandlers {
  onRow(line: number, record: string): void
  onMalformed(row: MalformedRow): void
}

/** Hands over the records of a file; yields after each piece of it. @throws CSV_MALFORMED, and what reading throws */
async function* scanRecords(
  source: TextSource,
  dialect: CsvDialect,
  { onRow, onMalformed }: RecordHandlers,
): AsyncGenerator<void> {
  const scanner = new CsvScanner({
    ...dialect,
    nColumns: dialect.names.length,
    maxRecordBytes: MAX_RECORD_BYTES,
    onRow: (bytes, line) => onRow(line, Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('utf8')),
    onMalformed,
  })
  try {
    for await (const chunk of source.chunks()) {
      scanner.push(chunk)
      yield
    }
  } catch (error) {
    if (!(error instanceof RecordTooLong)) throw error
    throw malformedAt(
      source.name,
      error.line,
      `the row that starts in line ${error.line} is longer than ${MAX_RECORD_BYTES} bytes; is a quote left open?`,
    )
  }
  const { openQuoteLine } = scanner.end()
  if (openQuoteLine !== null)
    throw malformedAt(
      source.name,
      openQuoteLine,
      `the quote that opens in line ${openQuoteLine} is never closed.`,
      'a quote that is never closed',
    )
}

function malformedAt(name: string, line: number, message: string, detail = message): BellwetherError {
  return new BellwetherError('CSV_MALFORMED', `${name}: ${message}`, {
    details: [{ path: `${name}:${line}`, message: detail }],
  })
}

async function survey(
  source: TextSource,
  dialect: CsvDialect,
  read: ReadOptions,
  missing: readonly string[],
): Promise<{ nRows: number; comma: boolean }> {
  let nRows = 0
  const looks = read.decimal === undefined && dialect.delimiter !== ','
  const known = new Set(missing)
  const columns = looks ? dialect.names.map(() => new DecimalComma(known)) : []
  const records = scanRecords(source, dialect, {
    onRow: (_, record) => {
      nRows++
      if (!looks) return
      const cells = splitCells(record, dialect.delimiter, columns.length)
      for (const [i, column] of columns.entries()) column.add(cells[i] ?? null)
    },
    onMalformed: () => {
      nRows++
    },
  })
  for await (const _ of records);
  return { nRows, comma: columns.some((column) => column.found) }
}

/** SHA-256 of a file's bytes, hexadecimal. */
export async function hashFile(file: string, signal?: AbortSignal): Promise<string> {
  const hash = createHash('sha256')
  try {
    for await (const part of createReadStream(file, { highWaterMark: 1 << 20 })) {
      if (signal?.aborted) throw new BellwetherError('CANCELLED', 'Reading was cancelled.')
      hash.update(part as Buffer)
    }
  } catch (error) {
    throw fileError(error, file)
  }
  return hash.digest('hex')
}
