import type { RawColumn, RawTable } from '../../table/raw-table.ts'

/** Some rows of a table that follow one another. Its malformed rows stay as they are. */
export function sliceRows(raw: RawTable, from: number, end: number): RawTable {
  return {
    ...raw,
    columns: raw.columns.map((column) => sliceColumn(column, from, end)),
    nRows: end - from,
    rowNumbers: raw.rowNumbers.slice(from, end),
  }
}

function sliceColumn(column: RawColumn, from: number, end: number): RawColumn {
  return column.type === 'text'
    ? { ...column, values: column.values.slice(from, end) }
    : { ...column, values: column.values.slice(from, end) }
}
