import { readFile } from 'node:fs/promises'
import path from 'node:path'
import { selectAll } from 'css-select'
import { textContent } from 'domutils'
import { parseDocument } from 'htmlparser2'
import { BellwetherError } from '../../errors.ts'
import type { MalformedRow, RawTable } from '../../table/raw-table.ts'
import type { ReadOptions } from '../data-options.ts'
import { cleanNames } from '../read-csv.ts'

type AnyNode = ReturnType<typeof parseDocument>['children'][number]
type Element = Extract<AnyNode, { attribs: unknown }>

const isTag = (node: AnyNode): node is Element => 'attribs' in node && node.type !== 'script' && node.type !== 'style'

const MAX_BYTES = 64 * 1024 * 1024

/** What the standard lets one cell span at most. */
const MAX_SPAN = { columns: 1000, rows: 65_534 }
const MAX_CELLS = 20_000_000

/**
 * Reads a table of an HTML page: `read.table` says which, by its number from 1 or by a CSS selector; otherwise the page must have one with rows, and the
 * largest is taken with a note. The header is the `thead`, or the first row of `th` alone, or the first row; names of several header rows
 * are joined. A cell that spans columns or rows stands in each. Values are text, typed later as a CSV file's.
 * @throws FILE_UNREADABLE, NO_ROWS, HEADER_DUPLICATED
 */
export async function readHtml(file: string, read: ReadOptions): Promise<RawTable> {
  const bytes = await readFile(file)
  if (bytes.length > MAX_BYTES)
    throw new BellwetherError('FILE_UNREADABLE', `${path.basename(file)} is larger than ${MAX_BYTES} bytes.`)
  return htmlTable(decode(bytes, read.encoding), path.basename(file), read)
}

