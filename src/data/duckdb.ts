import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import type { DuckDBConnection, DuckDBDataChunk } from '@duckdb/node-api'
import { BellwetherError } from '../errors.ts'

/**
 * Runs `work` with a fresh in-memory DuckDB that loads no extensions and reaches no network, and closes it after.
 * DuckDB is loaded on first use: serving and most commands never need it.
 */
export async function withDuckDb<T>(work: (connection: DuckDBConnection) => Promise<T>): Promise<T> {
  const { connection, close } = await openDuckDb()
  try {
    return await work(connection)
  } finally {
    close()
  }
}

/** As `withDuckDb`, for who closes it by itself. */
export async function openDuckDb(): Promise<{ readonly connection: DuckDBConnection; close(): void }> {
  const { DuckDBInstance } = await import('@duckdb/node-api')
  const instance = await DuckDBInstance.create(':memory:', {
    autoinstall_known_extensions: 'false',
    autoload_known_extensions: 'false',
    allow_community_extensions: 'false',
  })
  try {
    const connection = await instance.connect()
    return {
      connection,
      close() {
        connection.closeSync()
        instance.closeSync()
      },
    }
  } catch (error) {
    instance.closeSync()
    throw error
  }
}

/** Calls `onChunk` for each chunk of a query's result (at most 2,048 rows), in order. Aborting interrupts the query. */
export async function forEachChunk(
  connection: DuckDBConnection,
  sql: string,
  onChunk: (chunk: DuckDBDataChunk) => void,
  signal?: AbortSignal,
): Promise<void> {
  for await (const chunk of queryChunks(connection, sql, signal)) onChunk(chunk)
}

/** The chunks of a query's result, in order; DuckDB works only as far as they are asked for. */
export async function* queryChunks(
  connection: DuckDBConnection,
  sql: string,
  signal?: AbortSignal,
): AsyncGenerator<DuckDBDataChunk> {
  const interrupt = () => connection.interrupt()
  signal?.addEventListener('abort', interrupt, { once: true })
  try {
    const result = await connection.stream(sql)
    for (;;) {
      if (signal?.aborted) throw new BellwetherError('CANCELLED', 'Reading was cancelled.')
      const chunk = await result.fetchChunk()
      if (chunk === null || chunk.rowCount === 0) return
      yield chunk
    }
  } catch (error) {
    if (signal?.aborted) throw new BellwetherError('CANCELLED', 'Reading was cancelled.', { cause: error })
    throw error
  } finally {
    signal?.removeEventListener('abort', interrupt)
  }
}

/** A text as an SQL literal. */
export function literal(text: string): string {
  return `'${text.replaceAll("'", "''")}'`
}

/** A path as an SQL literal that names this one file: DuckDB takes `*`, `?` and `[` for patterns. */
export function fileLiteral(file: string): string {
  return literal(path.resolve(file).replaceAll(/[*?[]/g, '[$&]'))
}

/** A name as an SQL identifier. */
export function identifier(name: string): string {
  return `"${name.replaceAll('"', '""')}"`
}

/** Runs `work` with a folder that only this user may enter, and removes it after. */
export async function withTemporaryFolder<T>(work: (folder: string) => Promise<T>): Promise<T> {
  const folder = await mkdtemp(path.join(tmpdir(), 'bellwether-'))
  try {
    return await work(folder)
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

/**
 * The cause to keep of a DuckDB failure: its kind alone, such as `Invalid Input Error`. The rest of the message may quote the
 * row at fault.
 */
export function failureKind(cause: unknown): Error {
  const text = cause instanceof Error ? cause.message : ''
  return new Error(`DuckDB: ${/^[A-Za-z ]+(?=:)/.exec(text)?.[0] ?? 'unknown failure'}`)
}
