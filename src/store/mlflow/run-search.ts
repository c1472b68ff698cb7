import type { Page, Search, TrackedRun, ViewType } from '../../track/mlflow-model.ts'
import { type Filter, parseFilter, parseOrder } from '../../track/search/filter.ts'
import { type EstimatedPart, estimateParts, unknownParts } from '../search/candidates.ts'
import { type Condition, compileFilter } from '../search/compile-filter.ts'
import { partConditions } from '../search/part-conditions.ts'
import { type CompiledOrder, compileOrder } from '../search/search-order.ts'
import {
  decodePageToken,
  encodePageToken,
  type PageQuery,
  queryPage,
  type SortPart,
  topOf,
} from '../search/search-page.ts'
import { SEARCH_TARGETS } from '../search/search-target.ts'
import { SWEEP_FACTOR, type Way, waysOf } from '../search/search-way.ts'
import type { SqlConnection } from '../sql-database.ts'
import { placeholders } from './row-lists.ts'
import { boundsOf, type Phase, type Position, phasesOf } from './run-phases.ts'
import { RUN_COLUMNS, type TrackedRunRow, withEverything } from './run-rows.ts'
import { sortValues } from './sql-experiment-store.ts'

type RunSearch = Search & { experimentIds: readonly string[]; viewType: ViewType }

/** Experiments that are read each in its own order and then merged; more are sorted as one. */
const MAX_MERGED = 50

/** About as many runs as there are: numbers are given in order. */
const LAST_RUN = `SELECT COALESCE(MAX(sequence), 0) AS n FROM runs`

/** Among so few runs nothing is worth counting. */
const FEW_RUNS = 1000

/** What tests take in place of the defaults. */
export interface SearchChoices {
  /** Of the ways that lead to the answer, the cheapest first. */
  readonly choose?: (ways: readonly Way[]) => Way
  readonly fewRuns?: number
}

/**
 * Searches runs. It stays quick over many of them by beginning where the fewest have to be looked at (`search-way.ts`):
 * - with the runs that one part of the filter may match, found from the indices of values (`candidates.ts`);
 * - or, ordered by a metric, a param or a tag, with the index of its values, in phases (values, NaN, runs without it), each a keyset of its own;
 * - or, in the order of their start, with the runs of each experiment;
 * - or with all runs, in one sweep, to sort them.
 * The second and third end when the page is full. What else is asked of many runs is a set of ids, made once.
 */
export async function searchRuns(
  sql: SqlConnection,
  search: RunSearch,
  { choose = (ways) => ways[0]!, fewRuns = FEW_RUNS }: SearchChoices = {},
): Promise<Page<TrackedRun>> {
  const { experimentIds, viewType, filter = '', orderBy = [], maxResults, pageToken } = search
  const tree = parseFilter(filter)
  const target = SEARCH_TARGETS.runs
  const terms = parseOrder(orderBy)
  const own: SortPart[] = [
    { sql: 'r.start_time', ascending: false },
    { sql: 'r.id', ascending: true },
  ]
  const order = compileOrder(terms, target, own)
  if (tree) compileFilter(tree, target) // names are checked before anything is counted
  const pin = ['runs', experimentIds, viewType, filter, orderBy]
  const shape = order.leading ? order.parts.length - 1 : order.parts.length
  const start = pageToken ? decodePageToken(pin, pageToken, shape + 1) : { phase: 0, after: [] }
  if (experimentIds.length === 0) return { items: [], nextPageToken: null }

  const { ways, parts, runs, total } = await waysOfSearch(sql, {
    ...{ tree, order, experimentIds, fewRuns },
    wanted: maxResults + 1,
  })
  const way = choose(ways)
  const views: Condition[] =
    viewType === 'ALL'
      ? []
      : [{ sql: 'r.lifecycle_stage = ?', values: [viewType === 'ACTIVE_ONLY' ? 'active' : 'deleted'] }]

  const found: { row: TrackedRunRow; at: Position }[] = []
  const before: Position = { phase: start.phase, values: start.after.slice(1) }
  for (const phase of phasesOf(way, order, parts)) {
    if (found.length > maxResults || (pageToken && phase.isOver(before))) continue
    const page: PageQuery = {
      columns: RUN_COLUMNS,
      from: phase.from,
      where: [
        ...views,
        ...phase.where,
        ...partConditions(parts, way, { target, owner: [phase.owner], bounded: phase.bounded }),
      ],
      sort: phase.sort,
      limit: maxResults + 1 - found.length,
      after: pageToken ? phase.after(before) : null,
    }
    const lists = ofExperiments(experimentIds, phase, runs * SWEEP_FACTOR > total)
    const top = way.by === 'top' || (way.by === 'walk' && phase.ties) ? way.top : null
    const rows = await rowsOf(sql, page, {
      lists,
      owner: phase.owner,
      top,
      first: [...views, ...phase.where, ...lists],
    })
    found.push(...rows.map((row) => ({ row, at: phase.positionOf(sortValues(row, phase.sort.length)) })))
  }
  const shown = found.slice(0, maxResults)
  const last = shown.at(-1)
  let nextPageToken: string | null = null
  if (found.length > maxResults && last) {
    const values = [...last.at.values]
    // Every phase's token has the same length; what is not a part of its order is filled up.
    while (values.length < shape) values.push(0)
    nextPageToken = encodePageToken(pin, { phase: last.at.phase, after: [last.at.phase, ...values] })
  }
  return {
    items: await withEverything(
      sql,
      shown.map(({ row }) => row),
    ),
    nextPageToken,
  }
}

