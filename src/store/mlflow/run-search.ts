import type { Page, Search, TrackedRun, ViewType } from '../../track/mlflow-model.ts'
import { type Filter, parseFilter, parseOrder } from '../../track/search/filter.ts'
import { type Condition, compileFilter, fromValues } from '../search/compile-filter.ts'
import { type CompiledOrder, compileOrder } from '../search/search-order.ts'
import { decodePageToken, encodePageToken, queryPage, type SortPart } from '../search/search-page.ts'
import { SEARCH_TARGETS } from '../search/search-target.ts'
import type { SqlConnection, SqlValue } from '../sql-database.ts'
import { placeholders } from './row-lists.ts'
import { RUN_COLUMNS, type TrackedRunRow, withEverything } from './run-rows.ts'
import { sortValues } from './sql-experiment-store.ts'

/** Up to so many matches of one clause, it is quicker to begin with them than to ask run after run. */
const FEW = 2000

type RunSearch = Search & { experimentIds: readonly string[]; viewType: ViewType }

/**
 * Searches runs. Two plans keep it quick over many runs: a clause that few values satisfy is looked up from the values' side, and an order by
 * a metric is read from the index of its values, in three phases (numbers, NaN, runs without it), each a keyset of its own.
 */
export async function searchRuns(sql: SqlConnection, search: RunSearch): Promise<Page<TrackedRun>> {
  const { experimentIds, viewType, filter = '', orderBy = [], maxResults, pageToken } = search
  const tree = parseFilter(filter)
  const target = SEARCH_TARGETS.runs
  const terms = parseOrder(orderBy)
  // What was asked for already needs no second place in the order.
  const own: SortPart[] = [
    { sql: 'r.start_time', ascending: false },
    { sql: 'r.id', ascending: true },
  ]
  const order = compileOrder(terms, target, own)
  const phases = order.leadingMetric ? metricPhases(order) : [{ from: plainFrom(order), where: [], sort: order.parts }]
  const pin = ['runs', experimentIds, viewType, filter, orderBy]
  const shape = order.leadingMetric ? order.parts.length - 1 : order.parts.length
  const start = pageToken ? decodePageToken(pin, pageToken, shape + 1) : { phase: 0, after: [] }
  if (experimentIds.length === 0) return { items: [], nextPageToken: null }

  const where: Condition[] = [
    { sql: `r.experiment_id IN (${placeholders(experimentIds.length)})`, values: experimentIds },
  ]
  if (viewType !== 'ALL')
    where.push({ sql: 'r.lifecycle_stage = ?', values: [viewType === 'ACTIVE_ONLY' ? 'active' : 'deleted'] })
  if (tree) where.push(...(await conditions(sql, tree)))

  const found: { row: TrackedRunRow; phase: number }[] = []
  for (let phase = start.phase; phase < phases.length && found.length <= maxResults; phase += 1) {
    const { from, where: ofPhase, sort } = phases[phase]!
    const after = pageToken && phase === start.phase ? start.after.slice(1, 1 + sort.length) : null
    const { rows } = await queryPage<TrackedRunRow>(sql, {
      columns: RUN_COLUMNS,
      from,
      where: [...where, ...ofPhase],
      sort,
      limit: maxResults + 1 - found.length,
      after,
    })
    found.push(...rows.map((row) => ({ row, phase })))
  }
  const shown = found.slice(0, maxResults)
  const last = shown.at(-1)
  let nextPageToken: string | null = null
  if (found.length > maxResults && last) {
    const values: SqlValue[] = sortValues(last.row, phases[last.phase]!.sort.length)
    // Every phase's token has the same length; what is not a part of its order is filled up.
    while (values.length < shape) values.push(0)
    nextPageToken = encodePageToken(pin, { phase: last.phase, after: [last.phase, ...values] })
  }
  return {
    items: await withEverything(
      sql,
      shown.map(({ row }) => row),
    ),
    nextPageToken,
  }
}

function plainFrom(order: CompiledOrder): Condition {
  return {
    sql: ['runs r', ...order.joins.map((join) => join.sql)].join('\n'),
    values: order.joins.flatMap((join) => join.values),
  }
}

interface Phase {
  readonly from: Condition
  readonly where: readonly Condition[]
  readonly sort: readonly SortPart[]
}

/** Runs with a number, then those with NaN, then those without the metric; the metric's own table leads where it can. */
function metricPhases(order: CompiledOrder): Phase[] {
  const { key, ascending } = order.leadingMetric!
  const others = order.joins.slice(1)
  // The first two parts are the metric's: what is missing, and the value.
  const rest = order.parts.slice(2)
  const joins = others.map((join) => join.sql).join('\n')
  const values = others.flatMap((join) => join.values)
  const measured: Condition = {
    sql: `latest_metrics o0 CROSS JOIN runs r\n${joins}`,
    values,
  }
  const ofKey = (more: string): Condition => ({ sql: `r.id = o0.run_id AND o0.key = ? AND ${more}`, values: [key] })
  return [
    { from: measured, where: [ofKey('o0.value IS NOT NULL')], sort: [{ sql: 'o0.value', ascending }, ...rest] },
    { from: measured, where: [ofKey('o0.value IS NULL')], sort: rest },
    {
      from: { sql: `runs r\n${joins}`, values },
      where: [
        {
          sql: 'NOT EXISTS (SELECT 1 FROM latest_metrics n WHERE n.run_id = r.id AND n.key = ?)',
          values: [key],
        },
      ],
      sort: rest,
    },
  ]
}

/** One condition for each part of a filter that has to hold; the most telling one is turned round where few values satisfy it. */
async function conditions(sql: SqlConnection, tree: Filter): Promise<Condition[]> {
  const parts = tree.type === 'and' ? tree.items : [tree]
  // Names and comparators are checked before anything is asked of the database.
  const compiled = parts.map((part) => compileFilter(part, SEARCH_TARGETS.runs))
  let fewest: { index: number; count: number } | null = null
  for (const [index, part] of parts.entries()) {
    const turned = fromValues(part, SEARCH_TARGETS.runs)
    if (!turned) continue
    const counted = await sql.first<{ n: number }>(
      `SELECT COUNT(*) AS n FROM (${turned.ids.sql} LIMIT ${FEW}) AS some_values`,
      ...turned.ids.values,
    )
    if (counted!.n < FEW && (fewest === null || counted!.n < fewest.count)) fewest = { index, count: counted!.n }
  }
  if (fewest === null) return compiled
  const turned = fromValues(parts[fewest.index]!, SEARCH_TARGETS.runs)!
  return compiled.with(fewest.index, { sql: `${turned.sql} IN (${turned.ids.sql})`, values: turned.ids.values })
}
