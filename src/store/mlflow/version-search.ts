import type { Page, Search, TrackedVersion } from '../../track/mlflow-model.ts'
import { parseFilter, parseOrder } from '../../track/search/filter.ts'
import { compileOrder } from '../search/search-order.ts'
import { decodePageToken } from '../search/search-page.ts'
import { searchRows } from '../search/search-rows.ts'
import { SEARCH_TARGETS } from '../search/search-target.ts'
import type { Way } from '../search/search-way.ts'
import type { SqlConnection } from '../sql-database.ts'
import { NOT_DELETED, VERSION_COLUMNS, type VersionRow, withVersionData } from './registry-rows.ts'
import { pageOf, sortValues } from './sql-experiment-store.ts'

/**
 * Searches model versions (`search-rows.ts`).
 * @param choose Of the ways that lead to the answer, the cheapest first; tests take the others.
 * @throws FILTER_INVALID, PAGE_TOKEN_INVALID
 */
export async function searchVersions(
  sql: SqlConnection,
  search: Search,
  choose?: (ways: readonly Way[]) => Way,
): Promise<Page<TrackedVersion>> {
  const { filter = '', orderBy = [], maxResults, pageToken } = search
  const target = SEARCH_TARGETS.modelVersions
  const tree = parseFilter(filter)
  const order = compileOrder(parseOrder(orderBy), target, [
    // Newest first, unless another order is asked for.
    ...(orderBy.length === 0 ? [{ sql: 'v.updated_time', ascending: false }] : []),
    { sql: 'v.model', ascending: true },
    { sql: 'v.version', ascending: false },
  ])
  const pin = ['model-versions', filter, orderBy]
  const after = pageToken ? decodePageToken(pin, pageToken, order.parts.length).after : null
  const rows = await searchRows<VersionRow>(
    sql,
    {
      target,
      tree,
      columns: VERSION_COLUMNS,
      joins: order.joins,
      sort: order.parts,
      walk: null,
      where: [{ sql: NOT_DELETED, values: [] }],
      limit: maxResults + 1,
      after,
    },
    choose,
  )
  return pageOf(
    rows,
    maxResults,
    (row) => sortValues(row, order.parts.length),
    pin,
    (some) => withVersionData(sql, some),
  )
}
