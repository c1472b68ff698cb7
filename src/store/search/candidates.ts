import type { Filter } from '../../track/search/filter.ts'
import type { SqlConnection } from '../sql-database.ts'
import { type Condition, fromValues } from './compile-filter.ts'
import type { SearchTarget } from './search-target.ts'

/** Rows that might match, found from the side of their values: none that matches is missing, and the filter is asked of each again. */
export interface Candidates {
  /** SELECT of one column, `owner`, each owner once. */
  readonly ids: Condition
  readonly count: number
}

export interface Estimate {
  /** null where there are too many, or they can't be found so. */
  readonly candidates: Candidates | null
  /** At most so large a share of all rows matches, as far as clauses do not depend on each other. */
  readonly share: number
}

/** Candidates beyond that are not worth it: to go through all rows in their order costs no more. */
const MOST = 20_000
/** Clauses that are counted, each a walk over at most `MOST` entries of an index; what is left says nothing. */
const MAX_COUNTED = 12

const UNKNOWN: Estimate = { candidates: null, share: 1 }

/** How many rows a filter may match. @param total Rows that there are, about. */
export async function estimateMatches(
  sql: SqlConnection,
  filter: Filter,
  target: SearchTarget,
  total: number,
): Promise<Estimate> {
  let counted = 0
  const estimate = async (part: Filter): Promise<Estimate> => {
    if (part.type === 'and' || part.type === 'or') {
      const items: Estimate[] = []
      for (const item of part.items) items.push(await estimate(item))
      return part.type === 'and' ? ofAll(items) : ofAny(items)
    }
    const ids = fromValues(part, target)
    if (!ids || counted === MAX_COUNTED) return UNKNOWN
    counted += 1
    const found = await sql.first<{ n: number }>(
      `SELECT COUNT(*) AS n FROM (${ids.sql} LIMIT ${MOST}) AS some_values`,
      ...ids.values,
    )
    const count = found!.n
    return { candidates: count < MOST ? { ids, count } : null, share: Math.min(1, Math.max(count, 1) / total) }
  }
  return estimate(filter)
}

/** All parts have to hold: the fewest candidates of one of them are enough. */
function ofAll(items: readonly Estimate[]): Estimate {
  let fewest: Candidates | null = null
  let share = 1
  for (const item of items) {
    share *= item.share
    if (item.candidates && (fewest === null || item.candidates.count < fewest.count)) fewest = item.candidates
  }
  return { candidates: fewest, share }
}

function ofAny(items: readonly Estimate[]): Estimate {
  const share = Math.min(
    1,
    items.reduce((sum, item) => sum + item.share, 0),
  )
  const all = items.flatMap(({ candidates }) => candidates ?? [])
  const count = all.reduce((sum, candidates) => sum + candidates.count, 0)
  if (all.length < items.length || count >= MOST) return { candidates: null, share }
  const ids = {
    sql: all.map((candidates) => candidates.ids.sql).join(' UNION '),
    values: all.flatMap((candidates) => candidates.ids.values),
  }
  return { candidates: { ids, count }, share }
}
