import type { DuckDBConnection, DuckDBType, DuckDBValue } from '@duckdb/node-api'
import { BellwetherError } from '../../errors.ts'
import type { RawColumn, RawTable } from '../../table/raw-table.ts'
import type { ReadOptions } from '../data-options.ts'
import { identifier, withDuckDb } from '../duckdb.ts'
import { queryTable } from '../query-table.ts'

/** What DuckDB takes at a time. */
const ROWS_AT_ONCE = 2048

/**
 * Joins tables by a query of DuckDB's SQL. Texts of CSV files and pages that are numbers throughout are numbers to it. Once the tables are in, the query
 * reaches neither files nor network, and its memory is bounded.
 * @param tables Name in the query -> table.
 * @throws QUERY_FAILED, NO_ROWS, HEADER_DUPLICATED, CANCELLED
 */
export async function joinSources(
  tables: ReadonlyMap<string, RawTable>,
  query: string,
  read: ReadOptions,
  signal?: AbortSignal,
): Promise<RawTable> {
  const notes = [...tables].flatMap(([name, table]) => table.notes.map((note) => `${name}: ${note}`))
  for (const [name, { malformed, source }] of tables) {
    if (malformed.length === 0) continue
    notes.push(`${name}: ${malformed.length} malformed rows of ${source} are not in the query.`)
  }
  return withDuckDb(async (connection) => {
    for (const [name, table] of tables) await load(connection, name, table)
    await connection.run("SET enable_external_access = false; SET memory_limit = '2GB'; SET lock_configuration = true")
    try {
      const statements = await connection.extractStatements(query)
      if (statements.count !== 1) {
        throw new BellwetherError(
          'QUERY_FAILED',
          `data.query holds ${statements.count} statements; expected one SELECT.`,
        )
      }
      await connection.run(`CREATE TEMP TABLE ${identifier(RESULT)} AS ${query.replace(/[;\s]+$/, '')}`)
      const joined = await queryTable(connection, identifier(RESULT), 'data.query', read, signal)
      return { ...joined, missing: [...new Set(['', ...read.missing])], notes: [...notes, ...joined.notes] }
    } catch (cause) {
      if (cause instanceof BellwetherError) throw cause
      if (signal?.aborted) throw new BellwetherError('CANCELLED', 'Reading was cancelled.', { cause })
      throw new BellwetherError('QUERY_FAILED', `data.query cannot be run: ${duckReason(cause)}`)
    }
  })
}

const RESULT = 'result of the query'

/** Messages about the query itself name tables and columns; others may quote a value. */
function duckReason(cause: unknown): string {
  const message = cause instanceof Error ? cause.message : ''
  const kind = /^[A-Za-z ]+(?=:)/.exec(message)?.[0] ?? 'unknown failure'
  return /^(Parser|Binder|Catalog|Permission)/.test(kind)
    ? message.split('\n')[0]!.slice(0, 300)
    : `${kind} (its message may quote a value).`
}

async function load(connection: DuckDBConnection, name: string, table: RawTable): Promise<void> {
  const { BIGINT, BOOLEAN, DOUBLE, DuckDBDataChunk, DuckDBTimestampValue, TIMESTAMP, VARCHAR } = await import(
    '@duckdb/node-api'
  )
  const types = { integer: BIGINT, float: DOUBLE, boolean: BOOLEAN, date: TIMESTAMP, text: VARCHAR } as const
  const missing = new Set(table.missing)
  const columns = table.columns.map((column) => typed(column, missing, table.decimal))
  const declared = columns.map(({ name, type }) => `${identifier(name)} ${types[type].toString()}`)
  await connection.run(`CREATE TABLE ${identifier(name)} (${declared.join(', ')})`)
  const appender = await connection.createAppender(name)
  const convert = (column: RawColumn, row: number): DuckDBValue => {
    if (column.type === 'text') return column.values[row]!
    const value = column.values[row]!
    if (Number.isNaN(value)) return null
    if (column.type === 'integer') return BigInt(value)
    if (column.type === 'boolean') return value !== 0
    return column.type === 'date' ? new DuckDBTimestampValue(BigInt(Math.round(value)) * 1000n) : value
  }
  for (let from = 0; from < table.nRows; from += ROWS_AT_ONCE) {
    const count = Math.min(ROWS_AT_ONCE, table.nRows - from)
    const chunk = DuckDBDataChunk.create(columns.map(({ type }): DuckDBType => types[type]))
    chunk.setColumns(columns.map((column) => Array.from({ length: count }, (_, i) => convert(column, from + i))))
    appender.appendDataChunk(chunk)
  }
  appender.closeSync()
}

const WHOLE = /^[+-]?(0|[1-9]\d{0,14})$/
const NUMBER = /^[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d+)?$/

/** A text column whose values are numbers, all of them, as numbers; others with null for what means "missing". A leading 0 makes a code. */
function typed(column: RawColumn, missing: ReadonlySet<string>, decimal: string): RawColumn {
  if (column.type !== 'text') {
    const whole = column.type === 'integer' && column.values.every((v) => Number.isNaN(v) || Number.isSafeInteger(v))
    return column.type === 'integer' && !whole ? { ...column, type: 'float' } : column
  }
  const texts = column.values.map((text) => (text === null || missing.has(text.trim()) ? null : text))
  const dotted = (text: string) => (decimal === ',' ? text.trim().replace(',', '.') : text.trim())
  const there = texts.filter((text) => text !== null)
  if (there.length === 0) return { ...column, values: texts }
  const numbers = (type: 'integer' | 'float'): RawColumn => ({
    name: column.name,
    type,
    values: Float64Array.from(texts, (text) => (text === null ? Number.NaN : Number(dotted(text)))),
  })
  if (there.every((text) => WHOLE.test(dotted(text)))) return numbers('integer')
  if (there.every((text) => NUMBER.test(dotted(text)) && !/^[+-]?0\d/.test(dotted(text)))) return numbers('float')
  return { ...column, values: texts }
}
