import type { TableShape } from './table-shape.ts'

/** What a column of a result may hold; the stores use texts and numbers alone, and null. */
export type SqlValue = string | number | null

/**
 * One connection inside a transaction. SQL is what SQLite and PostgreSQL both take: `?` for each value, `ON CONFLICT`, `RETURNING`,
 * `IS NOT DISTINCT FROM`; a dialect that numbers its placeholders rewrites them.
 */
export interface SqlConnection {
  all<Row>(sql: string, ...values: readonly SqlValue[]): Promise<Row[]>
  /** The rows as lists of values in the order of the columns: for many rows a third of the time that objects take. */
  tuples<Row extends readonly unknown[]>(sql: string, ...values: readonly SqlValue[]): Promise<Row[]>
  /** The first row, or undefined. */
  first<Row>(sql: string, ...values: readonly SqlValue[]): Promise<Row | undefined>
  /** @returns How many rows were changed. */
  run(sql: string, ...values: readonly SqlValue[]): Promise<number>
}

/** A database that the stores are written on, whatever its dialect. Errors are BellwetherErrors (`storageError`). */
export interface SqlDatabase {
  /** Queries that see one state of the database. */
  read<T>(work: (sql: SqlConnection) => Promise<T>): Promise<T>
  /**
   * Changes that are all saved when this resolves (they survive `kill -9` and a power cut) or not at all when it throws. Writers take turns,
   * also those of other processes. `work` awaits nothing but its queries: it holds the lock.
   */
  write<T>(work: (sql: SqlConnection) => Promise<T>): Promise<T>
  /**
   * What was deleted or overwritten before can't be read out of the database's files any more. Takes time and room with the size of the database.
   * Pages that another process still reads stay until it has done so.
   */
  purge(): Promise<void>
  /** Names of the tables that are there. */
  tables(): Promise<string[]>
  /** What those tables are made of. */
  shapes(): Promise<TableShape[]>
  close(): Promise<void>
}
