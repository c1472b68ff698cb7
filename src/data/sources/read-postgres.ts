import type { QueryConfig } from 'pg'
import { BellwetherError } from '../../errors.ts'
import type { RawColumn, RawTable } from '../../table/raw-table.ts'
import type { ReadOptions } from '../data-options.ts'
import { recordTable } from './record-table.ts'

/** Rows that are fetched at a time. */
const ROWS_AT_ONCE = 5000
const CONNECT_TIMEOUT_MS = 15_000

/** What a column's values become, by the type's number in `pg_type`. Others are text as PostgreSQL writes them. */
const TYPE_OF = new Map<number, RawColumn['type']>([
  [16, 'boolean'],
  [20, 'integer'],
  [21, 'integer'],
  [23, 'integer'],
  [700, 'float'],
  [701, 'float'],
  [1700, 'float'],
  [1082, 'date'],
  [1114, 'date'],
  [1184, 'date'],
])

/**
 * The rows of a query on a PostgreSQL server, in one read-only transaction, fetched in parts through a cursor. The query is one statement: it can
 * neither write nor end the transaction. Times without a zone are taken as UTC; whole numbers beyond 2^53 become text.
 * @param address Its password, where there is one, is in no message; PGPASSWORD and the other variables of libpq work too.
 * @throws NETWORK_UNAVAILABLE, SOURCE_DENIED, QUERY_FAILED, NO_ROWS, HEADER_DUPLICATED, CANCELLED
 */
export async function readPostgres(
  address: string,
  query: string,
  read: ReadOptions,
  signal?: AbortSignal,
): Promise<RawTable> {
  const { default: pg } = await import('pg')
  const url = new URL(address)
  const source = `${url.host || 'PostgreSQL'}${url.pathname}`
  const client = new pg.Client({
    connectionString: address,
    connectionTimeoutMillis: CONNECT_TIMEOUT_MS,
    application_name: 'bellwether',
    options: '-c default_transaction_read_only=on -c timezone=UTC -c datestyle=ISO -c extra_float_digits=3',
    // Values arrive as the server writes them; what they become is decided here.
    types: { getTypeParser: () => (value: string) => value },
  })
  // A connection that breaks reports it here too; without a listener that would end the process.
  let broken: unknown = null
  client.on('error', (error) => {
    broken ??= error
  })
  const stop = () => void client.end().catch(() => {})
  signal?.addEventListener('abort', stop, { once: true })
  try {
    if (signal?.aborted) throw new BellwetherError('CANCELLED', 'Reading was cancelled.')
    await client.connect()
    await client.query('BEGIN READ ONLY')
    // The extended protocol takes one statement alone.
    const declare: QueryConfig & { queryMode: 'extended' } = {
      text: `DECLARE rows NO SCROLL CURSOR FOR ${query}`,
      queryMode: 'extended', // pg has it; its types do not yet
    }
    await client.query(declare)
    let written: string[] = []
    let types: RawColumn['type'][] = []
    const cells: (string | null)[][] = []
    let nRows = 0
    for (;;) {
      const part = await client.query<(string | null)[]>({ text: `FETCH ${ROWS_AT_ONCE} FROM rows`, rowMode: 'array' })
      if (nRows === 0) {
        written = part.fields.map(({ name }) => name)
        types = part.fields.map(({ dataTypeID }) => TYPE_OF.get(dataTypeID) ?? 'text')
        for (const _ of written) cells.push([])
      }
      for (const row of part.rows) for (const [i, value] of row.entries()) cells[i]!.push(value)
      nRows += part.rows.length
      if (part.rows.length < ROWS_AT_ONCE) break
    }
    await client.query('ROLLBACK')
    return recordTable(
      source,
      written,
      nRows,
      (names) => names.map((name, i) => column(name, types[i]!, cells[i]!)),
      read,
    )
  } catch (error) {
    if (signal?.aborted) throw new BellwetherError('CANCELLED', 'Reading was cancelled.', { cause: error })
    throw postgresError(broken ?? error, source)
  } finally {
    signal?.removeEventListener('abort', stop)
    await client.end().catch(() => {})
  }
}

function column(name: string, type: RawColumn['type'], cells: readonly (string | null)[]): RawColumn {
  if (type === 'text') return { name, type, values: cells }
  const values = Float64Array.from(cells, (cell) => (cell === null ? Number.NaN : numberOf(cell, type)))
  if (type === 'integer' && values.some((value) => Math.abs(value) > Number.MAX_SAFE_INTEGER))
    return { name, type: 'text', values: cells }
  return { name, type, values }
}

function numberOf(text: string, type: Exclude<RawColumn['type'], 'text'>): number {
  if (type === 'boolean') return text === 't' ? 1 : 0
  if (type !== 'date') return Number(text)
  // `2024-03-01`, `2024-03-01 10:20:30.5` and, with a zone, `2024-03-01 10:20:30+00`.
  const iso = text.replace(' ', 'T').replace(/\+00$/, 'Z')
  return Date.parse(iso.includes('T') && !iso.endsWith('Z') ? `${iso}Z` : iso)
}

/** Classes of SQLSTATE whose messages name tables and columns, not values. */
const TELLING = /^(42|3[DF]|25)/

function postgresError(error: unknown, source: string): BellwetherError {
  if (error instanceof BellwetherError) return error
  const { code, message } = error as { code?: unknown; message?: unknown }
  const state = typeof code === 'string' ? code : ''
  if (/^28|^3D/.test(state))
    return new BellwetherError('SOURCE_DENIED', `${source} does not let this user in (${state}).`, { cause: error })
  if (/^[0-9A-Z]{5}$/.test(state) && !/^(08|57P|E)/.test(state)) {
    const reason = TELLING.test(state) && typeof message === 'string' ? `: ${message.slice(0, 200)}` : ''
    return new BellwetherError('QUERY_FAILED', `${source}: the query cannot be run (${state})${reason}.`)
  }
  return new BellwetherError(
    'NETWORK_UNAVAILABLE',
    `${source} can't be reached, or broke off (${state || 'no answer'}).`,
    {
      cause: error,
    },
  )
}
