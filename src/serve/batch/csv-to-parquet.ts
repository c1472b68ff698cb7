import { rm } from 'node:fs/promises'
import { constrainMemory } from '../../data/chunks/parquet-chunks.ts'
import { failureKind, fileLiteral, identifier, literal, withDuckDb } from '../../data/duckdb.ts'
import { BellwetherError } from '../../errors.ts'
import type { OutputColumn } from './batch-output.ts'

/** Longest line that is taken. */
const MAX_LINE_BYTES = 34 * 1024 * 1024
/** Rows that Parquet keeps together; as many wait in memory. */
const ROW_GROUP = 30_720

/**
 * Makes a Parquet file of a CSV file with a header, in constant memory, keeping the order of the rows. A double is written in CSV with
 * all the digits that give it back, so Parquet holds it to the last bit. Empty cells are NULL.
 * @throws DISK_FULL, STORAGE_FAILED
 */
export async function csvToParquet(csv: string, parquet: string, columns: readonly OutputColumn[]): Promise<void> {
  const types = columns.map(({ name, type }) => `${literal(name)}: ${literal(type)}`).join(', ')
  const names = columns.map(({ name }) => identifier(name)).join(', ')
  const from = `read_csv(${fileLiteral(csv)}, auto_detect=false, header=true, delim=',', quote='"', escape='"', nullstr='',
    columns={${types}}, strict_mode=true, max_line_size=${MAX_LINE_BYTES}, buffer_size=${MAX_LINE_BYTES + 1_048_576}, parallel=false)`
  try {
    await rm(parquet, { force: true })
    await withDuckDb(async (connection) => {
      await constrainMemory(connection)
      await connection.run(
        `COPY (SELECT ${names} FROM ${from}) TO ${literal(parquet)} (FORMAT parquet, COMPRESSION zstd, ROW_GROUP_SIZE ${ROW_GROUP})`,
      )
    })
  } catch (cause) {
    await rm(parquet, { force: true })
    if (cause instanceof Error && /No space left on device/.test(cause.message))
      throw new BellwetherError('DISK_FULL', `The disk is full: ${parquet} can't be written.`)
    throw new BellwetherError('STORAGE_FAILED', `${parquet} can't be written as Parquet.`, {
      cause: failureKind(cause),
    })
  }
}
