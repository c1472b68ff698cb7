import { canonicalCategory } from './infer-schema.ts'
import { categoriesText, numberFault } from './parse-column.ts'
import { parseIsoDate } from './parse-date.ts'
import { parseNumber } from './parse-number.ts'
import type { ColumnSchema } from './schema.ts'

/** What a JSON value is, for messages; never the value. */
export function jsonType(value: unknown): string {
  if (value === null) return 'null'
  if (Array.isArray(value)) return 'an array'
  switch (typeof value) {
    case 'string':
      return value === '' ? 'an empty string' : 'a string'
    case 'number':
      return Number.isFinite(value)
        ? Number.isInteger(value)
          ? 'a whole number'
          : 'a number with a fraction'
        : 'a number out of range'
    case 'boolean':
      return 'a boolean'
    case 'undefined':
      return 'nothing'
    default:
      return 'an object'
  }
}

/** What a reader made of one JSON value: a value of the column, or what is wrong with it. */
export type Reading<T> = { readonly value: T; readonly warning?: string } | { readonly fault: string }

/** Numbers come as JSON numbers. Outside what training saw is a warning; outside what is declared is a fault. */
export function readNumber(value: unknown, column: ColumnSchema): Reading<number> {
  if (typeof value !== 'number' || !Number.isFinite(value)) {
    return {
      fault: `expected a ${column.declared.dataType === 'integer' ? 'whole number' : 'number'}, got ${jsonType(value)}`,
    }
  }
  const fault = numberFault(value, column)
  if (fault) return { fault: fault.message }
  const { min, max } = column.observed
  if (min !== null && max !== null && (value < min || value > max)) {
    return { value: value + 0, warning: `outside the range seen in training (${min} to ${max})` }
  }
  if (column.dataType === 'integer' && !Number.isInteger(value)) {
    return { value, warning: 'a number with a fraction, and training saw whole numbers only' }
  }
  return { value: value + 0 }
}

/** Dates come as ISO 8601 texts. */
export function readDate(value: unknown, column: ColumnSchema): Reading<number> {
  const time = typeof value === 'string' ? parseIsoDate(value) : Number.NaN
  if (Number.isNaN(time)) return { fault: `expected a date as ISO 8601 (yyyy-MM-dd), got ${jsonType(value)}` }
  const { min, max } = column.observed
  if (min !== null && max !== null && (time < min || time > max)) {
    return { value: time, warning: 'outside the range of dates seen in training' }
  }
  return { value: time }
}

export function readText(value: unknown): Reading<string> {
  return typeof value === 'string' ? { value } : { fault: `expected a string, got ${jsonType(value)}` }
}

/**
 * The category that a JSON value names, as text. Codes written as whole numbers come as 33 or "33"; booleans as true,
 * false or their texts; others as strings.
 */
export function readCategory(value: unknown, column: ColumnSchema): Reading<string> {
  const category = categoryText(value, column)
  if (category === null) return { fault: `expected ${expectedCategory(column)}, got ${jsonType(value)}` }
  const { categories } = column.declared
  if (categories)
    return categories.includes(category) ? seen(category, column) : { fault: `expected ${categoriesText(categories)}` }
  return seen(category, column)
}

function seen(category: string, column: ColumnSchema): Reading<string> {
  if (column.observed.categories.includes(category)) return { value: category }
  return { value: category, warning: 'a category that training did not see' }
}

function categoryText(value: unknown, column: ColumnSchema): string | null {
  switch (column.dataType) {
    case 'integer':
    case 'float': {
      if (typeof value !== 'number' && typeof value !== 'string') return null
      const number = typeof value === 'number' ? value + 0 : parseNumber(value)
      const fits = Number.isFinite(number) && (column.dataType === 'float' || Number.isSafeInteger(number))
      return fits ? String(number) : null
    }
    case 'boolean': {
      const text =
        typeof value === 'boolean'
          ? String(value)
          : typeof value === 'string'
            ? canonicalCategory(value, 'boolean')
            : ''
      return text === 'true' || text === 'false' ? text : null
    }
    default:
      return typeof value === 'string' && value.trim() !== '' ? value.trim() : null
  }
}

function expectedCategory(column: ColumnSchema): string {
  switch (column.dataType) {
    case 'integer':
      return 'a whole number (a category code)'
    case 'float':
      return 'a number (a category code)'
    case 'boolean':
      return 'true or false'
    default:
      return 'a string (a category)'
  }
}
