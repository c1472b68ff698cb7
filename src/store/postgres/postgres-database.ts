import { createHash } from 'node:crypto'
import type { ClientConfig, Pool, PoolClient } from 'pg'
import { BellwetherError } from '../../errors.ts'
import { shownUrl } from '../home-place.ts'
import type { SqlConnection, SqlDatabase, SqlValue } from '../sql-database.ts'
import { type ColumnRow, type ReferenceRow, type TableShape, tableShapes } from '../table-shape.ts'
import { isLost, postgresError } from './postgres-errors.ts'
import { postgresStatement } from './postgres-statement.ts'

export interface PostgresOptions {
  readonly readOnly: boolean
  /** How long a writer waits for its turn before HOME_LOCKED. */
  readonly busyTimeoutMs: number
  /** Connections of this process at most. Default: 10. */
  readonly connections?: number
}

/** A statement that takes longer has gone wrong; a whole table that is copied comes in pages. */
const STATEMENT_TIMEOUT_MS = 120_000
/** A process that stopped inside a transaction must not hold the turn of the others for good. */
const IDLE_TRANSACTION_MS = 120_000
const CONNECT_TIMEOUT_MS = 10_000
/** Statements that a connection keeps ready; those of searches are without end. */
const MAX_STATEMENTS = 200

const BEGIN_READ = 'BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY'
/**
 * Writers take turns by a lock of this home (its schema), which ends with the transaction; what the one before saved is then seen. A
 * commit is durable also where the server's own setting says otherwise.
 */
const beginWrite = (busyTimeoutMs: number) => `BEGIN;
SET LOCAL lock_timeout = ${Math.max(1, Math.floor(busyTimeoutMs))};
SELECT pg_advisory_xact_lock(hashtext('bellwether'), hashtext(current_schema()));
SET LOCAL lock_timeout = 0;
SELECT set_config('synchronous_commit', 'on', true) WHERE current_setting('synchronous_commit') = 'off'`

const PURGE = 'VACUUM (FULL) datasets, dataset_sources'
const SELECT_TABLES = `SELECT tablename AS name FROM pg_tables WHERE schemaname = current_schema() ORDER BY tablename`
const SELECT_COLUMNS = `
SELECT t.relname AS "table", c.attname AS "column", COALESCE(array_position(k.indkey::int2[], c.attnum) + 1, 0) AS position
FROM pg_class t JOIN pg_attribute c ON c.attrelid = t.oid AND c.attnum > 0 AND NOT c.attisdropped
LEFT JOIN pg_index k ON k.indrelid = t.oid AND k.indisprimary
WHERE t.relkind = 'r' AND t.relnamespace = current_schema()::regnamespace ORDER BY t.relname, c.attnum`
const SELECT_REFERENCES = `
SELECT DISTINCT t.relname AS "table", r.relname AS refers
FROM pg_constraint f JOIN pg_class t ON t.oid = f.conrelid JOIN pg_class r ON r.oid = f.confrelid
WHERE f.contype = 'f' AND t.relnamespace = current_schema()::regnamespace`
const SELECT_ENCODING = `SELECT current_setting('server_encoding') AS encoding, current_schema() AS schema`

/** Object identifiers of types, in PostgreSQL's catalogue. */
const INT8 = 20
const INT4 = 23
const INT2 = 21
const FLOAT4 = 700
const FLOAT8 = 701
const NUMERIC = 1700

/**
 * A PostgreSQL database through a pool of connections. Readers see one state (REPEATABLE READ) and never wait; writers take turns, as on
 * SQLite. A connection that is lost is replaced at the next transaction; the one that it was lost in fails.
 */
export class PostgresDatabase implements SqlDatabase {
  readonly #place: string
  readonly #pool: Pool
  readonly #beginWrite: string
  readonly #busyTimeoutMs: number
  /** Ends when the last writer of this process in the queue has. */
  #turn: Promise<unknown> = Promise.resolve()
  readonly #prepared = new WeakMap<PoolClient, Map<string, string>>()
  #closed = false

  private constructor(place: string, pool: Pool, options: PostgresOptions) {
    this.#place = place
    this.#pool = pool
    this.#beginWrite = beginWrite(options.busyTimeoutMs)
    this.#busyTimeoutMs = options.busyTimeoutMs
  }

  /**
   * Connects. @param url `postgres://user:password@host:port/database?sslmode=verify-full`, as libpq has it
   * @throws DATABASE_UNREACHABLE, HOME_DENIED, HOME_NOT_FOUND, USAGE for a database that is not UTF-8
   */
  static async open(url: string, options: PostgresOptions): Promise<PostgresDatabase> {
    const place = shownUrl(url)
    const { default: pg } = await import('pg')
    const config: ClientConfig = {
      connectionString: url,
      application_name: 'bellwether',
      connectionTimeoutMillis: CONNECT_TIMEOUT_MS,
      statement_timeout: STATEMENT_TIMEOUT_MS,
      idle_in_transaction_session_timeout: IDLE_TRANSACTION_MS,
      keepAlive: true,
      types: { getTypeParser: (oid: number) => parserOf(oid) as never },
    }
    let pool: Pool
    try {
      pool = new pg.Pool({ ...config, max: options.connections ?? 10 })
    } catch {
      throw new BellwetherError('USAGE', `${place} is no address of a PostgreSQL database.`)
    }
    // A connection that is lost while nobody uses it: the pool has taken it out, and the next transaction gets another one.
    pool.on('error', () => undefined)
    const database = new PostgresDatabase(place, pool, options)
    try {
      const found = await database.read((sql) =>
        sql.first<{ encoding: string; schema: string | null }>(SELECT_ENCODING),
      )
      if (found?.encoding !== 'UTF8')
        throw new BellwetherError('USAGE', `${place} has the encoding ${found?.encoding}; make one with UTF8.`)
      if (found.schema === null)
        throw new BellwetherError('HOME_NOT_FOUND', `${place}: its search_path names no schema.`)
      return database
    } catch (error) {
      await database.close()
      throw error
    }
  }

