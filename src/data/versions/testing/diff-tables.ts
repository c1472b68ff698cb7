import { columnDrift } from '../../../evaluate/drift/column-drift.ts'
import { type Column, isMissing } from '../../../table/column.ts'
import type { TableSchema } from '../../../table/schema.ts'
import { columnOf, type Table } from '../../../table/table.ts'
import { diffSchemas, type RowsDiff, requireSharedId, sharedNames, type TableDiff, unusableId } from '../table-diff.ts'

/** A table with the schema of its version. */
export interface VersionTable {
  readonly table: Table
  readonly schema: TableSchema
}

/**
 * The naive twin of `diffTableFiles`: both tables in memory, row by row.
 * @throws as it does
 */
export function diffTables(before: VersionTable, after: VersionTable, id: string | null): TableDiff {
  const shared = sharedNames(before.schema, after.schema)
  requireSharedId(id, shared)
  const rows =
    id === null ? rowsByContent(before.table, after.table, shared) : rowsById(before.table, after.table, shared, id)
  return {
    schema: diffSchemas(before.schema, after.schema),
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

/** A row that is in a table three times and in the other twice was added or removed once. */
function rowsByContent(before: Table, after: Table, shared: readonly string[]): RowsDiff {
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

function rowsById(before: Table, after: Table, shared: readonly string[], id: string): RowsDiff {
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

/** @throws INVALID_INPUT */
function rowsOfIds(table: Table, id: string): Map<string, number> {
  const value = valueText(columnOf(table, id))
  const rows = new Map<string, number>()
  for (let row = 0; row < table.nRows; row++) {
    const text = value(row)
    if (text === null || rows.has(text)) throw unusableId(id, text === null ? 'missing' : 'twice', row + 1)
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
