import path from 'node:path'
import type { DuckDBConnection } from '@duckdb/node-api'
import { BellwetherError } from '../../errors.ts'
import type { RawTable } from '../../table/raw-table.ts'
import type { ReadOptions } from '../data-options.ts'
import { failureKind, fileLiteral, literal, openDuckDb, queryChunks, withDuckDb } from '../duckdb.ts'
import { chunkColumns, describeQuery } from '../query-table.ts'
import type { ChunkedTable } from './chunked-table.ts'
import { hashFile } from './csv-chunks.ts'

/** What DuckDB may keep in memory of a file; the rest it reads again. */
export const DUCKDB_MEMORY = '256MB'

/** One thread keeps the order of rows and needs the least memory. */
export async function constrainMemory(connection: DuckDBConnection): Promise<void> {
  await connection.run('SET threads = 1')
  await connection.run(`SET memory_limit = ${literal(DUCKDB_MEMORY)}`)
}

/**
 * A Parquet file in chunks, typed as `readParquetFile` does.
 * @throws FILE_UNREADABLE, NO_ROWS, HEADER_DUPLICATED, CANCELLED
 */
export async function parquetChunks(
  file: string,
  read: Pick<ReadOptions, 'missing'>,
  signal?: AbortSignal,
): Promise<ChunkedTable> {
  const source = path.basename(file)
  const from = `read_parquet(${fileLiteral(file)})`
  const { columns, nRows } = await readably(source, () =>
    withDuckDb(async (connection) => {
      await constrainMemory(connection)
      const counted = await connection.runAndReadAll(`SELECT count(*) FROM ${from}`)
      return { columns: await describeQuery(connection, from, source), nRows: Number(counted.getRows()[0]![0]) }
    }),
  )
  if (nRows === 0) throw new BellwetherError('NO_ROWS', `${source} has columns and no rows.`)
  return {
    source,
    rowNoun: 'record',
    names: columns.names,
    nRows,
    sha256: await hashFile(file, signal),
    notes: columns.notes,
    async *chunks(cancel) {
      const { connection, close } = await openDuckDb()
      let nRead = 0
      try {
        await constrainMemory(connection)
        for await (const chunk of queryChunks(connection, columns.selected, cancel)) {
          const before = nRead
          nRead += chunk.rowCount
          yield {
            source,
            columns: chunkColumns(chunk, columns),
            nRows: chunk.rowCount,
            rowNumbers: Uint32Array.from({ length: chunk.rowCount }, (_, i) => before + i + 1),
            rowNoun: 'record',
            missing: read.missing,
            decimal: '.',
            malformed: [],
            notes: [],
          } satisfies RawTable
        }
      } catch (error) {
        throw unreadable(source, error)
      } finally {
        close()
      }
    },
  }
}

async function readably<T>(source: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (error) {
    throw unreadable(source, error)
  }
}

/** DuckDB's own message may quote what it choked on. */
function unreadable(source: string, cause: unknown): unknown {
  if (cause instanceof BellwetherError) return cause
  return new BellwetherError('FILE_UNREADABLE', `${source} is not a whole Parquet file that can be read.`, {
    cause: failureKind(cause),
  })
}