  read<T>(work: (sql: SqlConnection) => Promise<T>): Promise<T> {
    return this.#transact(BEGIN_READ, work)
  }

  /**
   * Writers of this process wait for one another here and not in the database: each that waited there would hold a connection, and a few
   * of them all that the pool has.
   */
  async write<T>(work: (sql: SqlConnection) => Promise<T>): Promise<T> {
    const before = this.#turn
    const { promise: ended, resolve: end } = Promise.withResolvers<void>()
    this.#turn = before.then(() => ended)
    try {
      await this.#waited(before)
      return await this.#transact(this.#beginWrite, work)
    } finally {
      end()
    }
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

  /** The tables that hold facts of data are written anew; a copy may be left in the server's log (WAL) and in its backups. */
  async purge(): Promise<void> {
    try {
      await this.#pool.query(PURGE)
    } catch (error) {
      throw postgresError(error, this.#place)
    }
  }

  async close(): Promise<void> {
    if (this.#closed) return
    this.#closed = true
    await this.#pool.end()
  }

  /** @throws HOME_LOCKED where the turn does not come in time */
  async #waited(turn: Promise<unknown>): Promise<void> {
    let timer: NodeJS.Timeout | undefined
    const late = new Promise<never>((_, reject) => {
      const why = `${this.#place}: the writers before this one have been writing for too long.`
      timer = setTimeout(() => reject(new BellwetherError('HOME_LOCKED', why)), this.#busyTimeoutMs)
    })
    try {
      await Promise.race([turn, late])
    } finally {
      clearTimeout(timer)
    }
  }

  async #transact<T>(begin: string, work: (sql: SqlConnection) => Promise<T>): Promise<T> {
    if (this.#closed) throw new BellwetherError('INTERNAL', `The database ${this.#place} was closed.`)
    let client: PoolClient | undefined
    try {
      client = await this.#begin(begin)
      const result = await work(this.#connection(client))
      const { command } = await client.query('COMMIT')
      // PostgreSQL answers so, without an error, where a statement before had failed.
      if (command !== 'COMMIT') throw new BellwetherError('INTERNAL', `${this.#place} did not save a transaction.`)
      client.release()
      return result
    } catch (error) {
      if (client) await rollback(client)
      throw postgresError(error, this.#place)
    }
  }

  /** A connection may have been lost unnoticed while it was idle; nothing was done on it yet, so another one is as good. */
  async #begin(begin: string): Promise<PoolClient> {
    for (let attempt = 1; ; attempt += 1) {
      const client = await this.#pool.connect()
      // Without a listener, a connection that is lost between two statements would end the process.
      if (client.listenerCount('error') < 2) client.on('error', () => undefined)
      try {
        await client.query(begin)
        return client
      } catch (error) {
        if (attempt < 3 && isLost(error, this.#place)) client.release(true)
        else {
          await rollback(client)
          throw error
        }
      }
    }
  }

  #connection(client: PoolClient): SqlConnection {
    const asked = (sql: string, values: readonly SqlValue[]) => {
      const { text, values: texts } = postgresStatement(sql, values)
      const name = this.#nameOf(client, text, texts.length > 0)
      return { text, values: [...texts], ...(name === null ? {} : { name }) }
    }
    const query = async (sql: string, values: readonly SqlValue[]) => client.query(asked(sql, values))
    return {
      all: async <Row>(sql: string, ...values: readonly SqlValue[]) => (await query(sql, values)).rows as Row[],
      tuples: async <Row extends readonly unknown[]>(sql: string, ...values: readonly SqlValue[]) =>
        (await client.query({ ...asked(sql, values), rowMode: 'array' })).rows as unknown[] as Row[],
      first: async <Row>(sql: string, ...values: readonly SqlValue[]) =>
        (await query(sql, values)).rows[0] as Row | undefined,
      run: async (sql, ...values) => (await query(sql, values)).rowCount ?? 0,
    }
  }

  /** A name makes the server keep the statement's plan for the connection. */
  #nameOf(client: PoolClient, text: string, hasValues: boolean): string | null {
    if (!hasValues) return null
    const names = this.#prepared.get(client) ?? new Map<string, string>()
    this.#prepared.set(client, names)
    const known = names.get(text)
    if (known) return known
    if (names.size >= MAX_STATEMENTS) return null
    const name = createHash('sha256').update(text).digest('hex').slice(0, 32)
    names.set(text, name)
    return name
  }
}

/** Undoes what was begun; a connection on which that fails is not used again. */
async function rollback(client: PoolClient): Promise<void> {
  try {
    await client.query('ROLLBACK')
    client.release()
  } catch {
    client.release(true)
  }
}

function parserOf(oid: number): (text: string) => unknown {
  switch (oid) {
    case INT8:
      return safeInteger
    case INT2:
    case INT4:
    case FLOAT4:
    case FLOAT8:
    case NUMERIC:
      return Number
    default:
      return (text) => text
  }
}

function safeInteger(text: string): number {
  const value = Number(text)
  if (Number.isSafeInteger(value)) return value
  throw new BellwetherError(
    'INTERNAL',
    'A whole number in the database is larger than 2^53, and can not be read exactly.',
  )
}
