import type { Page, Search, TrackedRun, ViewType } from '../../track/mlflow-model.ts'
import { type Filter, parseFilter, parseOrder } from '../../track/search/filter.ts'
import { type Candidates, estimateMatches } from '../search/candidates.ts'
import { type Condition, compileFilter, INDEXED_TEXT, indexedStart, onLeadingMetric } from '../search/compile-filter.ts'
import { type CompiledOrder, compileOrder, type LeadingValue } from '../search/search-order.ts'
import { decodePageToken, encodePageToken, type PageQuery, queryPage, type SortPart } from '../search/search-page.ts'
import { SEARCH_TARGETS } from '../search/search-target.ts'
import type { SqlConnection, SqlValue } from '../sql-database.ts'
import { placeholders } from './row-lists.ts'
import { RUN_COLUMNS, type TrackedRunRow, withEverything } from './run-rows.ts'
import { sortValues } from './sql-experiment-store.ts'

type RunSearch = Search & { experimentIds: readonly string[]; viewType: ViewType }

/** Experiments that are read each in its own order and then merged; more are sorted as one. */
const MAX_MERGED = 50

/** About as many runs as there are: numbers are given in order. */
const LAST_RUN = `SELECT COALESCE(MAX(sequence), 0) AS n FROM runs`

/**
 * Searches runs. It stays quick over many of them by beginning where the fewest have to be looked at:
 * - runs that might match are few: with them, found from the indices of values (`candidates.ts`);
 * - else, ordered by a metric, a param or a tag: with the index of its values, in phases (values, NaN, runs without it), each a keyset of its own;
 * - else, in the order of their start, with the runs of each experiment;
 * - else with all runs, in one sweep, to sort them.
 * The second and third end when the page is full. The databases' planners do not know how the values lie, so the order of joins is said.
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
  const conditions = partsOf(tree).map((part) => compileFilter(part, target))
  const pin = ['runs', experimentIds, viewType, filter, orderBy]
  const shape = order.leading ? order.parts.length - 1 : order.parts.length
  const start = pageToken ? decodePageToken(pin, pageToken, shape + 1) : { phase: 0, after: [] }
  if (experimentIds.length === 0) return { items: [], nextPageToken: null }

  const few = tree ? await fewCandidates(sql, tree, maxResults + 1) : null
  const phases = few
    ? [candidatesPhase(order, few)]
    : order.leading
      ? leadingPhases(order, order.leading, tree)
      : [plainPhase(order)]
  const where = [...conditions]
  if (viewType !== 'ALL')
    where.push({ sql: 'r.lifecycle_stage = ?', values: [viewType === 'ACTIVE_ONLY' ? 'active' : 'deleted'] })

  const found: { row: TrackedRunRow; at: Position }[] = []
  const before: Position = { phase: start.phase, values: start.after.slice(1) }
  for (const phase of phases) {
    if (found.length > maxResults || (pageToken && phase.isOver(before))) continue
    const page: PageQuery = {
      columns: RUN_COLUMNS,
      from: phase.from,
      where: [...where, ...phase.where],
      sort: phase.sort,
      limit: maxResults + 1 - found.length,
      after: pageToken ? phase.after(before) : null,
    }
    const { rows } = await queryPage<TrackedRunRow>(sql, page, await ofExperiments(sql, experimentIds, phase))
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

/** Parts of a filter that all have to hold. */
function partsOf(tree: Filter | null): readonly Filter[] {
  if (tree === null) return []
  return tree.type === 'and' ? tree.items : [tree]
}

/** Candidates where fewer have to be looked at with them than in order, until a page is full. */
async function fewCandidates(sql: SqlConnection, tree: Filter, wanted: number): Promise<Candidates | null> {
  const { n } = (await sql.first<{ n: number }>(LAST_RUN))!
  const total = Math.max(n, 1)
  const { candidates, share } = await estimateMatches(sql, tree, SEARCH_TARGETS.runs, total)
  // To look at a candidate takes more than one step of a walk in order: its filter is asked as a whole, and all have to be sorted.
  return candidates && candidates.count * 2 <= Math.min(wanted / share, total) ? candidates : null
}

/** The condition on experiments; several of them, one for each list that is merged. */
async function ofExperiments(sql: SqlConnection, ids: readonly string[], { reads }: Phase): Promise<Condition[]> {
  if (reads === 'runs in order' && ids.length <= MAX_MERGED)
    return ids.map((id) => ({ sql: 'r.experiment_id = ?', values: [id] }))
  const list = placeholders(ids.length)
  if (reads === 'all runs') {
    const counts = `SELECT (SELECT COUNT(*) FROM runs WHERE experiment_id IN (${list})) AS n, (SELECT COUNT(*) FROM runs) AS total`
    const { n, total } = (await sql.first<{ n: number; total: number }>(counts, ...ids))!
    // To go from an index to its rows costs several times what a row costs in a sweep over the table; no index has the expression.
    if (n * SWEEP_FACTOR > total) return [{ sql: `r.experiment_id || '' IN (${list})`, values: ids }]
  }
  return [{ sql: `r.experiment_id IN (${list})`, values: ids }]
}

/** So many rows of a sweep take the time of one that is found by an index. */
const SWEEP_FACTOR = 5

/** Where a page ended, whichever way it was read: 0 to 2 for a number, NaN and none of the metric that leads the order, and the values after that. */
interface Position {
  readonly phase: number
  readonly values: readonly SqlValue[]
}

