import type { Comparator, Filter, Identifier } from '../../track/search/filter.ts'
import { filterError } from '../../track/search/filter-tokens.ts'
import type { SqlValue } from '../sql-database.ts'
import { type AttributeColumn, isAttributeGroup, type KeyedGroup, type SearchTarget } from './search-target.ts'

/** A condition and the values of its placeholders; texts of a caller are never a part of the SQL. */
export interface Condition {
  readonly sql: string
  readonly values: readonly SqlValue[]
}

/** More % than that say nothing, and cost time that grows with each. */
const MAX_WILDCARDS = 10
const MAX_PATTERN = 1000

/** As many characters of a value as the indices of params and tags hold. */
export const INDEXED_LENGTH = 100

type Compare = Extract<Filter, { type: 'compare' }>

/** @throws FILTER_INVALID for names and comparators that the target has not */
export function compileFilter(filter: Filter, target: SearchTarget): Condition {
  switch (filter.type) {
    case 'and':
    case 'or': {
      const parts = filter.items.map((item) => compileFilter(item, target))
      const joined = parts.map(({ sql }) => sql).join(filter.type === 'and' ? ' AND ' : ' OR ')
      return { sql: `(${joined})`, values: parts.flatMap(({ values }) => values) }
    }
    case 'not': {
      const { sql, values } = compileFilter(filter.item, target)
      // What is unknown (a run without an end) is not the opposite of anything: NOT matches whatever the inner filter does not.
      return { sql: `(CASE WHEN ${sql} THEN 0 ELSE 1 END = 1)`, values }
    }
    default:
      return compileClause(filter, target)
  }
}

function compileClause(filter: Exclude<Filter, { type: 'and' | 'or' | 'not' }>, target: SearchTarget): Condition {
  const { name } = filter
  if (isAttributeGroup(name.group)) {
    const column = Object.hasOwn(target.attributes, name.key) ? target.attributes[name.key] : undefined
    if (!column) throw unknownName(name, target)
    return compareColumn(filter, column.sql, column)
  }
  const group = singular(name.group!)
  const keyed = Object.hasOwn(target.keyed, group) ? target.keyed[group] : undefined
  if (keyed) return compareKeyed(filter, keyed)
  const related = target.related && Object.hasOwn(target.related, group) ? target.related[group] : undefined
  const column = related && Object.hasOwn(related.columns, name.key) ? related.columns[name.key] : undefined
  if (!related || !column) throw unknownName(name, target)
  if (filter.type === 'null') {
    return {
      sql: `${filter.negated ? '' : 'NOT '}EXISTS (SELECT 1 FROM ${related.from} AND ${column} IS NOT NULL)`,
      values: [],
    }
  }
  const inner = compareColumn(filter, column, { sql: column, type: 'text' })
  return { sql: `EXISTS (SELECT 1 FROM ${related.from} AND ${inner.sql})`, values: inner.values }
}

/** A metric, param or tag that is not there never matches, not even "not equal". */
function compareKeyed(filter: Exclude<Filter, { type: 'and' | 'or' | 'not' }>, group: KeyedGroup): Condition {
  const exists = `EXISTS (SELECT 1 FROM ${group.table} g WHERE ${group.joins} AND g.key = ?`
  const { key } = filter.name
  if (filter.type === 'null') return { sql: `${filter.negated ? '' : 'NOT '}${exists})`, values: [key] }
  if (filter.type === 'compare' && filter.comparator === '!=' && group.absentDiffers?.includes(key)) {
    return { sql: `NOT ${exists} AND g.value = ?)`, values: [key, filter.value] }
  }
  const inner = keyedValue(filter, group, group.type === 'number' ? '+g.value' : 'g.value')
  return { sql: `${exists} AND ${inner.sql})`, values: [key, ...inner.values] }
}

/**
 * @param value How the value is written: `+g.value` is the same number, but no index of values is used for it. Asked of one run after the other, a planner without
 *   statistics would go through all values beyond a bound each time: a minute among 100,000 runs.
 */
function keyedValue(
  filter: Exclude<Filter, { type: 'and' | 'or' | 'not' | 'null' }>,
  group: KeyedGroup,
  value: string,
): Condition {
  const column: AttributeColumn = { sql: value, type: group.type }
  const inner = compareColumn(filter, value, column)
  if (!group.indexed || group.type !== 'text' || filter.type !== 'compare' || filter.comparator !== '=') return inner
  const start = characters(String(filter.value), INDEXED_LENGTH)
  return { sql: `substr(g.value, 1, ${INDEXED_LENGTH}) = ? AND ${inner.sql}`, values: [start, ...inner.values] }
}

function characters(text: string, count: number): string {
  return Array.from(text).slice(0, count).join('')
}

/**
 * For a clause on an indexed group that demands a value: a SELECT of the owners (`owner`) that it may match, read from the index of values alone.
 * Of a long text the index holds the beginning, and of a pattern what comes before its first wildcard counts, so an owner may be in it that does not match.
 * @returns null for another clause
 */
export function fromValues(filter: Filter, target: SearchTarget): Condition | null {
  if (filter.type !== 'compare' || isAttributeGroup(filter.name.group)) return null
  const group = target.keyed[singular(filter.name.group!)]
  if (!group?.indexed) return null
  const values = group.type === 'text' ? textRange(filter) : numberRange(filter)
  return (
    values && {
      sql: `SELECT g.${group.indexed} AS owner FROM ${group.table} g WHERE g.key = ? AND ${values.sql}`,
      values: [filter.name.key, ...values.values],
    }
  )
}

