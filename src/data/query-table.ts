import type { DuckDBConnection, DuckDBDataChunk } from '@duckdb/node-api'
import { BellwetherError } from '../errors.ts'
import type { RawColumn, RawTable } from '../table/raw-table.ts'
import type { ReadOptions } from './data-options.ts'
import { forEachChunk, identifier } from './duckdb.ts'
import { cleanNames } from './read-csv.ts'

type PhysicalType = RawColumn['type']

/**
 * The rows of what stands after FROM, typed. Whole numbers beyond 2^53 and nested values become text; dates and times become
 * UTC milliseconds.
 * @param from SQL of a table, a table function, or a SELECT in brackets; it is read twice.
 * @param source For messages.
 * @throws NO_ROWS, HEADER_DUPLICATED, CANCELLED, and DuckDB's own errors
 */
export async function queryTable(
  connection: DuckDBConnection,
  from: string,
  source: string,
  read: Pick<ReadOptions, 'missing'>,
  signal?: AbortSignal,
): Promise<RawTable> {
  const { names, physical, selected, notes } = await describeQuery(connection, from, source)
  const collected = physical.map((type): (string | null)[] | number[] =>
    type === 'text' ? ([] as (string | null)[]) : [],
  )
  let nRows = 0
  const onChunk = (chunk: DuckDBDataChunk) => {
    for (const [column, values] of collected.entries()) append(values, chunk.getColumnValues(column), physical[column]!)
    nRows += chunk.rowCount
  }
  await forEachChunk(connection, selected, onChunk, signal)
  if (nRows === 0) throw new BellwetherError('NO_ROWS', `${source} has columns and no rows.`)
  return {
    source,
    columns: names.map((name, i) => rawColumn(name, physical[i]!, collected[i]!)),
    nRows,
    rowNumbers: Uint32Array.from({ length: nRows }, (_, row) => row + 1),
    rowNoun: 'record' as const,
    missing: read.missing,
    decimal: '.' as const,
    malformed: [],
    notes,
  }
}

/** What a query gives, and how it is asked for. */
export interface QueryColumns {
  readonly names: readonly string[]
  readonly physical: readonly PhysicalType[]
  /** SQL whose values arrive as `appendChunk` takes them. */
  readonly selected: string
  readonly notes: string[]
}

/** Looks at what stands after FROM, without reading its rows twice unless it has wide integers. @throws HEADER_DUPLICATED */
export async function describeQuery(connection: DuckDBConnection, from: string, source: string): Promise<QueryColumns> {
  const notes: string[] = []
  const described = await connection.runAndReadAll(`DESCRIBE SELECT * FROM ${from}`)
  const [written = [], types = []] = described.getColumns() as string[][]
  const long = await longIntegers(connection, from, written, types)
  const physical = types.map((type, i): PhysicalType => (long.has(i) ? 'text' : physicalType(type)))
  const names = cleanNames(source, written, notes)
  const selected = written.map((name, i) => expression(identifier(name), types[i]!, physical[i]!))
  return { names, physical, selected: `SELECT ${selected.join(', ')} FROM ${from}`, notes }
}

/** The columns of one chunk of such a query. */
export function chunkColumns(chunk: DuckDBDataChunk, { names, physical }: QueryColumns): RawColumn[] {
  return physical.map((type, i) => {
    const values: (string | null)[] | number[] = []
    append(values, chunk.getColumnValues(i), type)
    return rawColumn(names[i]!, type, values)
  })
}

const INTEGERS = new Set([
  'TINYINT',
  'SMALLINT',
  'INTEGER',
  'UTINYINT',
  'USMALLINT',
  'UINTEGER',
  'BIGINT',
  'UBIGINT',
  'HUGEINT',
])

/** Types of which a double does not hold every value. */
const WIDE_INTEGERS = new Set(['BIGINT', 'UBIGINT', 'HUGEINT'])

function physicalType(sqlType: string): PhysicalType {
  if (INTEGERS.has(sqlType)) return 'integer'
  if (sqlType === 'DOUBLE' || sqlType === 'FLOAT' || sqlType.startsWith('DECIMAL')) return 'float'
  if (sqlType === 'BOOLEAN') return 'boolean'
  return sqlType === 'DATE' || sqlType.startsWith('TIMESTAMP') ? 'date' : 'text'
}

/** Positions of the columns with whole numbers that a double does not hold, such as account numbers: as doubles, several become one. */
async function longIntegers(
  connection: DuckDBConnection,
  from: string,
  names: readonly string[],
  types: readonly string[],
): Promise<ReadonlySet<number>> {
  const wide = types.flatMap((type, i) => (WIDE_INTEGERS.has(type) ? [i] : []))
  if (wide.length === 0) return new Set()
  const tests = wide.map((i) => {
    const column = identifier(names[i]!)
    return `coalesce(max(${column}) > ${Number.MAX_SAFE_INTEGER} OR min(${column}) < ${Number.MIN_SAFE_INTEGER}, false)`
  })
  const found = await connection.runAndReadAll(`SELECT ${tests.join(', ')} FROM ${from}`)
  const row = found.getRows()[0] ?? []
  return new Set(wide.filter((_, position) => row[position] === true))
}

/** What to select, so that it arrives as a double, a boolean or a text. Decimals go by text, to be rounded once. */
function expression(name: string, sqlType: string, physical: PhysicalType): string {
  if (physical === 'date') {
    const time = sqlType.endsWith('TIME ZONE') ? name : `CAST(${name} AS TIMESTAMP)`
    return `CAST(epoch_ms(${time}) AS DOUBLE)`
  }
  if (physical === 'text') {
    if (sqlType === 'VARCHAR' || sqlType.startsWith('ENUM') || sqlType === 'UUID') return `CAST(${name} AS VARCHAR)`
    return /[[(]/.test(sqlType) ? `CAST(to_json(${name}) AS VARCHAR)` : `CAST(${name} AS VARCHAR)`
  }
  return sqlType.startsWith('DECIMAL') || sqlType === 'HUGEINT' ? `CAST(${name} AS VARCHAR)` : name
}

function append(values: (string | null)[] | number[], chunk: readonly unknown[], type: PhysicalType): void {
  if (type === 'text') for (const value of chunk) (values as (string | null)[]).push(value as string | null)
  else for (const value of chunk) (values as number[]).push(value === null ? Number.NaN : Number(value))
}

function rawColumn(name: string, type: PhysicalType, values: (string | null)[] | number[]): RawColumn {
  if (type === 'text') return { name, type, values: values as (string | null)[] }
  return { name, type, values: Float64Array.from(values as number[]) }
}
