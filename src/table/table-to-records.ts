import type { ColumnSchema } from './schema.ts'
import { columnOf, type Table } from './table.ts'

/** A value as JSON writes it. */
export type JsonScalar = string | number | boolean | null

/** The rows of a table as JSON records, in the types that a request has; the other way round than `recordsToTable`. */
export function tableToRecords(table: Table, columns: readonly ColumnSchema[]): Record<string, JsonScalar>[] {
  const readers = columns.map((schema) => [schema.name, readerOf(table, schema)] as const)
  return Array.from({ length: table.nRows }, (_, row) =>
    Object.fromEntries(readers.map(([name, read]) => [name, read(row)])),
  )
}

function readerOf(table: Table, { name, dataType }: ColumnSchema): (row: number) => JsonScalar {
  const column = columnOf(table, name)
  switch (column.kind) {
    case 'category':
      return (row) => {
        const text = column.categories[column.codes[row]!]
        if (text === undefined) return null
        if (dataType === 'boolean') return text === 'true'
        return dataType === 'integer' || dataType === 'float' ? Number(text) : text
      }
    case 'text':
      return (row) => column.values[row] ?? null
    case 'date':
      return (row) => (Number.isNaN(column.values[row]) ? null : new Date(column.values[row]!).toISOString())
    case 'number':
      return (row) => (Number.isNaN(column.values[row]) ? null : column.values[row]!)
  }
}
