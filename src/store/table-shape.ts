/** What a table is made of, as the database's own catalogue says. */
export interface TableShape {
  readonly name: string
  /** In the order of the table. */
  readonly columns: readonly string[]
  /** Columns of the primary key, in its order. */
  readonly key: readonly string[]
  /** Tables that its foreign keys point at; itself may be one. */
  readonly refersTo: readonly string[]
}

export interface ColumnRow {
  table: string
  column: string
  /** Place in the primary key from 1, or 0. */
  position: number
}

export interface ReferenceRow {
  table: string
  refers: string
}

export function tableShapes(columns: readonly ColumnRow[], references: readonly ReferenceRow[]): TableShape[] {
  const ofTable = Map.groupBy(columns, ({ table }) => table)
  return [...ofTable].map(([name, rows]) => ({
    name,
    columns: rows.map(({ column }) => column),
    key: rows
      .filter(({ position }) => position > 0)
      .sort((left, right) => left.position - right.position)
      .map(({ column }) => column),
    refersTo: [...new Set(references.filter(({ table }) => table === name).map(({ refers }) => refers))],
  }))
}