/** The ways to go about a search, from counts of what its parts may match. */
async function waysOfSearch(
  sql: SqlConnection,
  search: {
    tree: Filter | null
    order: CompiledOrder
    experimentIds: readonly string[]
    fewRuns: number
    wanted: number
  },
): Promise<{ ways: Way[]; parts: EstimatedPart[]; runs: number; total: number }> {
  const { tree, order, experimentIds, fewRuns, wanted } = search
  const target = SEARCH_TARGETS.runs
  const byStart = order.parts[0]?.sql === 'r.start_time'
  if (tree === null && byStart) {
    const [way] = waysOf({ rows: 0, total: 0, wanted, parts: [], joins: 0, walk: 'rows' }).filter(
      ({ by }) => by === 'walk',
    )
    return { ways: [way!], parts: [], runs: 0, total: 0 }
  }
  const total = Math.max((await sql.first<{ n: number }>(LAST_RUN))!.n, 1)
  // Where the experiments have so many of all runs that a sweep is the way to read them, it does not matter how many.
  const most = Math.max(fewRuns + 1, Math.ceil(total / SWEEP_FACTOR))
  const counted = await sql.first<{ n: number }>(
    `SELECT COUNT(*) AS n FROM (SELECT 1 AS one FROM runs WHERE experiment_id IN (${placeholders(experimentIds.length)}) LIMIT ?) AS some_runs`,
    ...experimentIds,
    most,
  )
  const runs = counted!.n >= most ? total : counted!.n
  const parts = runs <= fewRuns ? unknownParts(tree, target) : await estimateParts(sql, tree, target, total)
  const bounded = boundsOf(parts, order.leading).map(({ filter }) => filter)
  const ways = waysOf({
    rows: runs,
    total,
    wanted,
    parts: parts.map(({ filter, candidates, share, probes }) => ({
      count: candidates?.count ?? null,
      share,
      probes,
      boundsWalk: bounded.includes(filter),
    })),
    joins: order.joins.length,
    walk: order.leading ? 'values' : byStart ? 'rows' : null,
  })
  return { ways, parts, runs, total }
}

/** The condition on experiments; several of them, one for each list that is merged. */
function ofExperiments(ids: readonly string[], { reads }: Phase, sweeps: boolean): Condition[] {
  if (reads === 'runs in order' && ids.length <= MAX_MERGED)
    return ids.map((id) => ({ sql: 'r.experiment_id = ?', values: [id] }))
  const list = placeholders(ids.length)
  // To go from an index to its rows costs several times what a row costs in a sweep over the table; no index has the expression.
  if (reads === 'all runs' && sweeps) return [{ sql: `r.experiment_id || '' IN (${list})`, values: ids }]
  return [{ sql: `r.experiment_id IN (${list})`, values: ids }]
}

/** With `top`, the first runs in their order are asked, and all of them only where too few of the first match. */
async function rowsOf(
  sql: SqlConnection,
  page: PageQuery,
  ways: { lists: readonly Condition[]; owner: string; top: number | null; first: readonly Condition[] },
): Promise<readonly TrackedRunRow[]> {
  const { lists, owner, top, first } = ways
  if (top !== null) {
    const some = topOf(page, SEARCH_TARGETS.runs.rows, { where: first, owner: [owner], top })
    const { rows } = await queryPage<TrackedRunRow>(sql, some)
    if (rows.length === page.limit) return rows
  }
  return (await queryPage<TrackedRunRow>(sql, page, lists)).rows
}
