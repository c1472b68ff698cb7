import type { Filter } from '../../track/search/filter.ts'
import type { Candidates, EstimatedPart } from '../search/candidates.ts'
import { type Condition, INDEXED_TEXT, indexedStart, onLeadingMetric } from '../search/compile-filter.ts'
import type { CompiledOrder, LeadingValue } from '../search/search-order.ts'
import type { SortPart } from '../search/search-page.ts'
import { SEARCH_TARGETS } from '../search/search-target.ts'
import type { Way } from '../search/search-way.ts'
import type { SqlValue } from '../sql-database.ts'

/** Where a page ended, whichever way it was read: 0 to 2 for a number, NaN and none of the value that leads the order, and the values after that. */
export interface Position {
  readonly phase: number
  readonly values: readonly SqlValue[]
}

/** A query for one stretch of the order. */
export interface Phase {
  readonly from: Condition
  readonly where: readonly Condition[]
  readonly sort: readonly SortPart[]
  /** How runs are come by: in an order that an index has, all of them to be sorted, or from the side of values. */
  readonly reads: 'runs in order' | 'all runs' | 'values'
  /** What names the run where it is first come by, so that sets are asked before anything is looked up. */
  readonly owner: string
  /** Many runs may come together in this order, and have to be sorted before the first is known. */
  readonly ties: boolean
  /** Clauses on the value that leads the order already bound the walk. */
  readonly bounded: readonly Filter[]
  /** Whether a page that ended there had come past this stretch. */
  readonly isOver: (before: Position) => boolean
  /** The sort values that this stretch goes on after; null for all of it. */
  readonly after: (before: Position) => readonly SqlValue[] | null
  readonly positionOf: (sorted: readonly SqlValue[]) => Position
}

/** The stretches that a search goes through, one after the other, until its page is full. */
export function phasesOf(way: Way, order: CompiledOrder, parts: readonly EstimatedPart[]): Phase[] {
  if (way.by === 'candidates') return [candidatesPhase(order, parts[way.lead]!.candidates!)]
  if (way.by === 'walk' && order.leading) return leadingPhases(order, order.leading, parts)
  return [way.by === 'walk' ? plainPhase(order, 'runs in order') : sortedPhase(order, plainPhase(order, 'all runs'))]
}

/** Clauses that a walk over the values which lead the order is bound by. */
export function boundsOf(parts: readonly EstimatedPart[], leading: LeadingValue | null) {
  if (leading === null || leading.group.type !== 'number') return []
  return parts.flatMap(({ filter }) => {
    const clauses = filter.type === 'and' ? filter.items : [filter]
    const conditions = clauses.map((each) => onLeadingMetric(each, SEARCH_TARGETS.runs, leading.key, 'o0.value'))
    return conditions.every((condition) => condition !== null) ? [{ filter, conditions }] : []
  })
}

/** One of the stretches that follow each other. */
function stretch(
  phase: number,
  parts: Pick<Phase, 'from' | 'where' | 'sort' | 'reads' | 'owner'> & Partial<Phase>,
): Phase {
  return {
    ties: false,
    bounded: [],
    isOver: (before) => before.phase > phase,
    after: (before) => (before.phase === phase ? before.values.slice(0, parts.sort.length) : null),
    positionOf: (values) => ({ phase, values }),
    ...parts,
  }
}

function plainPhase({ joins, parts }: CompiledOrder, reads: 'runs in order' | 'all runs'): Phase {
  const from = {
    sql: ['runs r', ...joins.map((join) => join.sql)].join('\n'),
    values: joins.flatMap((join) => join.values),
  }
  return stretch(0, { from, where: [], sort: parts, reads, owner: 'r.id' })
}

/** Few runs are sorted as a whole, those without the value that leads the order too. */
function candidatesPhase(order: CompiledOrder, few: Candidates): Phase {
  const { joins, parts } = order
  return sortedPhase(
    order,
    stretch(0, {
      from: {
        sql: [`(${few.ids.sql}) AS few CROSS JOIN runs r`, ...joins.map((join) => join.sql)].join('\n'),
        values: [...few.ids.values, ...joins.flatMap((join) => join.values)],
      },
      where: [{ sql: 'r.id = few.owner', values: [] }],
      sort: parts,
      reads: 'values',
      owner: 'few.owner',
    }),
  )
}

/** A stretch that is the whole of the order, with positions as the stretches of a value that leads it have. */
function sortedPhase({ parts, leading }: CompiledOrder, phase: Phase): Phase {
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
function leadingPhases(order: CompiledOrder, leading: LeadingValue, parts: readonly EstimatedPart[]): Phase[] {
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
  const last = stretch(2, { from: runs, where: [without], sort: table.rest, reads: 'runs in order', owner: 'r.id' })
  if (group.type === 'text') return [textPhase(table), last]
  return numberPhases(table, parts, last)
}

/** The table of the values that lead an order, with the runs that they are of. */
interface LeadingTable {
  readonly leading: LeadingValue
  readonly from: Condition
  readonly rest: readonly SortPart[]
  readonly ofKey: (more: string) => Condition
}

/** Runs with a number, then those with NaN, then those without the metric. */
function numberPhases(
  { leading, from, rest, ofKey }: LeadingTable,
  parts: readonly EstimatedPart[],
  last: Phase,
): Phase[] {
  const { ascending } = leading
  // Clauses on the same metric bound the walk over its values; then only runs with a number match.
  const bounds = boundsOf(parts, leading)
  const numbers = stretch(0, {
    from,
    where: [ofKey('o0.value IS NOT NULL'), ...bounds.flatMap(({ conditions }) => conditions as Condition[])],
    sort: [{ sql: 'o0.value', ascending }, ...rest],
    reads: 'values',
    owner: 'o0.run_id',
    bounded: bounds.map(({ filter }) => filter),
  })
  if (bounds.length > 0) return [numbers]
  const nan = stretch(1, {
    from,
    where: [ofKey('o0.value IS NULL')],
    sort: rest,
    reads: 'values',
    owner: 'o0.run_id',
  })
  return [numbers, nan, last]
}

const START_OF_VALUE = INDEXED_TEXT.replace('g.', 'o0.')

/** Runs in the order of a text: of its beginning, which the index has, and then of the whole. */
function textPhase({ leading: { ascending }, from, rest, ofKey }: LeadingTable): Phase {
  const sort = [{ sql: START_OF_VALUE, ascending }, { sql: 'o0.value', ascending }, ...rest]
  const phase = stretch(0, { from, where: [ofKey('1 = 1')], sort, reads: 'values', owner: 'o0.run_id' })
  return {
    ...phase,
    ties: true,
    // The beginning follows from the value, so a token need not have it.
    after: ({ phase: at, values }) =>
      at === 0 ? [indexedStart(String(values[0])), ...values.slice(0, sort.length - 1)] : null,
    positionOf: ([, ...values]) => ({ phase: 0, values }),
  }
}
