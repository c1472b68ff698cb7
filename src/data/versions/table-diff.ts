import { BellwetherError } from '../../errors.ts'
import type { ColumnSchema, TableSchema } from '../../table/schema.ts'

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

/** What rows were found to be. */
export interface RowsDiff {
  readonly counts: Pick<TableDiff['rows'], 'added' | 'removed' | 'changed' | 'unchanged'>
  /** By column; null without an id. */
  readonly changedByColumn: ReadonlyMap<string, number> | null
}

/** Names of the columns that both have, in the order of the second. */
export function sharedNames(before: TableSchema, after: TableSchema): string[] {
  const names = new Set(before.columns.map(({ name }) => name))
  return after.columns.map(({ name }) => name).filter((name) => names.has(name))
}

/** Columns that came, went, and are of another type. */
export function diffSchemas(before: TableSchema, after: TableSchema): TableDiff['schema'] {
  const byName = (schema: TableSchema) => new Map(schema.columns.map((column) => [column.name, column]))
  const [from, to] = [byName(before), byName(after)]
  return {
    added: [...to.keys()].filter((name) => !from.has(name)),
    removed: [...from.keys()].filter((name) => !to.has(name)),
    changed: sharedNames(before, after).flatMap((name) => {
      const [a, b] = [typeOf(from.get(name)!), typeOf(to.get(name)!)]
      return a.kind === b.kind && a.dataType === b.dataType ? [] : [{ name, from: a, to: b }]
    }),
  }
}

const typeOf = ({ kind, dataType }: ColumnSchema): ColumnType => ({ kind, dataType })

/** @throws COLUMN_NOT_FOUND where one of the tables lacks the id */
export function requireSharedId(id: string | null, shared: readonly string[]): void {
  if (id !== null && !shared.includes(id))
    throw new BellwetherError('COLUMN_NOT_FOUND', `The id column "${id}" is not in both versions.`)
}

/** An id that can't tell rows apart. No value of a person is named. @param row From 1. */
export function unusableId(id: string, fault: 'missing' | 'twice', row: number): BellwetherError {
  return new BellwetherError(
    'INVALID_INPUT',
    `The id column "${id}" has ${fault === 'missing' ? 'a missing value' : 'a value twice'} (row ${row}).`,
    { hint: 'Compare by content, without --id, or name a column with another value in each row.' },
  )
}
