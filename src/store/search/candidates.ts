import type { Filter, Identifier } from '../../track/search/filter.ts'
import type { SqlConnection } from '../sql-database.ts'
import {
  type Clause,
  type Condition,
  compileFilter,
  fromAllValues,
  fromOtherValues,
  fromValues,
  type Ids,
  indexedGroup,
  isClause,
  relatedIds,
  singular,
} from './compile-filter.ts'
import { isAttributeGroup, OWNERS, type SearchTarget, selectedIds } from './search-target.ts'

/** Rows that might match, found without going through all rows in their order: none that matches is missing. */
export interface Candidates {
  /** SELECT of one column, `owner`, each owner once. */
  readonly ids: Condition
  readonly count: number
  /** All of them match: the filter need not be asked of each again. */
  readonly exact: boolean
}

export interface Estimate {
  /** null where there are too many, or they can't be found so. */
  readonly candidates: Candidates | null
  /** At most so large a share of all rows matches, as far as clauses do not depend on each other. */
  readonly share: number
}

/** A part of a filter, all of whose parts have to hold. */
export interface EstimatedPart extends Estimate {
  readonly filter: Filter
  /** Values that are looked up to ask one row. */
  readonly probes: number
}

/** Candidates beyond that are not worth it: to go through all rows in their order costs no more. */
const MOST = 60_000
/** Entries of indices that are counted for one search, a few milliseconds of work; what is left says nothing. */
const MAX_COUNTED = 400_000
/** Clauses that are counted, each by a query of its own; a compound SELECT of many more is refused by SQLite. */
const MAX_CLAUSES = 24

const UNKNOWN: Estimate = { candidates: null, share: 1 }

/**
 * How many rows each part of a filter may match; clauses of one key are one part, since together they may match few where each matches many, and
 * so are those on the row itself.
 * @param total Rows that there are, about.
 */
export async function estimateParts(
  sql: SqlConnection,
  tree: Filter | null,
  target: SearchTarget,
  total: number,
): Promise<EstimatedPart[]> {
  const estimator = new Estimator(sql, target, total)
  const parts: EstimatedPart[] = []
  for (const items of partsOf(tree, target)) {
    const filter: Filter = items.length === 1 ? items[0]! : { type: 'and', items }
    parts.push({ filter, probes: probesOf(filter, target), ...(await estimator.estimate(filter)) })
  }
  return parts
}

/** The same parts where nothing is counted. */
export function unknownParts(tree: Filter | null, target: SearchTarget): EstimatedPart[] {
  return partsOf(tree, target).map((items) => {
    const filter: Filter = items.length === 1 ? items[0]! : { type: 'and', items }
    return { filter, probes: probesOf(filter, target), ...UNKNOWN }
  })
}

function partsOf(tree: Filter | null, target: SearchTarget): Filter[][] {
  if (tree === null) return []
  if (tree.type !== 'and') return [[tree]]
  const onRow = tree.items.filter((item) => isOnRow(item, target))
  const others = tree.items.filter((item) => !onRow.includes(item))
  const byKey = clausesOfOneKey(others)
  const rest = others.filter((item) => !byKey.some((clauses) => clauses.includes(item as Clause)))
  return [...(onRow.length > 0 ? [onRow] : []), ...byKey, ...rest.map((item) => [item])]
}

/** Clauses of which several ask for a value of the same key. */
function clausesOfOneKey(items: readonly Filter[]): Clause[][] {
  const asking = items.filter((item): item is Clause => isClause(item) && (item.type !== 'null' || item.negated))
  const byKey = Map.groupBy(asking, ({ name }) => JSON.stringify([name.group && singular(name.group), name.key]))
  return [...byKey.values()].filter((clauses) => clauses.length > 1)
}

/** It asks for nothing but the row's own columns. */
function isOnRow(filter: Filter, target: SearchTarget): boolean {
  if (filter.type === 'and' || filter.type === 'or') return filter.items.every((item) => isOnRow(item, target))
  if (filter.type === 'not') return isOnRow(filter.item, target)
  return isClause(filter) && isAttributeGroup(filter.name.group)
}

function probesOf(filter: Filter, target: SearchTarget): number {
  if (filter.type === 'and' || filter.type === 'or')
    return filter.items.reduce((sum, item) => sum + probesOf(item, target), 0)
  if (filter.type === 'not') return probesOf(filter.item, target)
  return isClause(filter) && !isAttributeGroup(filter.name.group) ? 1 : 0
}

class Estimator {
  readonly #sql: SqlConnection
  readonly #target: SearchTarget
  readonly #total: number
  #left = MAX_COUNTED
  #clauses = MAX_CLAUSES

  constructor(sql: SqlConnection, target: SearchTarget, total: number) {
    this.#sql = sql
    this.#target = target
    this.#total = total
  }