function decode(bytes: Uint8Array, declared: ReadOptions['encoding']): string {
  const head = Buffer.from(bytes.subarray(0, 1024)).toString('latin1')
  const meta = /<meta[^>]+charset\s*=\s*["']?([\w-]{1,40})/i.exec(head)?.[1]
  for (const name of [declared, meta, 'utf-8']) {
    if (!name) continue
    try {
      return new TextDecoder(name).decode(bytes)
    } catch {
      // a name that no browser knows either
    }
  }
  return Buffer.from(bytes).toString('utf8')
}

/** As `readHtml`, of a page that is in memory. */
export function htmlTable(html: string, source: string, read: ReadOptions): RawTable {
  const notes: string[] = []
  const table = chooseTable(parseDocument(html).children, source, read.table, notes)
  const { header, rows } = gridOf(table, source)
  const width = Math.max(header.length, ...rows.map(({ cells }) => cells.length))
  const written = Array.from({ length: width }, (_, i) => header[i] ?? '')
  const names = cleanNames(source, read.names ?? written, notes)
  if (names.length !== width) {
    throw new BellwetherError(
      'HEADER_MISMATCH',
      `${source}: read.names has ${names.length} names, the table ${width} columns.`,
    )
  }
  const malformed: MalformedRow[] = []
  const whole = rows.filter(({ cells, row }) => {
    if (cells.length === width) return true
    const reason = `${cells.length} cells, expected ${width}`
    malformed.push({ row, reason, text: cells.join('\t').slice(0, 10_000) })
    return false
  })
  if (whole.length === 0) throw new BellwetherError('NO_ROWS', `${source}: the table has no rows below its header.`)
  return {
    source,
    columns: names.map((name, i) => ({ name, type: 'text', values: whole.map(({ cells }) => cells[i]!) })),
    nRows: whole.length,
    rowNumbers: Uint32Array.from(whole, ({ row }) => row),
    rowNoun: 'record',
    missing: [...new Set(['', ...read.missing])],
    decimal: read.decimal ?? '.',
    malformed,
    notes,
  }
}

function chooseTable(page: AnyNode[], source: string, wanted: number | string | undefined, notes: string[]): Element {
  let found: Element[]
  try {
    found = selectAll<AnyNode, Element>(typeof wanted === 'string' ? wanted : 'table', page).filter(
      (element) => isTag(element) && element.name === 'table',
    )
  } catch (cause) {
    throw new BellwetherError('FILE_UNREADABLE', `${source}: read.table is no CSS selector.`, { cause })
  }
  if (typeof wanted === 'number') {
    const table = found[wanted - 1]
    if (table) return table
    throw new BellwetherError(
      'FILE_UNREADABLE',
      `${source} has ${found.length} tables; read.table asks for number ${wanted}.`,
    )
  }
  const [first] = found
  if (!first) {
    const what = wanted === undefined ? 'has no table' : 'has no table that read.table selects'
    throw new BellwetherError('FILE_UNREADABLE', `${source} ${what}.`)
  }
  if (found.length === 1 || wanted !== undefined) return first
  const sizes = found.map((table) => rowsOf(table).length)
  const largest = sizes.indexOf(Math.max(...sizes))
  notes.push(`The page has ${found.length} tables; number ${largest + 1}, the largest, is read (read.table chooses).`)
  return found[largest]!
}

/** The rows of a table without those of tables inside it. */
function rowsOf(table: Element): { row: Element; inHead: boolean }[] {
  const rows: { row: Element; inHead: boolean }[] = []
  for (const child of table.children) {
    if (!isTag(child)) continue
    if (child.name === 'tr') rows.push({ row: child, inHead: false })
    else if (child.name === 'thead' || child.name === 'tbody' || child.name === 'tfoot') {
      for (const row of child.children)
        if (isTag(row) && row.name === 'tr') rows.push({ row, inHead: child.name === 'thead' })
    }
  }
  return rows
}

interface Grid {
  readonly header: readonly string[]
  /** `row`: number of the row below the header, from 1. */
  readonly rows: readonly { readonly row: number; readonly cells: readonly string[] }[]
}

function gridOf(table: Element, source: string): Grid {
  const laid = layOut(rowsOf(table), source)
  const marked = laid.filter(({ isHead }) => isHead).length
  const nHead = marked > 0 && laid.slice(0, marked).every(({ isHead }) => isHead) ? marked : 1
  const heads = laid.slice(0, nHead).map(({ cells }) => cells)
  const width = Math.max(0, ...heads.map((cells) => cells.length))
  const header = Array.from({ length: width }, (_, i) => {
    const parts = heads.map((cells) => cells[i] ?? '').filter((text) => text !== '')
    return parts.filter((text, at) => parts.indexOf(text) === at).join(' ')
  })
  const rows = laid
    .slice(nHead)
    .map(({ cells }, i) => ({ row: i + 1, cells }))
    .filter(({ cells }) => cells.length > 0)
  return { header, rows }
}

/** The rows with cells that span several columns or rows in all of their places. */
function layOut(rows: ReturnType<typeof rowsOf>, source: string): { isHead: boolean; cells: string[] }[] {
  const reaching: { left: number; text: string }[] = []
  let nCells = 0
  return rows.map(({ row, inHead }) => {
    const cells: string[] = []
    const own = row.children.filter(
      (child): child is Element => isTag(child) && (child.name === 'td' || child.name === 'th'),
    )
    const fromAbove = () => {
      for (;;) {
        const above = reaching[cells.length]
        if (!above || above.left === 0) return
        above.left--
        cells.push(above.text)
      }
    }
    for (const cell of own) {
      fromAbove()
      const text = textContent(cell).replaceAll(/\s+/g, ' ').trim()
      const columns = span(cell, 'colspan', MAX_SPAN.columns)
      const below = span(cell, 'rowspan', MAX_SPAN.rows) - 1
      for (let i = 0; i < columns; i++) {
        reaching[cells.length] = { left: below, text }
        cells.push(text)
      }
      nCells += columns
      if (nCells > MAX_CELLS) throw new BellwetherError('FILE_UNREADABLE', `${source}: the table has too many cells.`)
    }
    fromAbove()
    return { isHead: inHead || (own.length > 0 && own.every(({ name }) => name === 'th')), cells }
  })
}

function span(cell: Element, attribute: string, most: number): number {
  const value = Number.parseInt(cell.attribs[attribute] ?? '1', 10)
  return Number.isInteger(value) && value >= 1 ? Math.min(value, most) : 1
}
