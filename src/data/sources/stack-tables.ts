import { BellwetherError } from '../../errors.ts'
import { type RawColumn, type RawTable, rawText } from '../../table/raw-table.ts'

/**
 * Tables of one shape, one below the other. Columns are matched by name, in the first table's order; where types differ, whole numbers become
 * decimal ones and all else text.
 * @param fileColumn Name of a further column with each table's source.
 * @throws HEADER_MISMATCH when the columns differ, HEADER_DUPLICATED when `fileColumn` is there already
 */
export function stackTables(tables: readonly RawTable[], place: string, fileColumn?: string): RawTable {
  const first = tables[0]!
  for (const table of tables) checkColumns(first, table)
  if (fileColumn !== undefined && first.columns.some(({ name }) => name === fileColumn)) {
    throw new BellwetherError('HEADER_DUPLICATED', `${first.source} has a column "${fileColumn}" of its own.`, {
      hint: 'Choose another name for `fileColumn`.',
    })
  }
  const nRows = tables.reduce((sum, table) => sum + table.nRows, 0)
  const columns: RawColumn[] = first.columns.map(({ name }) =>
    stackColumn(
      name,
      tables.map((table) => table.columns.find((column) => column.name === name)!),
    ),
  )
  if (fileColumn !== undefined) {
    columns.push({
      name: fileColumn,
      type: 'text',
      values: tables.flatMap((table) => new Array<string>(table.nRows).fill(table.source)),
    })
  }
  const spans: string[] = []
  let end = 0
  for (const table of tables) {
    const begin = end + 1
    end += table.nRows + table.malformed.length
    spans.push(`${begin}–${end} ${table.source}`)
  }
  const shown = spans.length > 6 ? [...spans.slice(0, 5), `… ${spans.length} files`] : spans
  const notes = tables.flatMap((table) => table.notes.map((note) => `${table.source}: ${note}`))
  return {
    source: place,
    columns,
    nRows,
    ...numbered(tables),
    rowNoun: 'record',
    missing: [...new Set(tables.flatMap(({ missing }) => missing))],
    decimal: first.decimal,
    notes: [`${tables.length} files are read as one table; its rows are ${shown.join(', ')}.`, ...notes.slice(0, 20)],
  }
}

/** Rows are counted through all tables, readable or not, each table's in its own order. */
function numbered(tables: readonly RawTable[]): Pick<RawTable, 'rowNumbers' | 'malformed'> {
  const rowNumbers: number[] = []
  const malformed: RawTable['malformed'][number][] = []
  let number = 0
  for (const table of tables) {
    let row = 0
    let bad = 0
    while (row < table.nRows || bad < table.malformed.length) {
      number++
      const next = table.malformed[bad]
      if (next && (row >= table.nRows || next.row < table.rowNumbers[row]!)) {
        malformed.push({ ...next, row: number, reason: `${table.source} ${table.rowNoun} ${next.row}: ${next.reason}` })
        bad++
      } else {
        rowNumbers.push(number)
        row++
      }
    }
  }
  return { rowNumbers: Uint32Array.from(rowNumbers), malformed }
}

function checkColumns(first: RawTable, table: RawTable): void {
  const expected = new Set(first.columns.map(({ name }) => name))
  const found = new Set(table.columns.map(({ name }) => name))
  const lacking = [...expected].filter((name) => !found.has(name))
  const further = [...found].filter((name) => !expected.has(name))
  if (lacking.length === 0 && further.length === 0 && table.decimal === first.decimal) return
  const named = (names: string[]) =>
    names
      .slice(0, 5)
      .map((name) => `"${name}"`)
      .join(', ')
  const faults = [
    ...(lacking.length > 0 ? [`lacks ${named(lacking)}`] : []),
    ...(further.length > 0 ? [`has ${named(further)} besides`] : []),
    ...(table.decimal === first.decimal ? [] : [`writes decimals with "${table.decimal}", not "${first.decimal}"`]),
  ]
  throw new BellwetherError(
    'HEADER_MISMATCH',
    `${table.source} cannot be put below ${first.source}: it ${faults.join(' and ')}.`,
  )
}

function stackColumn(name: string, parts: readonly RawColumn[]): RawColumn {
  const types = new Set(parts.map(({ type }) => type))
  const [only] = types
  if (types.size === 1 && only !== 'text') return { name, type: only!, values: join(parts) }
  if (!types.has('text') && [...types].every((type) => type === 'integer' || type === 'float'))
    return { name, type: 'float', values: join(parts) }
  return {
    name,
    type: 'text',
    values: parts.flatMap((part) =>
      part.type === 'text' ? part.values : Array.from(part.values, (_, row) => rawText(part, row)),
    ),
  }
}

function join(parts: readonly RawColumn[]): Float64Array {
  const values = new Float64Array(parts.reduce((sum, part) => sum + part.values.length, 0))
  let at = 0
  for (const part of parts) {
    values.set(part.values as Float64Array, at)
    at += part.values.length
  }
  return values
}
