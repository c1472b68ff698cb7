import type { Search } from '../../track/mlflow-model.ts'
import { parseFilter, parseOrder } from '../../track/search/filter.ts'
import { filterError } from '../../track/search/filter-tokens.ts'
import type { Condition } from '../search/compile-filter.ts'
import { compileOrder } from '../search/search-order.ts'
import { decodePageToken, queryPage, type SortPart } from '../search/search-page.ts'
import { searchRows } from '../search/search-rows.ts'
import { SEARCH_TARGETS } from '../search/search-target.ts'
import type { Way } from '../search/search-way.ts'
import type { SqlConnection, SqlValue } from '../sql-database.ts'
import { placeholders } from './row-lists.ts'

export interface OrderField {
  readonly field: string
  readonly ascending: boolean
  readonly datasetName: string | null
  readonly datasetDigest: string | null
}

export type LoggedModelSearch = Omit<Search, 'orderBy'> & {
  readonly experimentIds: readonly string[]
  readonly datasets?: readonly { readonly name: string; readonly digest: string | null }[]
  readonly orderBy?: readonly OrderField[]
}

export const LOGGED_MODEL_COLUMNS =
  'l.id, l.experiment_id, l.name, l.artifact_uri, l.created_time, l.updated_time, l.status, l.status_message, l.model_type, l.source_run_id'

/** Rows of a page and one more where there is one, the parts of their order, and what a page's token is pinned to. */
export interface FoundModels<Row> {
  readonly rows: readonly Row[]
  readonly keys: number
  readonly pin: unknown
}

/**
 * Searches logged models (`search-rows.ts`). Ordered by a metric, it may go through the index of that metric's values, first those with a number, then those
 * without.
 * @param choose Of the ways that lead to the answer, the cheapest first; tests take the others.
 * @throws FILTER_INVALID, PAGE_TOKEN_INVALID
 */
export async function findLoggedModels<Row extends object>(
  sql: SqlConnection,
  search: LoggedModelSearch,
  choose?: (ways: readonly Way[]) => Way,
): Promise<FoundModels<Row>> {
  const { experimentIds, datasets = [], orderBy = [], filter = '', maxResults, pageToken } = search
  const target = SEARCH_TARGETS.loggedModels
  const tree = parseFilter(filter)
  const sort = sortOf(orderBy)
  const pin = ['logged-models', experimentIds, filter, datasets, orderBy]
  const after = pageToken ? decodePageToken(pin, pageToken, sort.length).after : null
  const found = { keys: sort.length, pin }
  if (experimentIds.length === 0) return { ...found, rows: [] }
  const where: Condition[] = [{ sql: `l.lifecycle_stage = 'active'`, values: [] }, ...ofDatasets(datasets)]
  const limit = maxResults + 1
  const first = orderBy[0]
  const leading = first && isMetric(first) ? first : null
  const rows = await searchRows<Row>(
    sql,
    {
      target,
      tree,
      columns: LOGGED_MODEL_COLUMNS,
      joins: [],
      sort,
      sortProbes: 2 * orderBy.filter(isMetric).length,
      walk:
        orderBy.length === 0 && experimentIds.length === 1
          ? 'rows'
          : leading &&
            ((conditions) => walkOfMetric<Row>(sql, leading, { experimentIds, where, conditions, sort, limit, after })),
      where,
      within: { column: 'experiment_id', values: experimentIds },
      limit,
      after,
    },
    choose,
  )
  return { ...found, rows }
}

const isMetric = ({ field }: OrderField) => field.includes('.')

function sortOf(orderBy: readonly OrderField[]): SortPart[] {
  for (const { datasetDigest, datasetName } of orderBy)
    if (datasetDigest && !datasetName) throw filterError('order_by with a dataset digest needs the dataset name')
  for (const each of orderBy)
    if (isMetric(each) && !/^metrics?\./.test(each.field))
      throw filterError(`Invalid order by field name: ${each.field}. Only metrics are supported`)
  const target = SEARCH_TARGETS.loggedModels
  const ofAttribute = ({ field, ascending }: OrderField) => `${field} ${ascending ? 'ASC' : 'DESC'}`
  // For what it says of all of them together.
  compileOrder(parseOrder(orderBy.filter((each) => !isMetric(each)).map(ofAttribute)), target, [])
  const parts = orderBy.flatMap((each) => {
    if (!isMetric(each)) return compileOrder(parseOrder([ofAttribute(each)]), target, []).parts
    const { sql, values } = chosenValue(each)
    return [
      { sql: `CASE WHEN ${sql} IS NULL THEN 1 ELSE 0 END`, values, ascending: true },
      { sql: `COALESCE(${sql}, 0)`, values, ascending: each.ascending },
    ]
  })
  const own = [
    { sql: 'l.created_time', ascending: false },
    { sql: 'l.id', ascending: true },
  ]
  return [...parts, ...own.filter((last) => !parts.some(({ sql }) => sql === last.sql))]
}

