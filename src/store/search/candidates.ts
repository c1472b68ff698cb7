import type { Filter, Identifier } from '../../track/search/filter.ts'
import type { SqlConnection } from '../sql-database.ts'
import {
  type Clause,
  type Condition,
  fromAllValues,
  fromOtherValues,
  fromValues,
  indexedGroup,
  isClause,
  singular,
} from './compile-filter.ts'
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
      const both = part.type === 'and' ? clausesOfOneKey(part.items) : []
      for (const clauses of both) {
        const ids = fromAllValues(clauses, target)
        if (ids) items.push(await count(ids))
      }
      for (const item of part.items)
        if (!both.some((clauses) => clauses.includes(item as Clause))) items.push(await estimate(item))
      return part.type === 'and' ? ofAll(items) : ofAny(items)
    }
    if (part.type === 'not') return opposite(part.item)
    if (part.type === 'null' && !part.negated) return without(part)
    const ids = fromValues(part, target)
    return ids ? count(ids) : UNKNOWN
  }

  /** What does not match: NOT goes inwards, where a value that is another and one that is not there are looked for each by itself. */
  const opposite = async (part: Filter): Promise<Estimate> => {
    if (part.type === 'not') return estimate(part.item)
    if (part.type === 'and' || part.type === 'or') {
      const items: Estimate[] = []
      for (const item of part.items) items.push(await opposite(item))
      return part.type === 'and' ? ofAny(items) : ofAll(items)
    }
    if (!isClause(part)) return UNKNOWN
    if (part.type === 'null') return part.negated ? without(part) : estimate({ ...part, negated: true })
    const ids =
      part.type === 'in' ? fromValues({ ...part, negated: !part.negated }, target) : fromOtherValues(part, target)
    if (!ids) return UNKNOWN
    const others = await count(ids)
    return others.candidates ? ofAny([others, await without(part)]) : UNKNOWN
  }

  /** Owners that have no value of the clause's key. There are none where as many have one as there are owners. */
  const without = async ({ name }: { readonly name: Identifier }): Promise<Estimate> => {
    const group = indexedGroup(name, target)
    if (!group || !target.table || counted === MAX_COUNTED) return UNKNOWN
    counted += 1
    const found = await sql.first<{ n: number }>(
      `SELECT (SELECT COUNT(*) FROM ${target.table}) - (SELECT COUNT(*) FROM ${group.table} WHERE key = ?) AS n`,
      name.key,
    )
    const missing = Math.max(found!.n, 0)
    const share = Math.min(1, Math.max(missing, 1) / total)
    if (missing >= MOST) return { candidates: null, share }
    const having = `SELECT ${group.indexed} FROM ${group.table} WHERE key = ?`
    const ids =
      missing === 0
        ? { sql: `SELECT id AS owner FROM ${target.table} WHERE 1 = 0`, values: [] }
        : {
            sql: `SELECT owner FROM (SELECT id AS owner FROM ${target.table} EXCEPT ${having}) AS missing`,
            values: [name.key],
          }
    return { candidates: { ids, count: missing }, share }
  }

  const count = async (ids: Condition): Promise<Estimate> => {
    if (counted === MAX_COUNTED) return UNKNOWN
    counted += 1
    const found = await sql.first<{ n: number }>(
      `SELECT COUNT(*) AS n FROM (SELECT owner FROM (${ids.sql}) AS all_values LIMIT ${MOST}) AS some_values`,
      ...ids.values,
    )
    const { n } = found!
    return { candidates: n < MOST ? { ids, count: n } : null, share: Math.min(1, Math.max(n, 1) / total) }
  }
  return estimate(filter)
}

/** Clauses of which several ask for a value of the same key: together they may match few where each matches many. */
function clausesOfOneKey(items: readonly Filter[]): Clause[][] {
  const asking = items.filter((item): item is Clause => isClause(item) && (item.type !== 'null' || item.negated))
  const byKey = Map.groupBy(asking, ({ name }) => JSON.stringify([name.group && singular(name.group), name.key]))
  return [...byKey.values()].filter((clauses) => clauses.length > 1)
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
