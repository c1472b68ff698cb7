import { BellwetherError } from '../../errors.ts'
import type { MalformedRow, RawColumn, RawTable } from '../../table/raw-table.ts'
import type { ReadOptions } from '../data-options.ts'
import { openText, type TextSource } from '../open-text.ts'
import { cleanNames } from '../read-csv.ts'
import { MAX_COLUMNS } from '../sniff-dialect.ts'
import { RecordColumns } from '../sources/record-columns.ts'
import { CHUNK_BYTES, CHUNK_CELLS, CHUNK_ROWS, type ChunkedTable, MAX_RECORD_BYTES } from './chunked-table.ts'
import { hashFile } from './csv-chunks.ts'

/** A line of the file that is not blank. */
interface Line {
  readonly number: number
  readonly text: string
}

/**
 * JSON lines in chunks; null where the file is one array of objects, which cannot be read piece by piece. A first pass finds the
 * columns: the keys in the order in which they first occur.
 * @throws as `readJson`
 */
export async function jsonLineChunks(
  file: string,
  read: ReadOptions,
  signal?: AbortSignal,
): Promise<ChunkedTable | null> {
  const source = await openText(file, 'utf-8', signal)
  const keys = new Set<string>()
  let nLines = 0
  let first: Line | null = null
  for await (const lines of linesOf(source)) {
    for (const line of lines) {
      if (nLines++ === 0 && line.text.trimStart().startsWith('[')) return null
      first ??= line
      for (const key of Object.keys(objectOf(line.text) ?? {})) keys.add(key)
      if (keys.size > MAX_COLUMNS)
        throw new BellwetherError('FILE_UNREADABLE', `${source.name} has records of more than ${MAX_COLUMNS} keys.`)
    }
  }
  if (first === null) throw new BellwetherError('NO_ROWS', `${source.name} has no records.`)
  if (keys.size === 0)
    throw new BellwetherError(
      'FILE_UNREADABLE',
      `${source.name} holds no JSON object with a key: line ${first.number} is not one JSON object.`,
      { hint: 'Give one JSON object a line, or one array of objects, with the columns as keys.' },
    )
  const notes: string[] = []
  const written = [...keys]
  const names = cleanNames(source.name, written, notes)
  const mostRows = Math.max(1, Math.min(CHUNK_ROWS, Math.floor(CHUNK_CELLS / names.length)))
  const makeTable = (lines: readonly Line[]): RawTable => {
    const records = new RecordColumns()
    const malformed: MalformedRow[] = []
    const rowNumbers: number[] = []
    for (const { number, text } of lines) {
      const record = objectOf(text)
      if (record === null) malformed.push({ row: number, reason: 'not one JSON object', text: text.slice(0, 10_000) })
      else {
        records.add(record)
        rowNumbers.push(number)
      }
    }
    const found = new Map(records.columns(records.names()).map((column) => [column.name, column]))
    return {
      source: source.name,
      columns: written.map((key, i): RawColumn => {
        const column = found.get(key)
        return column
          ? { ...column, name: names[i]! }
          : { name: names[i]!, type: 'text', values: new Array<string | null>(rowNumbers.length).fill(null) }
      }),
      nRows: rowNumbers.length,
      rowNumbers: Uint32Array.from(rowNumbers),
      rowNoun: 'line',
      missing: [...new Set(['', ...read.missing])],
      decimal: read.decimal ?? '.',
      malformed,
      notes: [],
    }
  }
  return {
    source: source.name,
    rowNoun: 'line',
    names,
    nRows: nLines,
    sha256: await hashFile(file, signal),
    notes,
    async *chunks(cancel) {
      const text = cancel ? await openText(file, 'utf-8', cancel) : source
      let waiting: Line[] = []
      let characters = 0
      for await (const lines of linesOf(text)) {
        for (const line of lines) {
          waiting.push(line)
          characters += line.text.length
          if (waiting.length < mostRows && characters < CHUNK_BYTES) continue
          yield makeTable(waiting)
          waiting = []
          characters = 0
        }
      }
      if (waiting.length > 0) yield makeTable(waiting)
    },
  }
}

/** The lines that are not blank, as they come. @throws FILE_UNREADABLE for one that is too long */
async function* linesOf(source: TextSource): AsyncGenerator<Line[]> {
  let parts: Uint8Array[] = []
  let length = 0
  let number = 1
  const take = (tail: Uint8Array, into: Line[]) => {
    const text = Buffer.concat([...parts, tail]).toString('utf8')
    parts = []
    length = 0
    if (text.trim() !== '') into.push({ number, text })
    number++
  }
  for await (const chunk of source.chunks()) {
    const lines: Line[] = []
    let from = 0
    for (let at = chunk.indexOf(10); at >= 0; at = chunk.indexOf(10, from)) {
      take(chunk.subarray(from, at), lines)
      from = at + 1
    }
    if (from < chunk.length) {
      parts.push(Uint8Array.from(chunk.subarray(from)))
      length += chunk.length - from
      if (length > MAX_RECORD_BYTES)
        throw new BellwetherError(
          'FILE_UNREADABLE',
          `${source.name}: line ${number} is longer than ${MAX_RECORD_BYTES} bytes.`,
          { hint: 'Give one JSON object a line.' },
        )
    }
    yield lines
  }
  const last: Line[] = []
  take(new Uint8Array(), last)
  yield last
}

function objectOf(text: string): Record<string, unknown> | null {
  try {
    const value: unknown = JSON.parse(text)
    return typeof value === 'object' && value !== null && !Array.isArray(value)
      ? (value as Record<string, unknown>)
      : null
  } catch {
    return null
  }
}
