import type { Comparator, Filter, Identifier } from '../../track/search/filter.ts'
import { filterError } from '../../track/search/filter-tokens.ts'
import type { SqlValue } from '../sql-database.ts'
import {
  type AttributeColumn,
  isAttributeGroup,
  type KeyedGroup,
  OWNERS,
  type SearchTarget,
  selectedIds,
} from './search-target.ts'

/** A condition and the values of its placeholders; texts of a caller are never a part of the SQL. */
export interface Condition {
  readonly sql: string
  readonly values: readonly SqlValue[]
}

/** A SELECT of owners (`owner`, each once), and whether all of them match, or some of them may not. */
export interface Ids extends Condition {
  readonly exact: boolean
  /** Where owners may come several times: a SELECT that is quicker to count. */
  readonly entries?: string
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
      sql: `${filter.negated ? '' : 'NOT '}EXISTS (SELECT 1 FROM ${related.rows} WHERE ${related.joins} AND ${column} IS NOT NULL)`,
      values: [],
    }
  }
  const inner = compareColumn(filter, column, { sql: column, type: 'text' })
  return { sql: `EXISTS (SELECT 1 FROM ${related.rows} WHERE ${related.joins} AND ${inner.sql})`, values: inner.values }
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
 * Of a long text the index holds the beginning, so an owner may be in it that does not match.
 * @returns null for another clause
 */
export function fromValues(filter: Filter, target: SearchTarget): Ids | null {
  return isClause(filter) ? fromAllValues([filter], target) : null
}

/** The same for clauses of one key that all have to hold. */
export function fromAllValues(clauses: readonly Clause[], target: SearchTarget): Ids | null {
  const [first] = clauses
  const group = first && indexedGroup(first.name, target)
  if (!group || clauses.some((clause) => clause.type === 'null' && !clause.negated)) return null
  if (clauses.some((clause) => matchesAbsent(clause, group)) || (group.several && clauses.length > 1)) return null
  const parts = clauses.map((clause) =>
    clause.type === 'null' ? EVERY : group.type === 'text' ? textValues(clause) : numberValues(clause),
  )
  const ids = owners(group, first.name.key, {
    sql: parts.map(({ sql }) => sql).join(' AND '),
    values: parts.flatMap(({ values }) => values),
  })
  const entries = group.several ? { entries: ids.sql.replace('SELECT DISTINCT', 'SELECT') } : {}
  return { ...ids, ...entries, exact: clauses.every((clause) => group.type === 'number' || isExact(clause)) }
}

/** The clause matches what has no such value, too. */
function matchesAbsent({ type, name, ...clause }: Clause, group: KeyedGroup): boolean {
  return (
    type === 'compare' &&
    'comparator' in clause &&
    clause.comparator === '!=' &&
    group.absentDiffers?.includes(name.key) === true
  )
}

/** What the index has of a text is enough to tell whether the clause holds. */
function isExact(clause: Clause): boolean {
  if (clause.type === 'null') return true
  if (clause.type === 'in') return clause.values.every((value) => isWhole(String(value)))
  const text = String(clause.value)
  if (clause.comparator === '=' || clause.comparator === '!=') return isWhole(text)
  const start = text.slice(0, -1)
  return clause.comparator === 'LIKE' && isWhole(text) && /^[^%_]+%$/.test(text) && successor(start) !== null
}

/** The owners of rows beside the target's that match a clause; null for another clause, and for what is not there. */
export function relatedIds(filter: Filter, target: SearchTarget): Ids | null {
  if (!isClause(filter) || (filter.type === 'null' && !filter.negated) || isAttributeGroup(filter.name.group))
    return null
  const group = singular(filter.name.group!)
  const related = target.related && Object.hasOwn(target.related, group) ? target.related[group] : undefined
  const column =
    related && Object.hasOwn(related.columns, filter.name.key) ? related.columns[filter.name.key] : undefined
  if (!related || !column) return null
  const { sql, values } = compareColumn(filter, column, { sql: column, type: 'text' })
  return { sql: `SELECT DISTINCT ${related.owner} AS owner FROM ${related.rows} WHERE ${sql}`, values, exact: true }
}

export type Clause = Extract<Filter, { type: 'compare' } | { type: 'in' } | { type: 'null' }>

export function isClause(filter: Filter): filter is Clause {
  return filter.type === 'compare' || filter.type === 'in' || filter.type === 'null'
}

