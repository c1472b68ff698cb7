import { createHash } from 'node:crypto'
import { BellwetherError } from '../../errors.ts'
import type { SqlConnection, SqlValue } from '../sql-database.ts'
import type { Condition } from './compile-filter.ts'
import { OWNERS, selectedIds, type TargetRows } from './search-target.ts'

/** One part of an order. The expression is never NULL: what may be missing has a part before it that says so. */
export interface SortPart {
  readonly sql: string
  readonly values?: readonly SqlValue[]
  readonly ascending: boolean
}

export interface PageQuery {
  /** Columns after SELECT, of the target's row. */
  readonly columns: string
  /** FROM with its joins, and the values of their placeholders. */
  readonly from: Condition
  readonly where: readonly Condition[]
  /** The last parts make it total. */
  readonly sort: readonly SortPart[]
  readonly limit: number
  /** Sort values of the last row of the page before. */
  readonly after: readonly SqlValue[] | null
}

/** Rows in order, at most `limit`, and the sort values of the last one. */
export interface RowPage<Row> {
  readonly rows: readonly Row[]
  readonly last: readonly SqlValue[] | null
}

/**
 * A page by keyset: what comes after the last row's sort values. Its cost does not grow with the page's number, and rows that are added
 * meanwhile neither shift nor repeat others.
 * @param lists Conditions of which one holds for each row: with several, a page of each is read in its own order, and they are merged.
 */
export async function queryPage<Row>(
  sql: SqlConnection,
  query: PageQuery,
  lists: readonly Condition[] = [],
): Promise<RowPage<Row>> {
  const { sort } = query
  const pages = lists.length === 0 ? [pageSql(query, null)] : lists.map((list) => pageSql(query, list))
  const values = pages.flatMap((page) => page.values)
  let text = pages[0]!.sql
  if (pages.length > 1) {
    const merged = pages.map((page, index) => `SELECT * FROM (${page.sql}) AS page_${index}`).join('\nUNION ALL\n')
    const order = sort.map(({ ascending }, index) => `sort_${index} ${ascending ? 'ASC' : 'DESC'}`).join(', ')
    text = `SELECT * FROM (${merged}) AS pages\nORDER BY ${order}\nLIMIT ?`
    values.push(query.limit)
  }
  const rows = await sql.all<Row & Record<string, SqlValue>>(text, ...values)
  const last = rows.at(-1)
  return { rows, last: last ? sort.map((_, index) => last[`sort_${index}`]!) : null }
}

/**
 * The same page from the first rows of the order alone: they are sorted before they are asked for what costs more than to sort them. It is the page where
 * it comes out full.
 * @param where What is asked of the rows before they are sorted.
 * @param owner The columns that name a row where it is first come by.
 * @param top How many rows are asked.
 */
export function topOf(
  query: PageQuery,
  { alias, id }: TargetRows,
  {
    where,
    owner,
    top,
  }: { readonly where: readonly Condition[]; readonly owner: readonly string[]; readonly top: number },
): PageQuery {
  const first = pageSql({ ...query, columns: selectedIds(id, alias), where, limit: top }, null)
  const ids = OWNERS.slice(0, id.length)
  return {
    ...query,
    from: {
      sql: `(SELECT ${ids.join(', ')} FROM (${first.sql}) AS first_rows) AS top_rows CROSS JOIN ${query.from.sql}`,
      values: [...first.values, ...query.from.values],
    },
    where: [
      ...query.where,
      ...sameIds(id, alias, 'top_rows'),
      ...owner.map((column, index) => ({ sql: `${column} = top_rows.${ids[index]}`, values: [] })),
    ],
    after: null,
  }
}

/** A row is the one that the ids selected as `from` name. */
export function sameIds(id: readonly string[], alias: string, from: string): Condition[] {
  return id.map((column, index) => ({ sql: `${alias}.${column} = ${from}.${OWNERS[index]}`, values: [] }))
}

function pageSql({ columns, from, where: all, sort, limit, after }: PageQuery, list: Condition | null): Condition {
  const where = [...all, ...(list ? [list] : []), ...(after ? [afterKeys(sort, after)] : [])]
  const keys = sort.map((part, index) => `${part.sql} AS sort_${index}`).join(', ')
  return {
    sql: `
SELECT ${columns}, ${keys} FROM ${from.sql}
${where.length > 0 ? `WHERE ${where.map((condition) => condition.sql).join('\n  AND ')}` : ''}
ORDER BY ${sort.map((part, index) => `${part.values?.length ? `sort_${index}` : part.sql} ${part.ascending ? 'ASC' : 'DESC'}`).join(', ')}
LIMIT ?`,
    values: [
      ...sort.flatMap((part) => part.values ?? []),
      ...from.values,
      ...where.flatMap((condition) => condition.values),
      limit,
    ],
  }
}

function afterKeys(sort: readonly SortPart[], after: readonly SqlValue[]): Condition {
  const parts: string[] = []
  const values: SqlValue[] = []
  for (let last = 0; last < sort.length; last += 1) {
    const clause = sort.slice(0, last + 1).map((part, index) => {
      values.push(...(part.values ?? []), after[index]!)
      return `${part.sql} ${index < last ? '=' : part.ascending ? '>' : '<'} ?`
    })
    parts.push(`(${clause.join(' AND ')})`)
  }
  // The same again for the first part alone, as a range that an index can start from.
  const first = sort[0]!
  values.push(...(first.values ?? []), after[0]!)
  return { sql: `(${parts.join(' OR ')}) AND ${first.sql} ${first.ascending ? '>=' : '<='} ?`, values }
}

/** What a token holds, beside what it is pinned to. */
interface TokenContent {
  /** Part of the order that the page ended in. */
  readonly phase: number
  readonly after: readonly SqlValue[]
}

/** A page's token, good for the same query alone. */
export function encodePageToken(query: unknown, content: TokenContent): string {
  const after = content.after.map((value) =>
    typeof value === 'number' && !Number.isFinite(value) ? { number: String(value) } : value,
  )
  return Buffer.from(JSON.stringify([fingerprint(query), content.phase, after])).toString('base64url')
}

/** @throws PAGE_TOKEN_INVALID */
export function decodePageToken(query: unknown, token: string, keys: number): TokenContent {
  let parsed: unknown
  try {
    parsed = JSON.parse(Buffer.from(token, 'base64url').toString('utf8'))
  } catch {
    throw invalidToken('it is none of ours')
  }
  if (!Array.isArray(parsed) || parsed.length !== 3 || !Array.isArray(parsed[2]))
    throw invalidToken('it is none of ours')
  const [pin, phase, after] = parsed as [unknown, unknown, unknown[]]
  if (pin !== fingerprint(query)) throw invalidToken('it belongs to another query')
  const values = after.map((value) =>
    typeof value === 'object' && value !== null ? Number((value as { number?: unknown }).number) : value,
  )
  const sound = values.every((value) => typeof value === 'string' || typeof value === 'number')
  if (!sound || values.length !== keys || !Number.isSafeInteger(phase)) throw invalidToken('it is none of ours')
  return { phase: phase as number, after: values as SqlValue[] }
}

function invalidToken(why: string): BellwetherError {
  return new BellwetherError('PAGE_TOKEN_INVALID', `Invalid page token: ${why}.`)
}

function fingerprint(query: unknown): string {
  return createHash('sha256').update(JSON.stringify(query)).digest('base64url').slice(0, 16)
}