/** What a row of the metric has to be of: its key, and the dataset that the order names. */
function ofMetric({ field, datasetName, datasetDigest }: OrderField, alias: string): Condition {
  const key = field.slice(field.indexOf('.') + 1).replace(/^`(.*)`$/, '$1')
  return {
    sql: `${alias}.key = ?${datasetName ? ` AND ${alias}.dataset_name = ?` : ''}${datasetDigest ? ` AND ${alias}.dataset_digest = ?` : ''}`,
    values: [key, ...(datasetName ? [datasetName] : []), ...(datasetDigest ? [datasetDigest] : [])],
  }
}

/** A model has a metric per dataset: the order takes the one that it names, or the newest. */
function chosenValue(field: OrderField): Condition {
  const { sql, values } = ofMetric(field, 'o')
  return {
    sql: `(SELECT o.value FROM logged_model_metrics o WHERE o.model_id = l.id AND ${sql} ORDER BY o.timestamp DESC, o.dataset_name, o.dataset_digest LIMIT 1)`,
    values,
  }
}

function ofDatasets(datasets: readonly { name: string; digest: string | null }[]): Condition[] {
  if (datasets.length === 0) return []
  const each = datasets.map(({ name, digest }) => {
    if (name === '') throw filterError('`dataset_name` in the `datasets` clause must be specified')
    return {
      sql: `(d.dataset_name = ?${digest ? ' AND d.dataset_digest = ?' : ''})`,
      values: [name, ...(digest ? [digest] : [])],
    }
  })
  return [
    {
      sql: `EXISTS (SELECT 1 FROM logged_model_metrics d WHERE d.model_id = l.id AND (${each.map(({ sql }) => sql).join(' OR ')}))`,
      values: each.flatMap(({ values }) => values),
    },
  ]
}

/** Models in the order of their chosen value of a metric, read from the index of its values, and then those that have none. */
async function walkOfMetric<Row extends object>(
  sql: SqlConnection,
  field: OrderField,
  page: {
    experimentIds: readonly string[]
    where: readonly Condition[]
    conditions: (owner: readonly string[]) => Condition[]
    sort: readonly SortPart[]
    limit: number
    after: readonly SqlValue[] | null
  },
): Promise<Row[]> {
  const { experimentIds, conditions, limit, after } = page
  const rest = page.sort.slice(2)
  const where = [
    ...page.where,
    { sql: `l.experiment_id IN (${placeholders(experimentIds.length)})`, values: experimentIds },
  ]
  const columns = LOGGED_MODEL_COLUMNS
  const rows: Row[] = []
  if (after === null || after[0] === 0) {
    const [own, other] = [ofMetric(field, 'o0'), ofMetric(field, 'n')]
    const chosen = `NOT EXISTS (SELECT 1 FROM logged_model_metrics n WHERE n.model_id = o0.model_id AND ${other.sql}
  AND (n.timestamp > o0.timestamp OR (n.timestamp = o0.timestamp
    AND (n.dataset_name < o0.dataset_name OR (n.dataset_name = o0.dataset_name AND n.dataset_digest < o0.dataset_digest)))))`
    const numbers = await queryPage<Row>(sql, {
      columns,
      from: { sql: 'logged_model_metrics o0 CROSS JOIN logged_models l', values: [] },
      where: [
        { sql: `l.id = o0.model_id AND ${own.sql} AND o0.value IS NOT NULL`, values: own.values },
        { sql: chosen, values: other.values },
        ...where,
        ...conditions(['o0.model_id']),
      ],
      sort: [{ sql: 'o0.value', ascending: field.ascending }, ...rest],
      limit,
      after: after?.slice(1) ?? null,
    })
    rows.push(...numbers.rows.map((row) => sortedAs(row, rest.length, 0)))
  }
  if (rows.length === limit) return rows
  const { sql: value, values } = chosenValue(field)
  const without = await queryPage<Row>(sql, {
    columns,
    from: { sql: 'logged_models l', values: [] },
    where: [...where, ...conditions(['l.id']), { sql: `${value} IS NULL`, values }],
    sort: rest,
    limit: limit - rows.length,
    after: after && after[0] === 1 ? after.slice(2) : null,
  })
  return [...rows, ...without.rows.map((row) => sortedAs(row, rest.length, 1))]
}

/** A row with its sort values in the place that the whole order gives them: whether the value is missing, the value, the rest. */
function sortedAs<Row extends object>(row: Row, rest: number, missing: 0 | 1): Row {
  const values = row as Record<string, SqlValue>
  const from = missing === 0 ? 1 : 0
  const moved: Record<string, SqlValue> = { sort_0: missing, sort_1: missing === 0 ? values['sort_0']! : 0 }
  for (let index = 0; index < rest; index += 1) moved[`sort_${index + 2}`] = values[`sort_${index + from}`]!
  return { ...row, ...moved }
}