  async estimate(part: Filter): Promise<Estimate> {
    if (isOnRow(part, this.#target)) return this.#onRow(part)
    if (part.type === 'and') {
      const items: Estimate[] = []
      for (const clauses of partsOf(part, this.#target)) {
        const ids = clauses.every(isClause) ? fromAllValues(clauses, this.#target) : null
        if (ids) items.push(await this.#count(ids))
        else
          items.push(
            await (clauses.length > 1 ? this.#onRow({ type: 'and', items: clauses }) : this.estimate(clauses[0]!)),
          )
      }
      return ofAll(items)
    }
    if (part.type === 'or') {
      const onRow = part.items.filter((item) => isOnRow(item, this.#target))
      const items: Estimate[] = onRow.length > 0 ? [await this.#onRow({ type: 'or', items: onRow })] : []
      for (const item of part.items) if (!onRow.includes(item)) items.push(await this.estimate(item))
      return ofAny(items)
    }
    if (part.type === 'not') return this.#opposite(part.item)
    if (part.type === 'null' && !part.negated) return this.#without(part)
    const ids = fromValues(part, this.#target) ?? relatedIds(part, this.#target)
    return ids ? this.#count(ids) : UNKNOWN
  }

  /** What does not match: NOT goes inwards, where a value that is another and one that is not there are looked for each by itself. */
  async #opposite(part: Filter): Promise<Estimate> {
    if (part.type === 'not') return this.estimate(part.item)
    if (isOnRow(part, this.#target)) return this.#onRow({ type: 'not', item: part })
    if (part.type === 'and' || part.type === 'or') {
      const items: Estimate[] = []
      for (const item of part.items) items.push(await this.#opposite(item))
      return part.type === 'and' ? ofAny(items) : ofAll(items)
    }
    if (!isClause(part)) return UNKNOWN
    if (part.type === 'null') return part.negated ? this.#without(part) : this.estimate({ ...part, negated: true })
    const ids =
      part.type === 'in'
        ? fromValues({ ...part, negated: !part.negated }, this.#target)
        : fromOtherValues(part, this.#target)
    if (!ids) return UNKNOWN
    const others = await this.#count(ids)
    return others.candidates ? ofAny([others, await this.#without(part)]) : UNKNOWN
  }

  /** Rows by their own columns: a sweep over the table, or what the database finds in an index of such a column. */
  async #onRow(part: Filter): Promise<Estimate> {
    const { rows } = this.#target
    if (!rows || this.#isSpent()) return UNKNOWN
    this.#left -= this.#total
    const { sql, values } = compileFilter(part, this.#target)
    const ids = `SELECT ${selectedIds(rows.id, rows.alias)} FROM ${rows.table} ${rows.alias} WHERE ${sql}`
    return this.#counted({ sql: ids, values, exact: true })
  }

  /** Owners that have no value of the clause's key. There are none where as many have one as there are owners. */
  async #without({ name }: { readonly name: Identifier }): Promise<Estimate> {
    const group = indexedGroup(name, this.#target)
    const { rows } = this.#target
    if (!group || group.several || !rows || this.#isSpent()) return UNKNOWN
    const { table, id } = rows
    this.#clauses -= 1
    this.#left -= this.#total
    const found = await this.#sql.first<{ n: number }>(
      `SELECT (SELECT COUNT(*) FROM ${table}) - (SELECT COUNT(*) FROM ${group.table} WHERE key = ?) AS n`,
      name.key,
    )
    const missing = Math.max(found!.n, 0)
    const share = this.#share(missing)
    if (missing >= MOST) return { candidates: null, share }
    const having = `SELECT ${group.indexed!.join(', ')} FROM ${group.table} WHERE key = ?`
    const ids =
      missing === 0
        ? { sql: `SELECT ${selectedIds(id)} FROM ${table} WHERE 1 = 0`, values: [] }
        : {
            sql: `SELECT ${OWNERS.slice(0, id.length).join(', ')} FROM (SELECT ${selectedIds(id)} FROM ${table} EXCEPT ${having}) AS missing`,
            values: [name.key],
          }
    return { candidates: { ids, count: missing, exact: true }, share }
  }

  async #count(ids: Ids): Promise<Estimate> {
    return this.#isSpent() ? UNKNOWN : this.#counted(ids)
  }

  #isSpent(): boolean {
    return this.#left <= 0 || this.#clauses <= 0
  }

  async #counted(ids: Ids): Promise<Estimate> {
    const found = await this.#sql.first<{ n: number }>(
      `SELECT COUNT(*) AS n FROM (SELECT owner FROM (${ids.entries ?? ids.sql}) AS all_values LIMIT ${MOST}) AS some_values`,
      ...ids.values,
    )
    const { n } = found!
    this.#clauses -= 1
    this.#left -= n
    const { sql, values, exact } = ids
    return { candidates: n < MOST ? { ids: { sql, values }, count: n, exact } : null, share: this.#share(n) }
  }

  #share(count: number): number {
    return Math.min(1, Math.max(count, 1) / this.#total)
  }
}

/** All parts have to hold: the fewest candidates of one of them are enough. */
function ofAll(items: readonly Estimate[]): Estimate {
  let fewest: Candidates | null = null
  let share = 1
  for (const item of items) {
    share *= item.share
    if (item.candidates && (fewest === null || item.candidates.count < fewest.count)) fewest = item.candidates
  }
  const candidates = fewest && items.length > 1 ? { ...fewest, exact: false } : fewest
  return { candidates, share }
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
  return { candidates: { ids, count, exact: all.every(({ exact }) => exact) }, share }
}
