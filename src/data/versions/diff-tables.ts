import { BellwetherError } from '../../errors.ts'
import { columnDrift } from '../../evaluate/drift/column-drift.ts'
import { type Column, isMissing } from '../../table/column.ts'
import type { ColumnSchema, TableSchema } from '../../table/schema.ts'
import { columnOf, type Table } from '../../table/table.ts'

/** A table with the schema of its version. */
export interface VersionTable {
  readonly table: Table
  readonly schema: TableSchema
}

export interface ColumnType {
  readonly kind: ColumnSchema['kind']
  readonly dataType: ColumnSchema['dataType']
}

/** What lies between two tables. Counts and statistics; no row and no value of one. */
export interface TableDiff {
  readonly schema: {
    readonly added: readonly string[]
    readonly removed: readonly string[]
    readonly changed: readonly { readonly name: string; readonly from: ColumnType; readonly to: ColumnType }[]
  }
  readonly rows: {
    /** The column whose values tell which row is which; null: a row is its content. */
    readonly id: string | null
    readonly before: number
    readonly after: number
    readonly added: number
    readonly removed: number
    /** Rows of the same id with another value in a column that both tables have; null without an id. */
    readonly changed: number | null
    readonly unchanged: number
  }
  /** Columns that both tables have, in the order of the second. */
  readonly columns: readonly ColumnDiff[]
}

export interface ColumnDiff {
  readonly name: string
  /** Rows of the same id with another value; null without an id. */
  readonly changed: number | null
  readonly missingBefore: number
  readonly missingAfter: number
  /** Population stability index over bins of the first table; null where a table has no rows, and for the id. */
  readonly psi: number | null
  /** Jensen–Shannon distance over the same bins, natural logarithm. */
  readonly jensenShannon: number | null
}

/**
 * Compares two tables: their columns, their rows, and how far each column's values moved. Rows are compared over the columns that both have, by what
 * their values are as texts, so that a column that became a category is not a change of every row.
 * @param id Column that both have, with another value in each row; null: rows are told apart by their content.
 * @throws COLUMN_NOT_FOUND, INVALID_INPUT where its values are missing or come twice
 */
export function diffTables(before: VersionTable, after: VersionTable, id: string | null): TableDiff {
  const types = (schema: TableSchema) => new Map(schema.columns.map((column) => [column.name, column]))
  const [from, to] = [types(before.schema), types(after.schema)]
  const shared = [...to.keys()].filter((name) => from.has(name))
  if (id !== null && !shared.includes(id))
    throw new BellwetherError('COLUMN_NOT_FOUND', `The id column "${id}" is not in both versions.`)
  const rows =
    id === null ? rowsByContent(before.table, after.table, shared) : rowsById(before.table, after.table, shared, id)
  return {
    schema: {
      added: [...to.keys()].filter((name) => !from.has(name)),
      removed: [...from.keys()].filter((name) => !to.has(name)),
      changed: shared.flatMap((name) => {
        const [a, b] = [typeOf(from.get(name)!), typeOf(to.get(name)!)]
        return a.kind === b.kind && a.dataType === b.dataType ? [] : [{ name, from: a, to: b }]
      }),
    },
    rows: { id, before: before.table.nRows, after: after.table.nRows, ...rows.counts },
    columns: shared.map((name) => {
      const [a, b] = [columnOf(before.table, name), columnOf(after.table, name)]
      const drift = name === id ? null : columnDrift(a, b)
      return {
        name,
        changed: rows.changedByColumn?.get(name) ?? null,
        missingBefore: countMissing(a, before.table.nRows),
        missingAfter: countMissing(b, after.table.nRows),
        psi: drift?.psi ?? null,
        jensenShannon: drift?.jensenShannon ?? null,
      }
    }),
  }
}

const typeOf = ({ kind, dataType }: ColumnSchema): ColumnType => ({ kind, dataType })

interface RowCounts {
  readonly counts: Pick<TableDiff['rows'], 'added' | 'removed' | 'changed' | 'unchanged'>
  readonly changedByColumn: ReadonlyMap<string, number> | null
}

/** A row that is in a table three times and in the other twice was added or removed once. */
function rowsByContent(before: Table, after: Table, shared: readonly string[]): RowCounts {
  const left = new Map<string, number>()
  const keyBefore = rowKeys(before, shared)
  for (let row = 0; row < before.nRows; row++) {
    const key = keyBefore(row)
    left.set(key, (left.get(key) ?? 0) + 1)
  }
  const keyAfter = rowKeys(after, shared)
  let unchanged = 0
  for (let row = 0; row < after.nRows; row++) {
    const key = keyAfter(row)
    const count = left.get(key) ?? 0
    if (count === 0) continue
    left.set(key, count - 1)
    unchanged += 1
  }
  const counts = { added: after.nRows - unchanged, removed: before.nRows - unchanged, changed: null, unchanged }
  return { counts, changedByColumn: null }
}

function rowsById(before: Table, after: Table, shared: readonly string[], id: string): RowCounts {
  const rowsBefore = rowsOfIds(before, id)
  const rowsAfter = rowsOfIds(after, id)
  const readers = shared
    .filter((name) => name !== id)
    .map((name) => ({ name, a: valueText(columnOf(before, name)), b: valueText(columnOf(after, name)) }))
  const changedByColumn = new Map(readers.map(({ name }) => [name, 0]))
  let changed = 0
  let unchanged = 0
  for (const [value, row] of rowsAfter) {
    const earlier = rowsBefore.get(value)
    if (earlier === undefined) continue
    let differs = false
    for (const { name, a, b } of readers) {
      if (a(earlier) === b(row)) continue
      differs = true
      changedByColumn.set(name, changedByColumn.get(name)! + 1)
    }
    if (differs) changed += 1
    else unchanged += 1
  }
  const both = changed + unchanged
  return { counts: { added: after.nRows - both, removed: before.nRows - both, changed, unchanged }, changedByColumn }
}

/** @throws INVALID_INPUT; no value of a person is named */
function rowsOfIds(table: Table, id: string): Map<string, number> {
  const value = valueText(columnOf(table, id))
  const rows = new Map<string, number>()
  for (let row = 0; row < table.nRows; row++) {
    const text = value(row)
    if (text === null || rows.has(text))
      throw new BellwetherError(
        'INVALID_INPUT',
        `The id column "${id}" has ${text === null ? 'a missing value' : 'a value twice'} (row ${row + 1}).`,
        { hint: 'Compare by content, without --id, or name a column with another value in each row.' },
      )
    rows.set(text, row)
  }
  return rows
}

function rowKeys(table: Table, names: readonly string[]): (row: number) => string {
  const values = names.map((name) => valueText(columnOf(table, name)))
  return (row) => JSON.stringify(values.map((value) => value(row)))
}

/** A value as text: 1, `1` and the category "1" are the same. */
function valueText(column: Column): (row: number) => string | null {
  switch (column.kind) {
    case 'category':
      return (row) => column.categories[column.codes[row]!] ?? null
    case 'text':
      return (row) => column.values[row] ?? null
    default:
      return (row) => (Number.isNaN(column.values[row]) ? null : String(column.values[row]! + 0))
  }
}

function countMissing(column: Column, nRows: number): number {
  let missing = 0
  for (let row = 0; row < nRows; row++) if (isMissing(column, row)) missing += 1
  return missing
}
