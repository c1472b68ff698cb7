import type { OrderTerm } from '../../track/search/filter.ts'
import { filterError } from '../../track/search/filter-tokens.ts'
import { type Condition, singular, unknownName } from './compile-filter.ts'
import type { SortPart } from './search-page.ts'
import { isAttributeGroup, type KeyedGroup, type SearchTarget } from './search-target.ts'

export interface LeadingValue {
  readonly group: KeyedGroup
  readonly key: string
  readonly ascending: boolean
}

export interface CompiledOrder {
  /** Joins of the values that are sorted by, each after the other. */
  readonly joins: readonly Condition[]
  readonly parts: readonly SortPart[]
  /** The first term is a value of a keyed group that has an index of its values (a metric, a param, a tag of a run). */
  readonly leading: LeadingValue | null
}

/**
 * Makes the order total: the terms asked for, then the target's own. Numbers come before NaN, and NaN before what is missing, in both directions.
 * @throws FILTER_INVALID
 */
export function compileOrder(
  terms: readonly OrderTerm[],
  target: SearchTarget,
  own: readonly SortPart[],
): CompiledOrder {
  const joins: Condition[] = []
  const parts: SortPart[] = []
  const seen = new Set<string>()
  for (const [index, term] of terms.entries()) {
    const { name } = term
    const group = isAttributeGroup(name.group) ? '' : singular(name.group!)
    const identity = JSON.stringify([group, name.key])
    if (seen.has(identity)) throw filterError('order_by contains duplicate fields')
    seen.add(identity)
    if (group === '') {
      const column = Object.hasOwn(target.attributes, name.key) ? target.attributes[name.key] : undefined
      if (!column) throw unknownName(name, target)
      if (column.nullable) {
        parts.push({ sql: `CASE WHEN ${column.sql} IS NULL THEN 1 ELSE 0 END`, ascending: true })
        parts.push({
          sql: `COALESCE(${column.sql}, ${column.type === 'text' ? "''" : '0'})`,
          ascending: term.ascending,
        })
      } else parts.push({ sql: column.sql, ascending: term.ascending })
      continue
    }
    const keyed = Object.hasOwn(target.keyed, group) ? target.keyed[group] : undefined
    if (!keyed) throw unknownName(name, target)
    const alias = `o${index}`
    joins.push({
      sql: `LEFT JOIN ${keyed.table} ${alias} ON ${keyed.joins.replaceAll('g.', `${alias}.`)} AND ${alias}.key = ?`,
      values: [name.key],
    })
    const nan = keyed.type === 'number' ? ` WHEN ${alias}.value IS NULL THEN 1` : ''
    parts.push({ sql: `CASE WHEN ${alias}.key IS NULL THEN 2${nan} ELSE 0 END`, ascending: true })
    parts.push({
      sql: `COALESCE(${alias}.value, ${keyed.type === 'number' ? '0' : "''"})`,
      ascending: term.ascending,
    })
  }
  const first = terms[0]
  const group = first && !isAttributeGroup(first.name.group) ? target.keyed[singular(first.name.group!)] : undefined
  return {
    joins,
    // What was asked for needs no second place: with one, an index in that order would not do.
    parts: [...parts, ...own.filter((last) => !parts.some(({ sql }) => sql === last.sql))],
    leading: first && group?.indexed ? { group, key: first.name.key, ascending: first.ascending } : null,
  }
}
