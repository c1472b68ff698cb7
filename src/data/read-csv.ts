import { open } from 'node:fs/promises'
import path from 'node:path'
import { BellwetherError } from '../errors.ts'
import type { RawColumn, RawTable } from '../table/raw-table.ts'
import type { ReadOptions } from './data-options.ts'
import { failureKind, fileLiteral, forEachChunk, literal, withDuckDb, withTemporaryFolder } from './duckdb.ts'
import { fileError } from './file-error.ts'
import { openText, type TextSource } from './open-text.ts'
import { type CsvScan, CsvScanner, type ScanOptions } from './scan-csv.ts'
import {
  delimiterName,
  hasDecimalComma,
  MAX_COLUMNS,
  otherDelimiterIn,
  sniffDelimiter,
  sniffHeader,
  splitSample,
} from './sniff-dialect.ts'

/** How a delimited file is taken apart. */
export interface CsvDialect {
  readonly delimiter: string
  readonly header: boolean
  readonly names: readonly string[]
  readonly skipLines: number
  readonly notes: readonly string[]
}

const SAMPLE_BYTES = 1 << 16
/** A file whose first line does not end is no reason to hold all of it. */
const MAX_SAMPLE_BYTES = 1 << 22
/** Of a list in a message: a file may have any number. */
const MOST_SHOWN = 10

/**
 * Reads a delimited text file. A first pass over its bytes finds the rows, their lines and what is malformed; DuckDB then
 * takes the cells, all as text. Where the file is not plain UTF-8 with one kind of line end and well-formed rows, DuckDB
 * reads a temporary copy that is.
 * @throws FILE_*, ENCODING_INVALID, NO_ROWS, HEADER_DUPLICATED, HEADER_MISMATCH, DELIMITER_WRONG, CSV_MALFORMED, CANCELLED
 */
export async function readCsv(file: string, read: ReadOptions, signal?: AbortSignal): Promise<RawTable> {
  const source = await openText(file, read.encoding, signal)
  const dialect = await findDialect(source, read)
  const scanOptions = { ...dialect, nColumns: dialect.names.length }
  const scan = await scanFile(source, scanOptions)
  if (scan.openQuoteLine !== null) {
    throw new BellwetherError(
      'CSV_MALFORMED',
      `${source.name}: the quote that opens in line ${scan.openQuoteLine} is never closed.`,
      { details: [{ path: `${source.name}:${scan.openQuoteLine}`, message: 'a quote that is never closed' }] },
    )
  }
  if (scan.rowNumbers.length === 0 && scan.malformed.length === 0) {
    throw new BellwetherError('NO_ROWS', `${source.name} has a header and no rows below it.`)
  }
  const cells = await readCells(source, dialect, scan, signal)
  const decimal = read.decimal ?? sniffDecimal(dialect.delimiter, cells, new Set(read.missing))
  const notes = [...dialect.notes]
  if (read.decimal === undefined && decimal === ',') notes.push('Numbers are read with a decimal comma.')
  if (source.encoding !== 'utf-8') notes.push(`The text is read as ${source.encoding.toUpperCase()}.`)
  return {
    source: source.name,
    columns: dialect.names.map((name, i): RawColumn => ({ name, type: 'text', values: cells[i]! })),
    nRows: scan.rowNumbers.length,
    rowNumbers: scan.rowNumbers,
    rowNoun: 'line',
    missing: [...new Set(['', ...read.missing])],
    decimal,
    malformed: scan.malformed,
    notes,
  }
}

/**
 * Looks at the beginning of a file for what was not said of it.
 * @throws FILE_EMPTY, FILE_UNREADABLE, CSV_MALFORMED, NO_ROWS, HEADER_DUPLICATED, HEADER_MISMATCH, DELIMITER_WRONG
 */
export async function findDialect(source: TextSource, read: ReadOptions): Promise<CsvDialect> {
  const { text, complete } = await sampleOf(source, read.skipLines)
  if (text.trim() === '') throw new BellwetherError('FILE_EMPTY', `${source.name} holds no text.`)
  const delimiter = read.delimiter ?? sniffDelimiter(text, complete)
  const records = splitSample(text, delimiter, complete)
  const first = records[0]
  if (!first) {
    throw new BellwetherError(
      'CSV_MALFORMED',
      complete
        ? `${source.name}: a quote in the first record is never closed.`
        : `${source.name}: the first record does not end within ${text.length} characters; is a quote left open?`,
    )
  }
  if (first.length > MAX_COLUMNS)
    throw new BellwetherError('FILE_UNREADABLE', `${source.name} has more than ${MAX_COLUMNS} columns.`)
  refuseWrongDelimiter(source.name, text, first, delimiter)
  const namesGiven = read.names?.every((name, i) => name === first[i]?.trim()) === true
  const header = read.header ?? (namesGiven || sniffHeader(records))
  const notes: string[] = []
  if (!header && read.names === undefined)
    notes.push('The file has no header; its columns are named column_1, column_2, ...')
  const names = namesOf(source.name, first, header, read.names, notes)
  if (header && records.length === 1 && complete) {
    throw new BellwetherError('NO_ROWS', `${source.name} has a header and no rows below it.`)
  }
  return { delimiter, header, names, skipLines: read.skipLines, notes }
}

