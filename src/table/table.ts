import { BellwetherError } from '../errors.ts'
import { type Column, columnLength, selectColumn } from './column.ts'

/** Named, typed columns of equal length, in the file's order. Immutable: operations give a new table that may share columns. */
export interface Table {
  readonly nRows: number
  readonly columns: ReadonlyMap<string, Column>
}

/** @throws INTERNAL when the columns differ in length. */
export function makeTable(columns: Iterable<readonly [string, Column]>, nRows?: number): Table {
  const map = new Map(columns)
  let rows = nRows
  for (const [name, column] of map) {
    rows ??= columnLength(column)
    if (columnLength(column) !== rows)
      throw new BellwetherError('INTERNAL', `Column "${name}" has ${columnLength(column)} rows, the table ${rows}.`)
  }
  return { nRows: rows ?? 0, columns: map }
}

/** The given rows, in the given order; a row may come more than once. */
export function selectRows(table: Table, rows: Uint32Array): Table {
  return {
    nRows: rows.length,
    columns: new Map(Array.from(table.columns, ([name, column]) => [name, selectColumn(column, rows)])),
  }
}

/** The named columns, in the given order; names that the table lacks are an error. */
export function selectColumns(table: Table, names: readonly string[]): Table {
  return { nRows: table.nRows, columns: new Map(names.map((name) => [name, columnOf(table, name)])) }
}

/** @throws INTERNAL when the table has no such column (inputs are checked against the schema long before). */
export function columnOf(table: Table, name: string): Column {
  const column = table.columns.get(name)
  if (!column) throw new BellwetherError('INTERNAL', `The table has no column "${name}".`)
  return column
}