/**
 * For a clause on an indexed group: the owners that have a value of that key which does not match it. Those without any value of the key, which are
 * the others of its opposite, are not among them.
 * @returns null for another clause
 */
export function fromOtherValues(filter: Filter, target: SearchTarget): Ids | null {
  if (filter.type !== 'compare') return null
  const group = indexedGroup(filter.name, target)
  if (!group || group.several || group.absentDiffers?.includes(filter.name.key)) return null
  const opposite = group.type === 'text' ? TEXT_OPPOSITES[filter.comparator] : NUMBER_OPPOSITES[filter.comparator]
  const other = opposite && fromValues({ ...filter, comparator: opposite }, target)
  if (!other || group.type === 'text') return other ?? null
  // NaN is kept as no number, and compares with nothing.
  const nan = owners(group, filter.name.key, { sql: 'g.value IS NULL', values: [] })
  return {
    sql: `SELECT ${ownersOf(group)} FROM (${other.sql} UNION ALL ${nan.sql}) AS others`,
    values: [...other.values, ...nan.values],
    exact: other.exact,
  }
}

const TEXT_OPPOSITES: Partial<Record<Comparator, Comparator>> = { '=': '!=', '!=': '=' }
const NUMBER_OPPOSITES: Partial<Record<Comparator, Comparator>> = {
  '=': '!=',
  '!=': '=',
  '<': '>=',
  '<=': '>',
  '>': '<=',
  '>=': '<',
}

/** The group that a name is of, where there is an index of its values. */
export function indexedGroup(name: Identifier, target: SearchTarget): KeyedGroup | null {
  if (isAttributeGroup(name.group)) return null
  const group = singular(name.group!)
  const keyed = Object.hasOwn(target.keyed, group) ? target.keyed[group] : undefined
  return keyed?.indexed ? keyed : null
}

/** What the owner's columns are called where they were selected. */
const ownersOf = ({ indexed = [] }: KeyedGroup) => OWNERS.slice(0, indexed.length).join(', ')

function owners(group: KeyedGroup, key: string, { sql, values }: Condition): Condition {
  return {
    sql: `SELECT ${group.several ? 'DISTINCT ' : ''}${selectedIds(group.indexed!, 'g')} FROM ${group.table} g WHERE g.key = ? AND ${sql}`,
    values: [key, ...values],
  }
}

type ValueClause = Extract<Filter, { type: 'compare' | 'in' }>

function numberValues(filter: ValueClause): Condition {
  return compareColumn(filter, 'g.value', { sql: 'g.value', type: 'number' })
}

/** As much of a text as the index has. */
export const INDEXED_TEXT = `substr(g.value, 1, ${INDEXED_LENGTH})`

function textValues(filter: ValueClause): Condition {
  if (filter.type === 'in') return textList(filter)
  const { comparator, value } = filter
  const text = String(value)
  const begins = indexedStart(text)
  if (comparator === '=') return { sql: `${INDEXED_TEXT} = ?`, values: [begins] }
  // Texts that begin alike may differ after what the index has.
  if (comparator === '!=') return isWhole(text) ? { sql: `${INDEXED_TEXT} <> ?`, values: [text] } : EVERY
  const pattern = compareColumn(filter, INDEXED_TEXT, { sql: INDEXED_TEXT, type: 'text' })
  const among = { sql: `(${pattern.sql} OR LENGTH(${INDEXED_TEXT}) = ${INDEXED_LENGTH})`, values: pattern.values }
  if (comparator !== 'LIKE') return among
  const start = characters(text.slice(0, text.search(/[%_]|$/)), INDEXED_LENGTH)
  const end = successor(start)
  if (end === null) return among
  return { sql: `${INDEXED_TEXT} >= ? AND ${INDEXED_TEXT} < ?`, values: [start, end] }
}

function textList({ values: given, negated }: Extract<Filter, { type: 'in' }>): Condition {
  const texts = given.map(String).filter((text) => !negated || isWhole(text))
  if (texts.length === 0) return EVERY
  const list = texts.map(() => '?').join(', ')
  return { sql: `${INDEXED_TEXT} ${negated ? 'NOT ' : ''}IN (${list})`, values: texts.map(indexedStart) }
}

const EVERY: Condition = { sql: '1 = 1', values: [] }

/** What the index has of a text. */
export function indexedStart(text: string): string {
  return characters(text, INDEXED_LENGTH)
}

/** Whether the index has all of a text, and could have told a longer one that begins with it. */
export function isWhole(text: string): boolean {
  return Array.from(text).length < INDEXED_LENGTH
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