/** A query for one stretch of the order. */
interface Phase {
  readonly from: Condition
  readonly where: readonly Condition[]
  readonly sort: readonly SortPart[]
  /** How runs are come by: in an order that an index has, all of them to be sorted, or from the side of values. */
  readonly reads: 'runs in order' | 'all runs' | 'values'
  /** Whether a page that ended there had come past this stretch. */
  readonly isOver: (before: Position) => boolean
  /** The sort values that this stretch goes on after; null for all of it. */
  readonly after: (before: Position) => readonly SqlValue[] | null
  readonly positionOf: (sorted: readonly SqlValue[]) => Position
}

/** One of the stretches that follow each other. */
function stretch(phase: number, parts: Pick<Phase, 'from' | 'where' | 'sort' | 'reads'>): Phase {
  return {
    ...parts,
    isOver: (before) => before.phase > phase,
    after: (before) => (before.phase === phase ? before.values.slice(0, parts.sort.length) : null),
    positionOf: (values) => ({ phase, values }),
  }
}

function plainPhase({ joins, parts }: CompiledOrder): Phase {
  const reads = parts[0]?.sql === 'r.start_time' ? 'runs in order' : 'all runs'
  const from = {
    sql: ['runs r', ...joins.map((join) => join.sql)].join('\n'),
    values: joins.flatMap((join) => join.values),
  }
  return stretch(0, { from, where: [], sort: parts, reads })
}

/** Few runs are sorted as a whole, those without the value that leads the order too. */
function candidatesPhase({ joins, parts, leading }: CompiledOrder, few: Candidates): Phase {
  const phase = stretch(0, {
    from: {
      sql: [`(${few.ids.sql}) AS few CROSS JOIN runs r`, ...joins.map((join) => join.sql)].join('\n'),
      values: [...few.ids.values, ...joins.flatMap((join) => join.values)],
    },
    where: [{ sql: 'r.id = few.owner', values: [] }],
    sort: parts,
    reads: 'values',
  })
  if (!leading) return phase
  const none = noValue(leading)
  // The first two parts of the order are the phase, and the value, which is 0 or empty where there is none.
  return {
    ...phase,
    isOver: () => false,
    after: ({ phase: at, values }) => [at, ...(at === 0 ? values : [none, ...values]).slice(0, parts.length - 1)],
    positionOf: ([at, ...values]) => ({ phase: Number(at), values: at === 0 ? values : values.slice(1) }),
  }
}

const noValue = ({ group }: LeadingValue) => (group.type === 'number' ? 0 : '')

/** Runs in the order of a value, then those without it; the table of values leads. */
function leadingPhases(order: CompiledOrder, leading: LeadingValue, tree: Filter | null): Phase[] {
  const { group, key } = leading
  const others = order.joins.slice(1)
  const joins: Condition = {
    sql: others.map((join) => join.sql).join('\n'),
    values: others.flatMap((join) => join.values),
  }
  const table: LeadingTable = {
    leading,
    from: { sql: `${group.table} o0 CROSS JOIN runs r\n${joins.sql}`, values: joins.values },
    // The first two parts are the value's: what is missing, and the value.
    rest: order.parts.slice(2),
    ofKey: (more) => ({ sql: `r.id = o0.run_id AND o0.key = ? AND ${more}`, values: [key] }),
  }
  const runs: Condition = { sql: `runs r\n${joins.sql}`, values: joins.values }
  const without = {
    sql: `NOT EXISTS (SELECT 1 FROM ${group.table} n WHERE n.run_id = r.id AND n.key = ?)`,
    values: [key],
  }
  const last = stretch(2, { from: runs, where: [without], sort: table.rest, reads: 'runs in order' })
  if (group.type === 'text') return [textPhase(table), last]
  return numberPhases(table, tree, last)
}

/** The table of the values that lead an order, with the runs that they are of. */
interface LeadingTable {
  readonly leading: LeadingValue
  readonly from: Condition
  readonly rest: readonly SortPart[]
  readonly ofKey: (more: string) => Condition
}

/** Runs with a number, then those with NaN, then those without the metric. */
function numberPhases({ leading, from, rest, ofKey }: LeadingTable, tree: Filter | null, last: Phase): Phase[] {
  const { key, ascending } = leading
  // Clauses on the same metric bound the walk over its values; then only runs with a number match.
  const bounds = partsOf(tree).flatMap((part) => onLeadingMetric(part, SEARCH_TARGETS.runs, key, 'o0.value') ?? [])
  const numbers = stretch(0, {
    from,
    where: [ofKey('o0.value IS NOT NULL'), ...bounds],
    sort: [{ sql: 'o0.value', ascending }, ...rest],
    reads: 'values',
  })
  if (bounds.length > 0) return [numbers]
  return [numbers, stretch(1, { from, where: [ofKey('o0.value IS NULL')], sort: rest, reads: 'values' }), last]
}

const START_OF_VALUE = INDEXED_TEXT.replace('g.', 'o0.')

/** Runs in the order of a text: of its beginning, which the index has, and then of the whole. */
function textPhase({ leading: { ascending }, from, rest, ofKey }: LeadingTable): Phase {
  const sort = [{ sql: START_OF_VALUE, ascending }, { sql: 'o0.value', ascending }, ...rest]
  const phase = stretch(0, { from, where: [ofKey('1 = 1')], sort, reads: 'values' })
  return {
    ...phase,
    // The beginning follows from the value, so a token need not have it.
    after: ({ phase: at, values }) =>
      at === 0 ? [indexedStart(String(values[0])), ...values.slice(0, sort.length - 1)] : null,
    positionOf: ([, ...values]) => ({ phase: 0, values }),
  }
}
