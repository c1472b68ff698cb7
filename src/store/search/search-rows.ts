import type { Filter } from '../../track/search/filter.ts'
import type { SqlConnection, SqlValue } from '../sql-database.ts'
import { type EstimatedPart, estimateParts } from './candidates.ts'
import { type Condition, compileFilter } from './compile-filter.ts'
import { partConditions } from './part-conditions.ts'
import { type PageQuery, queryPage, type SortPart, sameIds, topOf } from './search-page.ts'
import { OWNERS, type SearchTarget, type TargetRows } from './search-target.ts'
import { SWEEP_FACTOR, type Way, waysOf } from './search-way.ts'

/** A search among the rows of one table that no index of values leads through in its order. */
export interface RowSearch {
  readonly target: SearchTarget & { readonly rows: TargetRows }
  readonly tree: Filter | null
  readonly columns: string
  /** Joins of the values that are sorted by. */
  readonly joins: readonly Condition[]
  readonly sort: readonly SortPart[]
  /** Values that are looked up to sort one row, beside the joins. */
  readonly sortProbes?: number
  /** What has the order: an index of the rows, or another table, whose walk is given the filter's conditions on the columns that name a row there. */
  readonly walk:
    | 'rows'
    | ((conditions: (owner: readonly string[]) => Condition[]) => Promise<readonly unknown[]>)
    | null
  /** What is asked of each row's own columns, beside the filter. */
  readonly where: readonly Condition[]
  /** The rows are those with one of these values in a column that has an index. */
  readonly within?: { readonly column: string; readonly values: readonly string[] }
  readonly limit: number
  readonly after: readonly SqlValue[] | null
}

/**
 * A page of rows, found from where the fewest have to be looked at (`search-way.ts`).
 * @param choose Of the ways that lead to the answer, the cheapest first; tests take the others.
 */
export async function searchRows<Row>(
  sql: SqlConnection,
  search: RowSearch,
  choose: (ways: readonly Way[]) => Way = (ways) => ways[0]!,
): Promise<readonly Row[]> {
  const { target, tree, columns, joins, sort, sortProbes = 0, walk, where, within, limit, after } = search
  const { table, alias, id } = target.rows
  if (tree) compileFilter(tree, target) // names are checked before anything is counted
  const list = within ? within.values.map(() => '?').join(', ') : ''
  const page = (lead: Condition | null, conditions: readonly Condition[]): PageQuery => ({
    columns,
    from: {
      sql: [
        `${lead ? `(${lead.sql}) AS few CROSS JOIN ` : ''}${table} ${alias}`,
        ...joins.map((join) => join.sql),
      ].join('\n'),
      values: [...(lead?.values ?? []), ...joins.flatMap((join) => join.values)],
    },
    where: conditions,
    sort,
    limit,
    after,
  })
  if (tree === null && walk === 'rows') {
    const here = within ? [{ sql: `${alias}.${within.column} IN (${list})`, values: within.values }] : []
    return (await queryPage<Row>(sql, page(null, [...where, ...here]))).rows
  }
  const total = Math.max((await sql.first<{ n: number }>(`SELECT COUNT(*) AS n FROM ${table}`))!.n, 1)
  const rows = within ? await rowsWithin(sql, target.rows, within, total) : total
  const parts: EstimatedPart[] = await estimateParts(sql, tree, target, total)
  const way = choose(
    waysOf({
      ...{ rows, total, wanted: limit },
      parts: parts.map(({ candidates, share, probes }) => ({
        count: candidates?.count ?? null,
        ...{ share, probes, boundsWalk: false },
      })),
      joins: joins.length + sortProbes,
      walk: typeof walk === 'function' ? 'values' : walk,
    }),
  )
  if (way.by === 'walk' && typeof walk === 'function')
    return (await walk((owner) => partConditions(parts, way, { target, owner }))) as readonly Row[]
  // To go from an index to its rows costs several times what a row costs in a sweep over the table; no index has the expression.
  const sweeps = rows * SWEEP_FACTOR > total && way.by !== 'walk'
  const column = within ? `${alias}.${within.column}` : ''
  const here = within ? [{ sql: `${sweeps ? `${column} || ''` : column} IN (${list})`, values: within.values }] : []
  const lead = way.by === 'candidates' ? parts[way.lead]!.candidates!.ids : null
  const owner = id.map((one, index) => (lead ? `few.${OWNERS[index]}` : `${alias}.${one}`))
  const asked = [...where, ...here]
  const whole = page(lead, [
    ...asked,
    ...(lead ? sameIds(id, alias, 'few') : []),
    ...partConditions(parts, way, { target, owner }),
  ])
  if (way.by === 'top') {
    const { rows: first } = await queryPage<Row>(sql, topOf(whole, target.rows, { where: asked, owner, top: way.top }))
    if (first.length === limit) return first
  }
  return (await queryPage<Row>(sql, whole)).rows
}

/** Where they are so many of all rows that a sweep is the way to read them, it does not matter how many. */
async function rowsWithin(
  sql: SqlConnection,
  { table }: TargetRows,
  { column, values }: { readonly column: string; readonly values: readonly string[] },
  total: number,
): Promise<number> {
  const most = Math.ceil(total / SWEEP_FACTOR) + 1
  const { n } = (await sql.first<{ n: number }>(
    `SELECT COUNT(*) AS n FROM (SELECT 1 AS one FROM ${table} WHERE ${column} IN (${values.map(() => '?').join(', ')}) LIMIT ?) AS some_rows`,
    ...values,
    most,
  ))!
  return n >= most ? total : n
}
