import { sortCategories } from './code-point-order.ts'
import type { Column } from './column.ts'
import { canonicalCategory } from './infer-schema.ts'
import { dateParser, parseIsoDate } from './parse-date.ts'
import { parseNumber } from './parse-number.ts'
import { type RawColumn, type RawTable, rawText } from './raw-table.ts'
import type { ColumnSchema } from './schema.ts'

/** The rule that a cell breaks. */
export type CellRule = 'type' | 'range' | 'category' | 'required'

/** Called for each cell that breaks a rule, in row order. */
export type OnViolation = (row: number, rule: CellRule, message: string) => void

/**
 * A raw column as the schema types it. A cell that breaks a rule is reported, and missing in the result.
 * Categories are the declared ones; where none are declared, those of `known` in their order, and then the ones
 * that only these cells have, sorted.
 * @param known Categories that keep their codes, such as those seen in training.
 */
export function parseColumn(
  raw: Pick<RawTable, 'missing' | 'decimal'>,
  column: RawColumn,
  schema: ColumnSchema,
  onViolation: OnViolation,
  known: readonly string[] = [],
): Column {
  switch (schema.kind) {
    case 'number':
      return { kind: 'number', values: parseNumbers(raw, column, schema, onViolation) }
    case 'date':
      return { kind: 'date', values: parseDates(raw, column, schema, onViolation) }
    case 'category':
      return parseCategories(raw, column, schema, onViolation, known)
    case 'text':
      return { kind: 'text', values: parseTexts(raw, column, schema, onViolation) }
  }
}

/** Whether a text means "missing". */
function missingTest(raw: Pick<RawTable, 'missing'>): (text: string | null) => text is null {
  const missing = new Set(raw.missing)
  return (text): text is null => text === null || missing.has(text.trim())
}

function reportMissing(schema: ColumnSchema, row: number, onViolation: OnViolation): void {
  if (schema.declared.required) onViolation(row, 'required', 'a value is required, and it is missing')
}

/** @returns what is wrong with the number, or null. */
export function numberFault(value: number, schema: ColumnSchema): { rule: CellRule; message: string } | null {
  const { min, max, dataType } = schema.declared
  if (dataType === 'integer' && !Number.isInteger(value)) {
    return { rule: 'type', message: 'expected a whole number, got one with a fraction' }
  }
  if ((min !== undefined && value < min) || (max !== undefined && value > max)) {
    return { rule: 'range', message: `expected a number ${rangeText(min, max)}` }
  }
  return null
}

/** `from 0 to 20`, `of at least 0`, `of at most 20`. */
export function rangeText(min: number | undefined, max: number | undefined): string {
  if (min === undefined) return `of at most ${max}`
  return max === undefined ? `of at least ${min}` : `from ${min} to ${max}`
}

function parseNumbers(
  raw: Pick<RawTable, 'missing' | 'decimal'>,
  column: RawColumn,
  schema: ColumnSchema,
  onViolation: OnViolation,
): Float64Array {
  const values = new Float64Array(column.values.length)
  const missing = missingTest(raw)
  const parsed = new Map<string, number>()
  for (let row = 0; row < values.length; row++) {
    values[row] = Number.NaN
    let value: number
    if (column.type === 'text') {
      const text = column.values[row] ?? null
      if (missing(text)) {
        reportMissing(schema, row, onViolation)
        continue
      }
      value = parsed.get(text) ?? parseNumber(text, raw.decimal)
      if (parsed.size < 10_000) parsed.set(text, value)
    } else {
      value = column.values[row]! + 0
      if (Number.isNaN(value)) {
        reportMissing(schema, row, onViolation)
        continue
      }
    }
    if (!Number.isFinite(value) || column.type === 'date') {
      onViolation(
        row,
        'type',
        `expected a number, got ${column.type === 'text' ? 'text' : column.type === 'date' ? 'a date' : 'infinity'}`,
      )
      continue
    }
    const fault = numberFault(value, schema)
    if (fault) onViolation(row, fault.rule, fault.message)
    else values[row] = value
  }
  return values
}

