import type { Column } from './column.ts'
import type { Table } from './table.ts'

/** The same table with its numbers in shared memory, so that worker threads read it without a copy. Texts are copied when sent. */
export function shareTable(table: Table): Table {
  return {
    nRows: table.nRows,
    columns: new Map(Array.from(table.columns, ([name, column]) => [name, shareColumn(column)])),
  }
}

function shareColumn(column: Column): Column {
  switch (column.kind) {
    case 'category':
      return { ...column, codes: shareInt32(column.codes) }
    case 'text':
      return column
    default:
      return { kind: column.kind, values: shareFloat64(column.values) }
  }
}

export function shareFloat64(values: Float64Array): Float64Array {
  const shared = new Float64Array(new SharedArrayBuffer(values.byteLength))
  shared.set(values)
  return shared
}

export function shareInt32(values: Int32Array): Int32Array {
  const shared = new Int32Array(new SharedArrayBuffer(values.byteLength))
  shared.set(values)
  return shared
}
