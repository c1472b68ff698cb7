/**
 * In which way a search goes about it, decided from counts alone. The databases' planners do not know how the values lie, and SQLite keeps no
 * statistics, so the order of joins and what is made a set are said. Costs are processor time of SQLite in microseconds, of 100,000 runs on one core; what
 * matters is their proportion.
 */

/** What is known of a part of a filter; all parts have to hold. */
export interface PartFacts {
  /** Rows that it may match, found from the side of values or by a sweep; null where they are too many or can't be found so. */
  readonly count: number | null
  /** At most so large a share of all rows matches, as far as parts do not depend on each other. */
  readonly share: number
  /** Values that are looked up to ask one row. */
  readonly probes: number
  /** It bounds the walk over the values that lead the order. */
  readonly boundsWalk: boolean
}

export interface SearchFacts {
  /** Rows where the search looks (runs of the experiments that were named), and all rows. */
  readonly rows: number
  readonly total: number
  readonly wanted: number
  readonly parts: readonly PartFacts[]
  /** Values that are looked up to sort one row. */
  readonly joins: number
  /** What has the order: an index of the rows, an index of values (which is walked over the rows of everyone), or nothing. */
  readonly walk: 'rows' | 'values' | null
}

/**
 * - `walk`: in the order of an index, until the page is full;
 * - `candidates`: from the rows of one part, to sort what else holds;
 * - `all`: from all rows, to sort what holds;
 * - `top`: as `all`, but the first `top` rows are sorted before they are asked, and all only where too few of them match.
 */
export type Way = {
  /** For each part: it is a set of ids that is made once, or the part is asked of each row. */
  readonly sets: readonly boolean[]
  readonly cost: number
} & (
  | { readonly by: 'all' }
  /** Where many rows come together in the order, the first `top` are sorted before they are asked; null: too few of them would match. */
  | { readonly by: 'walk'; readonly top: number | null }
  | { readonly by: 'candidates'; readonly lead: number }
  | { readonly by: 'top'; readonly top: number }
)

const STEP = 0.5
const SWEEP_ROW = 0.6
const FOUND_ROW = 4
const PROBE = 6
const SET_ENTRY = 1.2
const SET_LOOKUP = 0.5
const SORT_ROW = 0.5

/** So many rows of a sweep take the time of one that is found by an index. */
export const SWEEP_FACTOR = 5

/** All ways that lead to the answer, the cheapest first. */
export function waysOf(facts: SearchFacts): Way[] {
  const { rows, total, wanted, parts, joins, walk } = facts
  const ways: Way[] = []
  const share = parts.reduce((product, part) => product * part.share, 1)
  const matches = rows * share
  const readAll = Math.min(total * SWEEP_ROW, rows * FOUND_ROW)
  const sorted = (count: number) => count * (joins * PROBE + SORT_ROW)

  const everything = flow(rows, parts, null)
  ways.push({ by: 'all', sets: everything.sets, cost: readAll + everything.cost + sorted(matches) })

  const top = firstRows(wanted, share)
  if (walk !== 'rows' && parts.some(({ probes }) => probes > 0) && top < rows) {
    const asked = flow(top, parts, null)
    const cost = readAll + sorted(rows) + top * FOUND_ROW + asked.cost
    ways.push({ by: 'top', top, sets: asked.sets, cost })
  }

  for (const [lead, part] of parts.entries()) {
    if (part.count === null) continue
    const rest = flow(part.count, parts, lead)
    const found = part.count * rest.share
    ways.push({
      by: 'candidates',
      lead,
      sets: rest.sets,
      cost: part.count * STEP + rest.cost + found * FOUND_ROW + sorted(found),
    })
  }

  if (walk !== null) {
    const asked = parts.map((part) => (walk === 'values' && part.boundsWalk ? { ...part, share: 1, probes: 0 } : part))
    const each = asked.reduce((product, part) => product * part.share, 1)
    const length = walk === 'rows' ? rows : total
    const here = walk === 'rows' ? 1 : Math.max(rows, 1) / Math.max(total, 1)
    const steps = Math.min(length, wanted / Math.max(each * here, 1e-9))
    const rest = flow(steps, asked, null)
    const cost = steps * STEP + rest.cost + Math.max(steps * rest.share, wanted) * FOUND_ROW
    // Whether its rows are those of the search is asked before they are sorted.
    const first = firstRows(wanted, each)
    const worth = asked.some(({ probes }) => probes > 0) && first < rows
    ways.push({ by: 'walk', top: worth ? first : null, sets: rest.sets, cost })
  }
  return ways.sort((left, right) => left.cost - right.cost)
}

/** Among so many rows there are as many that match as are wanted, unless chance is against it. */
function firstRows(wanted: number, share: number): number {
  return Math.ceil((2 * wanted) / Math.max(share, 1e-9)) + 50
}

/** What it costs to ask rows for all parts but the one that led to them: sets first, those that leave the fewest before the others. */
function flow(
  start: number,
  parts: readonly PartFacts[],
  lead: number | null,
): { sets: boolean[]; cost: number; share: number } {
  const sets = parts.map(() => false)
  let rows = start
  let cost = 0
  const order = [...parts.keys()].filter((index) => index !== lead)
  order.sort((left, right) => parts[left]!.share - parts[right]!.share)
  for (const index of order) {
    const { count, share, probes } = parts[index]!
    const asSet = count === null ? Number.POSITIVE_INFINITY : count * SET_ENTRY + rows * SET_LOOKUP
    const asked = rows * probes * PROBE
    sets[index] = asSet < asked
    cost += Math.min(asSet, asked)
    rows *= share
  }
  return { sets, cost, share: start === 0 ? 0 : rows / start }
}
