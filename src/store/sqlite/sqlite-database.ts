import type { DatabaseSync, StatementSync } from 'node:sqlite'
import { fileURLToPath } from 'node:url'
import { BellwetherError } from '../../errors.ts'
import type { SqlConnection, SqlDatabase, SqlValue } from '../sql-database.ts'
import { storageError } from '../storage-errors.ts'
import { type ColumnRow, type ReferenceRow, type TableShape, tableShapes } from '../table-shape.ts'
import { loadSqlite } from './load-sqlite.ts'

export interface SqliteOptions {
  readonly readOnly: boolean
  /** How long a writer waits for its turn before HOME_LOCKED. */
  readonly busyTimeoutMs: number
  /**
   * Write straight into the file, without a log beside it: for a file that nobody else knows yet. A log is brought into the file when it is
   * closed, and where the disk is full by then, SQLite leaves the rest of it there without a word.
   */
  readonly withoutLog?: boolean
  /** What messages call the file, where its own name would mean nothing to anyone. */
  readonly place?: string
}

const SELECT_TABLES = `SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite%' ORDER BY name`

const SELECT_COLUMNS = `
SELECT t.name AS "table", c.name AS "column", c.pk AS position FROM sqlite_master t, pragma_table_info(t.name) c
WHERE t.type = 'table' AND t.name NOT LIKE 'sqlite%' ORDER BY t.name, c.cid`
const SELECT_REFERENCES = `
SELECT DISTINCT t.name AS "table", f."table" AS refers FROM sqlite_master t, pragma_foreign_key_list(t.name) f WHERE t.type = 'table'`

/** Pages of the file that a connection keeps in memory, at most. */
const CACHE_KIB = 64 * 1024

/** Statements kept ready; the stores have fewer than that, and lists of ids make a few more. */
const MAX_STATEMENTS = 200

/**
 * One connection to one SQLite file: WAL, so that readers never wait; `synchronous=FULL`, so that a commit is on disk when it returns; foreign
 * keys. Transactions of this process take turns (the connection has one transaction at a time); those of other processes wait in SQLite.
 */
export class SqliteDatabase implements SqlDatabase {
  readonly #file: string
  readonly #database: DatabaseSync
  readonly #connection: SqlConnection
  readonly #statements = new Map<string, StatementSync>()
  #turn: Promise<unknown> = Promise.resolve()
  #closed = false

  private constructor(file: string, database: DatabaseSync) {
    this.#file = file
    this.#database = database
    this.#connection = {
      all: async <Row>(sql: string, ...values: readonly SqlValue[]) => this.#prepared(sql).all(...values) as Row[],
      tuples: async <Row extends readonly unknown[]>(sql: string, ...values: readonly SqlValue[]) => {
        const statement = this.#prepared(sql)
        statement.setReturnArrays(true)
        try {
          return statement.all(...values) as unknown as Row[]
        } finally {
          statement.setReturnArrays(false) // the same text may be asked for objects
        }
      },
      first: async <Row>(sql: string, ...values: readonly SqlValue[]) =>
        this.#prepared(sql).get(...values) as Row | undefined,
      run: async (sql, ...values) => Number(this.#prepared(sql).run(...values).changes),
    }
  }

  /** Opens a file that is there; a URL may carry parameters of SQLite. @throws HOME_DENIED, HOME_CORRUPT, HOME_READ_ONLY, HOME_LOCKED, STORAGE_FULL, STORAGE_FAILED */
  static open(location: string | URL, options: SqliteOptions): SqliteDatabase {
    const file = options.place ?? (location instanceof URL ? fileURLToPath(location) : location)
    const { DatabaseSync } = loadSqlite()
    let database: DatabaseSync | undefined
    try {
      database = new DatabaseSync(location, {
        readOnly: options.readOnly,
        timeout: options.busyTimeoutMs,
        enableForeignKeyConstraints: true,
      })
      database.enableDefensive(true)
      if (!options.readOnly)
        database.exec(`PRAGMA journal_mode = ${options.withoutLog ? 'DELETE' : 'WAL'}; PRAGMA synchronous = FULL`)
      // As PostgreSQL has it; a search that does not mind the case lowers both sides.
      database.exec('PRAGMA trusted_schema = OFF; PRAGMA case_sensitive_like = ON')
      // SQLite's own 2 MB hold less than one search among 100,000 runs goes through; memory is taken as pages are read.
      database.exec(`PRAGMA cache_size = -${CACHE_KIB}`)
      // Reads a page: what is no database is found here, not at the first query.
      database.prepare('SELECT COUNT(*) FROM sqlite_master').get()
      return new SqliteDatabase(file, database)
    } catch (error) {
      database?.close()
      throw storageError(error, file)
    }
  }

  read<T>(work: (sql: SqlConnection) => Promise<T>): Promise<T> {
    return this.#inTransaction('BEGIN', work)
  }

  write<T>(work: (sql: SqlConnection) => Promise<T>): Promise<T> {
    return this.#inTransaction('BEGIN IMMEDIATE', work)
  }

  async tables(): Promise<string[]> {
    const rows = await this.read((sql) => sql.all<{ name: string }>(SELECT_TABLES))
    return rows.map(({ name }) => name)
  }

  shapes(): Promise<TableShape[]> {
    return this.read(async (sql) =>
      tableShapes(await sql.all<ColumnRow>(SELECT_COLUMNS), await sql.all<ReferenceRow>(SELECT_REFERENCES)),
    )
  }

  purge(): Promise<void> {
    if (this.#closed) return Promise.reject(new BellwetherError('INTERNAL', `The database ${this.#file} was closed.`))
    const result = this.#turn.then(() => {
      try {
        // The file is written anew without what is free in it; then the log, which has the old pages, is emptied.
        this.#database.exec('VACUUM')
        this.#database.exec('PRAGMA wal_checkpoint(TRUNCATE)')
      } catch (error) {
        throw storageError(error, this.#file)
      }
    })
    this.#turn = result.catch(() => undefined)
    return result
  }

  async close(): Promise<void> {
    if (this.#closed) return
    this.#closed = true
    await this.#turn
    this.#statements.clear()
    this.#database.close()
  }

  #inTransaction<T>(begin: string, work: (sql: SqlConnection) => Promise<T>): Promise<T> {
    if (this.#closed) return Promise.reject(new BellwetherError('INTERNAL', `The database ${this.#file} was closed.`))
    const result = this.#turn.then(() => this.#transact(begin, work))
    this.#turn = result.catch(() => undefined)
    return result
  }

  async #transact<T>(begin: string, work: (sql: SqlConnection) => Promise<T>): Promise<T> {
    try {
      this.#database.exec(begin)
      const result = await work(this.#connection)
      this.#database.exec('COMMIT')
      return result
    } catch (error) {
      this.#rollback()
      throw storageError(error, this.#file)
    }
  }

  /** SQLite ends the transaction itself after some errors (a full disk); then there is nothing left to undo. */
  #rollback(): void {
    if (this.#database.isTransaction) this.#database.exec('ROLLBACK')
  }

  #prepared(sql: string): StatementSync {
    const known = this.#statements.get(sql)
    if (known) return known
    if (this.#statements.size >= MAX_STATEMENTS) this.#statements.clear()
    const statement = this.#database.prepare(sql)
    this.#statements.set(sql, statement)
    return statement
  }
}