function parseDates(
  raw: Pick<RawTable, 'missing'>,
  column: RawColumn,
  schema: ColumnSchema,
  onViolation: OnViolation,
): Float64Array {
  const values = new Float64Array(column.values.length)
  const missing = missingTest(raw)
  const parse = (schema.dateFormat && dateParser(schema.dateFormat)) || parseIsoDate
  for (let row = 0; row < values.length; row++) {
    values[row] = Number.NaN
    const text = rawText(column, row)
    if (missing(text)) {
      reportMissing(schema, row, onViolation)
      continue
    }
    const value = column.type === 'date' ? column.values[row]! : parse(text)
    if (Number.isNaN(value))
      onViolation(row, 'type', `expected a date as ${schema.dateFormat ?? 'ISO 8601 (yyyy-MM-dd)'}`)
    else values[row] = value
  }
  return values
}

function parseTexts(
  raw: Pick<RawTable, 'missing'>,
  column: RawColumn,
  schema: ColumnSchema,
  onViolation: OnViolation,
): (string | null)[] {
  const values = new Array<string | null>(column.values.length)
  const missing = missingTest(raw)
  for (let row = 0; row < values.length; row++) {
    const text = rawText(column, row)
    const isMissing = missing(text)
    values[row] = isMissing ? null : text
    if (isMissing) reportMissing(schema, row, onViolation)
  }
  return values
}

function parseCategories(
  raw: Pick<RawTable, 'missing' | 'decimal'>,
  column: RawColumn,
  schema: ColumnSchema,
  onViolation: OnViolation,
  known: readonly string[],
): Column {
  const declared = schema.declared.categories
  const first = declared ?? known
  const found: string[] = [...first]
  const codeOf = new Map(first.map((category, code) => [category, code]))
  const codeOfText = new Map<string, number>()
  const codes = new Int32Array(column.values.length)
  const missing = missingTest(raw)
  for (let row = 0; row < codes.length; row++) {
    codes[row] = -1
    const text = rawText(column, row)
    if (missing(text)) {
      reportMissing(schema, row, onViolation)
      continue
    }
    let code = codeOfText.get(text)
    if (code === undefined) {
      code = codeFor(canonicalCategory(text, schema.dataType, column.type === 'text' ? raw.decimal : '.'))
      codeOfText.set(text, code)
    }
    if (code === UNDECLARED) onViolation(row, 'category', `expected ${categoriesText(declared!)}`)
    else if (code === MISTYPED) onViolation(row, 'type', `expected a category written as ${schema.dataType}`)
    else codes[row] = code
  }
  return ordered(codes, found, first.length)

  function codeFor(category: string): number {
    const code = codeOf.get(category)
    if (code !== undefined) return code
    if (declared) return UNDECLARED
    if (!fits(category, schema.declared.dataType)) return MISTYPED
    codeOf.set(category, found.length)
    return found.push(category) - 1
  }
}

const UNDECLARED = -2
const MISTYPED = -3

function fits(category: string, declared: ColumnSchema['dataType'] | undefined): boolean {
  if (declared === 'integer') return Number.isInteger(parseNumber(category))
  if (declared === 'float') return !Number.isNaN(parseNumber(category))
  if (declared === 'boolean') return category === 'true' || category === 'false'
  return true
}

/** `one of 1, 2, 3`; cut where there are many. Declared categories are the project's words, not a person's. */
export function categoriesText(categories: readonly string[]): string {
  const shown = categories.slice(0, 20).map((category) => JSON.stringify(category))
  return `one of ${shown.join(', ')}${categories.length > 20 ? ` and ${categories.length - 20} more` : ''}`
}

/** Puts the categories after the first `nKnown` in order, and the codes with them. */
function ordered(codes: Int32Array, found: readonly string[], nKnown: number): Column {
  const categories = [...found.slice(0, nKnown), ...sortCategories(found.slice(nKnown))]
  const place = new Map(categories.map((category, code) => [category, code]))
  const moved = Int32Array.from(found, (category) => place.get(category)!)
  for (let row = 0; row < codes.length; row++) if (codes[row]! >= 0) codes[row] = moved[codes[row]!]!
  return { kind: 'category', codes, categories }
}