/** The first lines as text: at least 64 KiB and one whole line, or the whole file. */
async function sampleOf(source: TextSource, skipLines: number): Promise<{ text: string; complete: boolean }> {
  const parts: Uint8Array[] = []
  let length = 0
  let lines = 0
  let complete = true
  for await (const chunk of source.chunks()) {
    parts.push(chunk)
    length += chunk.length
    lines += lineEnds(chunk)
    if ((length >= SAMPLE_BYTES && lines > skipLines + 1) || length >= MAX_SAMPLE_BYTES) {
      complete = false
      break
    }
  }
  let text = Buffer.concat(parts).toString('utf8')
  for (let i = 0; i < skipLines; i++) {
    const end = /\r\n|\r|\n/.exec(text)
    text = end ? text.slice(end.index + end[0].length) : ''
  }
  return { text, complete }
}

function lineEnds(bytes: Uint8Array): number {
  let n = 0
  for (const byte of bytes) if (byte === 10 || byte === 13) n++
  return n
}

function refuseWrongDelimiter(name: string, text: string, first: readonly string[], delimiter: string): void {
  if (first.length > 1) return
  const line = /[^\r\n]+/.exec(text)?.[0] ?? ''
  const other = otherDelimiterIn(line, delimiter)
  if (other === null) return
  throw new BellwetherError(
    'DELIMITER_WRONG',
    `${name}: split at ${delimiterName(delimiter)} there is one column only, and its header holds ${delimiterName(other)}, which may be the delimiter.`,
    {
      details: [
        {
          path: 'data.read.delimiter',
          message: `${delimiterName(delimiter)} does not separate the header; try ${delimiterName(other)}`,
        },
      ],
    },
  )
}

function namesOf(
  file: string,
  first: readonly string[],
  header: boolean,
  given: readonly string[] | undefined,
  notes: string[],
): string[] {
  if (given && given.length !== first.length) {
    throw new BellwetherError(
      'HEADER_MISMATCH',
      `data.read.names has ${given.length} names, and ${file} has ${first.length} columns.`,
      { details: [{ path: 'data.read.names', message: `expected ${first.length} names` }] },
    )
  }
  const written = given ?? (header ? first : first.map((_, i) => `column_${i + 1}`))
  return cleanNames(file, written, notes)
}

/**
 * Column names without blanks and tabs around them, and `column_3` for a third one that is empty.
 * @throws HEADER_DUPLICATED naming the columns by position
 */
export function cleanNames(file: string, written: readonly string[], notes: string[]): string[] {
  const names = written.map((name, i) => name.replace(/^\uFEFF/, '').trim() || `column_${i + 1}`)
  const trimmed = names.filter((name, i) => written[i]!.trim() !== '' && written[i] !== name)
  const unnamed = names.filter((_, i) => written[i]!.trim() === '')
  if (trimmed.length > 0)
    notes.push(`Blanks around names were removed: ${some(trimmed.map((name) => JSON.stringify(name)))}.`)
  if (unnamed.length > 0) notes.push(`Columns without a name are called ${some(unnamed)}.`)
  const places = new Map<string, number[]>()
  for (const [i, name] of names.entries()) {
    const at = places.get(name)
    if (at) at.push(i + 1)
    else places.set(name, [i + 1])
  }
  const duplicated = [...places].filter(([, at]) => at.length > 1)
  if (duplicated.length === 0) return names
  const shown = duplicated.slice(0, MOST_SHOWN).map(([name, at]) => `"${name}" (columns ${some(at)})`)
  throw new BellwetherError(
    'HEADER_DUPLICATED',
    `${file}: the header has the same name twice: ${shown.join('; ')}${duplicated.length > shown.length ? ` and ${duplicated.length - shown.length} more` : ''}.`,
    {
      details: duplicated.slice(0, MOST_SHOWN).map(([name, at]) => ({
        path: `${file}:header:${name}`,
        message: `columns ${some(at)}`,
      })),
    },
  )
}

/** The first ones, and how many there are besides. */
function some(all: readonly (string | number)[]): string {
  const more = all.length - MOST_SHOWN
  return `${all.slice(0, MOST_SHOWN).join(', ')}${more > 0 ? ` and ${more} more` : ''}`
}

