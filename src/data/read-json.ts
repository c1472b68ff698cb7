import { BellwetherError } from '../errors.ts'
import type { MalformedRow, RawTable } from '../table/raw-table.ts'
import type { ReadOptions } from './data-options.ts'
import { failureKind, fileLiteral, forEachChunk, withDuckDb } from './duckdb.ts'
import { openText, type TextSource } from './open-text.ts'
import { cleanNames } from './read-csv.ts'
import { RecordColumns } from './sources/record-columns.ts'

/** Room for one JSON object where none is longer. */
const OBJECT_BYTES = 16 * 1024 * 1024

/**
 * Reads JSON lines (one object a line; blank lines do not count), or one array of objects. The columns are the keys in the
 * order in which they first occur; a key that a record lacks is missing. Arrays and objects as values become JSON text.
 * Lines that are no object are malformed.
 * @throws FILE_*, ENCODING_INVALID, NO_ROWS, HEADER_DUPLICATED
 */
export async function readJson(file: string, read: ReadOptions, signal?: AbortSignal): Promise<RawTable> {
  const source = await openText(file, 'utf-8', signal)
  const { lines, isArray, longest } = await scanLines(source)
  const texts = await objectTexts(source, isArray, Math.max(OBJECT_BYTES, longest + 1024), signal)
  if (texts.length === 0) throw new BellwetherError('NO_ROWS', `${source.name} has no records.`)
  if (!isArray && texts.length !== lines.length) {
    throw new BellwetherError(
      'FILE_UNREADABLE',
      `${source.name} has ${lines.length} lines and ${texts.length} records; expected one JSON object a line.`,
    )
  }
  const records = new RecordColumns()
  const malformed: MalformedRow[] = []
  const rowNumbers: number[] = []
  texts.forEach((text, i) => {
    const row = isArray ? i + 1 : lines[i]!
    const record = objectOf(text)
    if (record === null) {
      malformed.push({ row, reason: 'not one JSON object', text: (text ?? '').slice(0, 10_000) })
      return
    }
    records.add(record)
    rowNumbers.push(row)
  })
  if (records.names().length === 0) {
    const first = malformed[0]
    throw new BellwetherError(
      'FILE_UNREADABLE',
      `${source.name} holds no JSON object with a key${first ? `: ${isArray ? 'record' : 'line'} ${first.row} is ${first.reason}` : ''}.`,
      { hint: 'Give one JSON object a line, or one array of objects, with the columns as keys.' },
    )
  }
  const notes: string[] = []
  const names = cleanNames(source.name, records.names(), notes)
  return {
    source: source.name,
    columns: records.columns(names),
    nRows: rowNumbers.length,
    rowNumbers: Uint32Array.from(rowNumbers),
    rowNoun: isArray ? 'record' : 'line',
    missing: [...new Set(['', ...read.missing])],
    decimal: read.decimal ?? '.',
    malformed,
    notes,
  }
}

/** The lines that hold something, and whether the file is one array. Checks the encoding on the way. */
async function scanLines(source: TextSource): Promise<{ lines: number[]; isArray: boolean; longest: number }> {
  const lines: number[] = []
  let length = 0
  let longest = 0
  let line = 1
  let filled = false
  let isArray: boolean | null = null
  for await (const chunk of source.chunks()) {
    for (const byte of chunk) {
      length++
      if (byte === 10) {
        longest = Math.max(longest, length)
        length = 0
        if (filled) lines.push(line)
        filled = false
        line++
      } else if (byte !== 32 && byte !== 9 && byte !== 13) {
        isArray ??= byte === 0x5b
        filled = true
      }
    }
  }
  if (filled) lines.push(line)
  return { lines, isArray: isArray ?? false, longest: Math.max(longest, length) }
}

/** Each record as JSON text; null for a line that is no JSON. */
async function objectTexts(
  source: TextSource,
  isArray: boolean,
  objectBytes: number,
  signal?: AbortSignal,
): Promise<(string | null)[]> {
  const texts: (string | null)[] = []
  const options = `maximum_object_size=${objectBytes}, compression='${source.gzip ? 'gzip' : 'uncompressed'}'`
  const from = isArray
    ? `read_json_objects(${fileLiteral(source.file)}, format='array', ${options})`
    : `read_ndjson_objects(${fileLiteral(source.file)}, ignore_errors=true, ${options})`
  try {
    await withDuckDb((connection) =>
      forEachChunk(
        connection,
        `SELECT json FROM ${from}`,
        (chunk) => texts.push(...(chunk.getColumnValues(0) as (string | null)[])),
        signal,
      ),
    )
  } catch (cause) {
    if (cause instanceof BellwetherError) throw cause
    throw new BellwetherError(
      'FILE_UNREADABLE',
      `${source.name} is neither JSON lines nor one JSON array of objects.`,
      { cause: failureKind(cause) },
    )
  }
  return texts
}

function objectOf(text: string | null): Record<string, unknown> | null {
  if (text === null) return null
  try {
    const value: unknown = JSON.parse(text)
    return typeof value === 'object' && value !== null && !Array.isArray(value)
      ? (value as Record<string, unknown>)
      : null
  } catch {
    return null
  }
}
