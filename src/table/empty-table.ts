import type { Column } from './column.ts'
import type { ColumnSchema } from './schema.ts'
import { makeTable, type Table } from './table.ts'

/** A table of no rows: what is known of the data of a model whose data is elsewhere. */
export function emptyTable(columns: readonly ColumnSchema[]): Table {
  return makeTable(
    columns.map((column): [string, Column] => [column.name, emptyColumn(column)]),
    0,
  )
}

function emptyColumn({ kind, observed, declared }: ColumnSchema): Column {
  switch (kind) {
    case 'number':
    case 'date':
      return { kind, values: new Float64Array(0) }
    case 'category':
      return { kind, codes: new Int32Array(0), categories: declared.categories ?? observed.categories }
    case 'text':
      return { kind, values: [] }
  }
}