async function scanFile(source: TextSource, options: ScanOptions): Promise<CsvScan> {
  const scanner = new CsvScanner(options)
  for await (const chunk of source.chunks()) scanner.push(chunk)
  return scanner.end()
}

/** Cells by column, shape (nColumns)(nRows); equal texts of a column share one string. */
async function readCells(
  source: TextSource,
  dialect: CsvDialect,
  scan: CsvScan,
  signal: AbortSignal | undefined,
): Promise<(string | null)[][]> {
  const nRows = scan.rowNumbers.length
  if (nRows === 0) return dialect.names.map(() => [])
  const inPlace = source.asIs && scan.clean && (dialect.header || !source.bom)
  if (inPlace) return queryCells(source, source.file, dialect.header ? 1 : 0, source.gzip, dialect, scan, signal)
  return withTemporaryFolder(async (folder) => {
    const copy = path.join(folder, 'rows.csv')
    await writeCleanCopy(source, dialect, copy)
    return queryCells(source, copy, 0, false, dialect, scan, signal)
  })
}

/** Writes the well-formed rows alone, in UTF-8 with LF. */
async function writeCleanCopy(source: TextSource, dialect: CsvDialect, copy: string): Promise<void> {
  const output = await open(copy, 'wx', 0o600)
  try {
    let pending: Uint8Array[] = []
    const lineFeed = Buffer.from('\n')
    const onRow = (bytes: Uint8Array) => pending.push(Buffer.from(bytes), lineFeed)
    const scanner = new CsvScanner({ ...dialect, nColumns: dialect.names.length, onRow })
    const flush = async () => {
      if (pending.length > 0) await output.writeFile(Buffer.concat(pending))
      pending = []
    }
    for await (const chunk of source.chunks()) {
      scanner.push(chunk)
      await flush()
    }
    scanner.end()
    await flush()
  } catch (error) {
    throw fileError(error, copy)
  } finally {
    await output.close()
  }
}

async function queryCells(
  source: TextSource,
  file: string,
  skip: number,
  gzip: boolean,
  dialect: CsvDialect,
  scan: CsvScan,
  signal: AbortSignal | undefined,
): Promise<(string | null)[][]> {
  const nColumns = dialect.names.length
  const columns = dialect.names.map((_, i) => `'c${i}': 'VARCHAR'`).join(', ')
  const lineSize = Math.max(2_097_152, scan.longest + 1024)
  const sql = `SELECT * FROM read_csv(${fileLiteral(file)}, auto_detect=false, header=false, skip=${skip},
    delim=${literal(dialect.delimiter)}, quote='"', escape='"', columns={${columns}}, strict_mode=true,
    max_line_size=${lineSize}, buffer_size=${Math.max(16 * lineSize, 33_554_432)}, compression='${gzip ? 'gzip' : 'none'}')`
  const cells = dialect.names.map(() => new Array<string | null>(scan.rowNumbers.length))
  const shared = dialect.names.map(() => new Map<string, string>())
  let nRows = 0
  try {
    await withDuckDb((connection) =>
      forEachChunk(
        connection,
        sql,
        (chunk) => {
          for (let column = 0; column < nColumns; column++) {
            const values = chunk.getColumnValues(column) as (string | null)[]
            for (let i = 0; i < values.length; i++) cells[column]![nRows + i] = share(values[i]!, shared[column]!)
          }
          nRows += chunk.rowCount
        },
        signal,
      ),
    )
  } catch (cause) {
    if (cause instanceof BellwetherError) throw cause
    // DuckDB's own message quotes the line at fault, which may be a person's.
    throw new BellwetherError(
      'CSV_MALFORMED',
      `${source.name} can't be taken apart at ${delimiterName(dialect.delimiter)} by the rules of CSV.`,
      { cause: failureKind(cause) },
    )
  }
  if (nRows !== scan.rowNumbers.length) {
    throw new BellwetherError(
      'CSV_MALFORMED',
      `${source.name} can be read in two ways: it has ${scan.rowNumbers.length} rows by its quotes and line ends, and ${nRows} by DuckDB's.`,
    )
  }
  return cells
}

/** Keeps one copy of each text of a column, up to a size. */
function share(text: string | null, known: Map<string, string>): string | null {
  if (text === null) return null
  const same = known.get(text)
  if (same !== undefined) return same
  if (known.size < 5000 && text.length < 200) known.set(text, text)
  return text
}

function sniffDecimal(delimiter: string, cells: readonly (string | null)[][], missing: ReadonlySet<string>): '.' | ',' {
  if (delimiter === ',') return '.'
  return cells.some((values) => hasDecimalComma(values, new Set(['', ...missing]))) ? ',' : '.'
}
