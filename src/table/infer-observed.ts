import { type Column, columnLength, isMissing } from './column.ts'
import type { ObservedFacts } from './schema.ts'

/** What the rows of a column show: missing and distinct values, range, categories seen (in the order of their codes). */
export function observeColumn(column: Column): ObservedFacts {
  const nRows = columnLength(column)
  let missing = 0
  for (let row = 0; row < nRows; row++) if (isMissing(column, row)) missing++
  if (column.kind === 'category') {
    const seen = new Uint8Array(column.categories.length)
    for (const code of column.codes) if (code >= 0) seen[code] = 1
    const categories = column.categories.filter((_, code) => seen[code] === 1)
    return { missing, distinct: categories.length, min: null, max: null, categories }
  }
  if (column.kind === 'text') {
    const values = new Set(column.values)
    values.delete(null)
    return { missing, distinct: values.size, min: null, max: null, categories: [] }
  }
  const values = new Set<number>()
  let min = Number.POSITIVE_INFINITY
  let max = Number.NEGATIVE_INFINITY
  for (const value of column.values) {
    if (Number.isNaN(value)) continue
    values.add(value)
    if (value < min) min = value
    if (value > max) max = value
  }
  const none = values.size === 0
  return { missing, distinct: values.size, min: none ? null : min, max: none ? null : max, categories: [] }
}