function numberRange(filter: Compare): Condition | null {
  if (filter.comparator === '!=') return null
  return compareColumn(filter, 'g.value', { sql: 'g.value', type: 'number' })
}

function textRange({ comparator, value }: Compare): Condition | null {
  const column = `substr(g.value, 1, ${INDEXED_LENGTH})`
  const text = String(value)
  if (comparator === '=') return { sql: `${column} = ?`, values: [characters(text, INDEXED_LENGTH)] }
  if (comparator !== 'LIKE') return null
  const start = characters(text.slice(0, text.search(/[%_]|$/)), INDEXED_LENGTH)
  const end = successor(start)
  return end === null ? null : { sql: `${column} >= ? AND ${column} < ?`, values: [start, end] }
}

/** The first text after all that begin so, in the order of code points; null for the empty text. */
function successor(start: string): string | null {
  const points = Array.from(start, (character) => character.codePointAt(0)!)
  const last = points.pop()
  if (last === undefined) return null
  const next = last === 0xd7ff ? 0xe000 : last + 1
  const before = String.fromCodePoint(...points)
  return next > 0x10ffff ? successor(before) : before + String.fromCodePoint(next)
}

/**
 * For a clause that compares the very metric that a search is ordered by: the condition on that metric's own row.
 * @returns null for another clause
 */
export function onLeadingMetric(filter: Filter, target: SearchTarget, key: string, value: string): Condition | null {
  if (filter.type !== 'compare' || isAttributeGroup(filter.name.group) || filter.name.key !== key) return null
  if (target.keyed[singular(filter.name.group!)]?.type !== 'number') return null
  return compareColumn(filter, value, { sql: value, type: 'number' })
}

function compareColumn(
  filter: Exclude<Filter, { type: 'and' | 'or' | 'not' }>,
  sql: string,
  column: AttributeColumn,
): Condition {
  if (filter.type === 'null') return { sql: `${sql} IS ${filter.negated ? 'NOT ' : ''}NULL`, values: [] }
  const values = filter.type === 'in' ? filter.values : [filter.value]
  for (const value of values) checkValue(filter.name, column, value)
  if (filter.type === 'in') {
    return { sql: `${sql} ${filter.negated ? 'NOT ' : ''}IN (${values.map(() => '?').join(', ')})`, values }
  }
  return compare(filter, sql, column)
}

function compare({ name, comparator, value }: Compare, sql: string, column: AttributeColumn): Condition {
  if (comparator === 'LIKE' || comparator === 'ILIKE') {
    if (column.type === 'number') throw invalidComparator(name, comparator)
    const pattern = likePattern(name, String(value))
    return comparator === 'LIKE'
      ? { sql: `${sql} LIKE ? ESCAPE '!'`, values: [pattern] }
      : { sql: `LOWER(${sql}) LIKE ? ESCAPE '!'`, values: [lowered(pattern)] }
  }
  if (column.type === 'text' && comparator !== '=' && comparator !== '!=') throw invalidComparator(name, comparator)
  return { sql: `${sql} ${comparator === '!=' ? '<>' : comparator} ?`, values: [value] }
}

function checkValue(name: Identifier, { type }: AttributeColumn, value: string | number): void {
  if (type === 'number' && typeof value !== 'number')
    throw filterError(`expected numeric value type for ${name.key}, found a quoted text`, name.at)
  if (type === 'text' && typeof value !== 'string')
    throw filterError(`expected a quoted string value for ${name.key} (e.g. 'my-value'), found a number`, name.at)
}

/** % and _ stand for any text and any character; nothing escapes them, as in MLflow. */
function likePattern(name: Identifier, pattern: string): string {
  const wildcards = pattern.split('%').length - 1
  if (wildcards > MAX_WILDCARDS || pattern.length > MAX_PATTERN) {
    throw filterError(`a pattern takes at most ${MAX_WILDCARDS} % and ${MAX_PATTERN} characters`, name.at)
  }
  return pattern.replaceAll('!', '!!')
}

/** A to Z alone, as LOWER does on SQLite, and on PostgreSQL for columns in the order of bytes. */
function lowered(pattern: string): string {
  return pattern.replace(/[A-Z]+/g, (letters) => letters.toLowerCase())
}

function invalidComparator(name: Identifier, comparator: Comparator) {
  return filterError(`Invalid comparator ${comparator} for ${name.key}`, name.at)
}

export function unknownName({ group, key, at }: Identifier, target: SearchTarget) {
  const name = group === null ? key : `${group}.${key}`
  const groups = [...Object.keys(target.keyed), ...Object.keys(target.related ?? {})].map((one) => `${one}s.<key>`)
  return filterError(
    `Invalid attribute key ${JSON.stringify(name.slice(0, 80))}; ${target.what} have ${Object.keys(target.attributes).join(', ')}, ${groups.join(', ')}`,
    at,
  )
}

/** `metrics`, `metric`; `parameters`, `parameter`, `params`, `param`; in any case. */
export function singular(group: string): string {
  const lower = group.toLowerCase().replace(/s$/, '')
  return lower === 'parameter' ? 'param' : lower
}
