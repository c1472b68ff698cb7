import { parseNumber } from '../../table/parse-number.ts'
import type { ColumnSchema } from '../../table/schema.ts'
import type { JsonScalar } from '../../table/table-to-records.ts'

/** A CSV text that can't be taken apart; the message says where, never what. */
export class CsvError extends Error {}

/**
 * Records of a CSV text with a header row (RFC 4180; LF or CRLF), typed by the model's columns: numbers as numbers, an empty cell as null. A cell that is
 * no value of its column stays a text, so that the record reader names it.
 * @throws CsvError
 */
export function csvRecords(text: string, columns: readonly ColumnSchema[]): Record<string, JsonScalar>[] {
  const [header, ...rows] = csvRows(text)
  if (!header) throw new CsvError('the CSV text has no header row')
  const names = header.map((name) => name.trim())
  const twice = names.findIndex((name, i) => names.indexOf(name) !== i)
  if (twice >= 0) throw new CsvError(`the header has the name of column ${twice + 1} twice`)
  const byName = new Map(columns.map((column) => [column.name, column]))
  return rows.map((cells, i) => {
    if (cells.length !== names.length)
      throw new CsvError(`row ${i + 1} has ${cells.length} cells, the header ${names.length}`)
    // fromEntries defines `__proto__` as a key like any other.
    return Object.fromEntries(names.map((name, at) => [name, typedCell(cells[at]!, byName.get(name))]))
  })
}

/** A cell as JSON would write it. */
export function typedCell(cell: string, column: ColumnSchema | undefined): JsonScalar {
  const text = cell.trim()
  if (text === '') return null
  if (column?.kind === 'number') {
    const number = parseNumber(text)
    return Number.isNaN(number) ? text : number
  }
  return column?.kind === 'text' ? cell : text
}

/** The cells row by row; empty lines are passed over. */
export function csvRows(text: string): string[][] {
  const rows: string[][] = []
  let cells: string[] = []
  let at = text.startsWith('\uFEFF') ? 1 : 0
  const endRow = () => {
    if (cells.length > 1 || cells[0] !== '') rows.push(cells)
    cells = []
  }
  while (at < text.length) {
    let cell: string
    if (text[at] === '"') {
      const parts: string[] = []
      for (let from = at + 1; ; ) {
        const quote = text.indexOf('"', from)
        if (quote < 0) throw new CsvError(`a quote of row ${rows.length} is not closed`)
        parts.push(text.slice(from, quote))
        at = quote + 1
        if (text[at] !== '"') break
        parts.push('"')
        from = at + 1
      }
      cell = parts.join('')
      if (at < text.length && !/[,\r\n]/.test(text[at]!))
        throw new CsvError(`row ${rows.length} has text after a closing quote`)
    } else {
      const end = /[,\r\n]/g
      end.lastIndex = at
      const stop = end.exec(text)?.index ?? text.length
      cell = text.slice(at, stop)
      at = stop
    }
    cells.push(cell)
    if (text[at] === ',') {
      at++
      if (at === text.length) cells.push('')
      continue
    }
    if (text[at] === '\r') at++
    if (text[at] === '\n') at++
    endRow()
  }
  if (cells.length > 0) endRow()
  return rows
}
