import { readFile } from 'node:fs/promises'
import path from 'node:path'
import type { DuckDBConnection, DuckDBType, DuckDBValue } from '@duckdb/node-api'
import { BellwetherError } from '../errors.ts'
import type { Column } from '../table/column.ts'
import type { ColumnSchema, TableSchema } from '../table/schema.ts'
import { columnOf, makeTable, type Table } from '../table/table.ts'
import { identifier, literal, withDuckDb, withTemporaryFolder } from './duckdb.ts'
import { fileError } from './file-error.ts'
import { readParquetFile } from './read-parquet.ts'
import { applySchema } from './validate.ts'

/** Rows that DuckDB takes at once. */
const CHUNK_ROWS = 2048

/**
 * A table as the bytes of a Parquet file (zstd): numbers as BIGINT where all are whole, else DOUBLE; dates as TIMESTAMP in
 * UTC; categories as BIGINT or BOOLEAN where their data type says so, else VARCHAR; missing as NULL. Equal tables give equal
 * bytes. `readParquet` gives the table back exactly.
 */
export async function writeParquet(table: Table, schema: TableSchema): Promise<Uint8Array> {
  return withTemporaryFolder(async (folder) => {
    const file = path.join(folder, 'table.parquet')
    try {
      await withDuckDb((connection) => writeFile(connection, table, schema, file))
      return new Uint8Array(await readFile(file))
    } catch (error) {
      if (error instanceof Error && /No space left on device/.test(error.message)) {
        throw new BellwetherError('DISK_FULL', `The disk of the temporary folder is full: ${file} can't be written.`)
      }
      throw fileError(error, file)
    }
  })
}

async function writeFile(connection: DuckDBConnection, table: Table, schema: TableSchema, file: string): Promise<void> {
  const { DuckDBDataChunk } = await import('@duckdb/node-api')
  const columns = await Promise.all(schema.columns.map((column) => encoded(column, columnOf(table, column.name))))
  const definitions = columns.map(({ name, type }) => `${identifier(name)} ${type.toString()}`)
  await connection.run(`SET threads = 1`)
  await connection.run(`CREATE TABLE rows (${definitions.join(', ')})`)
  const appender = await connection.createAppender('rows')
  for (let from = 0; from < table.nRows; from += CHUNK_ROWS) {
    const nRows = Math.min(CHUNK_ROWS, table.nRows - from)
    const chunk = DuckDBDataChunk.create(
      columns.map(({ type }) => type),
      nRows,
    )
    for (const [i, { value }] of columns.entries()) {
      chunk.setColumnValues(
        i,
        Array.from({ length: nRows }, (_, row) => value(from + row)),
      )
    }
    appender.appendDataChunk(chunk)
  }
  appender.flushSync()
  appender.closeSync()
  await connection.run(`COPY rows TO ${literal(file)} (FORMAT parquet, COMPRESSION zstd)`)
}

interface EncodedColumn {
  readonly name: string
  readonly type: DuckDBType
  readonly value: (row: number) => DuckDBValue
}

async function encoded({ name, dataType }: ColumnSchema, column: Column): Promise<EncodedColumn> {
  const { BIGINT, BOOLEAN, DOUBLE, TIMESTAMP, VARCHAR, DuckDBTimestampValue } = await import('@duckdb/node-api')
  switch (column.kind) {
    case 'text':
      return { name, type: VARCHAR, value: (row) => column.values[row] ?? null }
    case 'date': {
      const value = (time: number) => (Number.isNaN(time) ? null : new DuckDBTimestampValue(BigInt(time) * 1000n))
      return { name, type: TIMESTAMP, value: (row) => value(column.values[row]!) }
    }
    case 'number': {
      const whole =
        dataType === 'integer' && column.values.every((value) => Number.isNaN(value) || Number.isSafeInteger(value))
      const value = whole ? (number: number) => BigInt(number) : (number: number) => number
      return {
        name,
        type: whole ? BIGINT : DOUBLE,
        value: (row) => (Number.isNaN(column.values[row]) ? null : value(column.values[row]!)),
      }
    }
    case 'category': {
      const { categories, codes } = column
      const at =
        <T extends DuckDBValue>(values: readonly T[]) =>
        (row: number) =>
          codes[row]! < 0 ? null : values[codes[row]!]!
      if (
        dataType === 'integer' &&
        categories.every((category) => String(Number(category)) === category && Number.isSafeInteger(Number(category)))
      ) {
        return { name, type: BIGINT, value: at(categories.map((category) => BigInt(category))) }
      }
      if (dataType === 'boolean' && categories.every((category) => category === 'true' || category === 'false')) {
        return { name, type: BOOLEAN, value: at(categories.map((category) => category === 'true')) }
      }
      return { name, type: VARCHAR, value: at(categories) }
    }
  }
}

/**
 * The table that `writeParquet` wrote, exactly: values, missing ones, and the schema's category codes.
 * @throws FILE_UNREADABLE when the file is damaged or not of this schema
 */
export async function readParquet(file: string, schema: TableSchema, signal?: AbortSignal): Promise<Table> {
  const raw = await readParquetRows(file, schema, signal)
  if (raw === null) return makeTable(schema.columns.map((column) => [column.name, emptyColumn(column)]))
  const { table } = applySchema(raw, schema, { policy: { action: 'fail', maxRejectedShare: 0 } })
  return table
}

async function readParquetRows(file: string, schema: TableSchema, signal?: AbortSignal) {
  try {
    const raw = await readParquetFile(file, { missing: [] }, signal)
    // Names and texts stand as they were written, so the schema's own names count.
    if (raw.columns.length !== schema.columns.length) {
      throw new BellwetherError(
        'FILE_UNREADABLE',
        `${raw.source} has ${raw.columns.length} columns; its schema has ${schema.columns.length}.`,
      )
    }
    return raw
  } catch (error) {
    if (error instanceof BellwetherError && error.code === 'NO_ROWS') return null
    throw error
  }
}

function emptyColumn(column: ColumnSchema): Column {
  switch (column.kind) {
    case 'category':
      return {
        kind: 'category',
        codes: new Int32Array(),
        categories: column.declared.categories ?? column.observed.categories,
      }
    case 'text':
      return { kind: 'text', values: [] }
    default:
      return { kind: column.kind, values: new Float64Array() }
  }
}
