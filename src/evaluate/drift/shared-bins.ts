import { byCodePoint } from '../../table/code-point-order.ts'
import type { Column, ColumnKind } from '../../table/column.ts'
import { quantileSorted, sortedWithoutNaN } from '../../table/quantile.ts'

/** Numbers with more different values than these in the reference are put into bins by its quantiles. */
export const MOST_VALUES = 20
const QUANTILE_BINS = 10

/** Two windows of one column, counted in the same bins. */
export interface SharedBins {
  /** What each bin holds, for people: a value, a range, `other` or `missing`. */
  readonly labels: readonly string[]
  /** Rows of the reference in each bin, shape (nBins). */
  readonly reference: Float64Array
  /** Rows of the current window in each bin, shape (nBins). */
  readonly current: Float64Array
}

/**
 * Counts two windows in bins that the reference alone determines, so that new data can't move them: a bin for each category, or for each value of
 * at most 20; else tenths of the reference, the outer ones open. What the reference does not have is `other`; missing values have a bin of their own,
 * so that they are seen. Texts are counted by their length. Columns of different kinds are compared as texts.
 */
export function sharedBins(reference: Column, current: Column): SharedBins {
  if (areBinnedAsNumbers(reference.kind, current.kind)) return numericBins(numbersOf(reference), numbersOf(current))
  return valueBins(textsOf(reference), textsOf(current))
}

/** Whether two columns are compared as numbers (of texts their lengths), or by their values as texts. */
export function areBinnedAsNumbers(reference: ColumnKind, current: ColumnKind): boolean {
  return reference !== 'category' && current !== 'category' && (reference === 'text') === (current === 'text')
}

/** Places in the sorted reference, of `n` values, that `quantileEdges` looks at; ascending. */
export function quantilePlaces(n: number): number[] {
  const places = new Set<number>()
  for (let i = 1; i < QUANTILE_BINS; i++) {
    const below = Math.floor((n - 1) * (i / QUANTILE_BINS))
    places.add(below).add(Math.min(below + 1, n - 1))
  }
  return [...places].sort((a, b) => a - b)
}

/**
 * Upper edges of all bins but the last: the tenths of the reference, each once.
 * @param sorted The reference, ascending, without NaN; only `quantilePlaces` of it are read.
 */
export function quantileEdges(sorted: ArrayLike<number>): number[] {
  const edges: number[] = []
  for (let i = 1; i < QUANTILE_BINS; i++) {
    const edge = quantileSorted(sorted, i / QUANTILE_BINS)
    if (edge !== edges.at(-1)) edges.push(edge)
  }
  return edges
}

/** Shares of counts. @returns all 0 where there are none */
export function sharesOf(counts: Float64Array): Float64Array {
  const total = counts.reduce((sum, count) => sum + count, 0)
  return total === 0 ? new Float64Array(counts.length) : counts.map((count) => count / total)
}

function numbersOf(column: Column): Float64Array {
  if (column.kind === 'text') return Float64Array.from(column.values, (value) => value?.length ?? Number.NaN)
  return column.kind === 'category' ? new Float64Array() : column.values
}

function textsOf(column: Column): (string | null)[] {
  switch (column.kind) {
    case 'category':
      return Array.from(column.codes, (code) => (code < 0 ? null : column.categories[code]!))
    case 'text':
      return [...column.values]
    default:
      return Array.from(column.values, (value) => (Number.isNaN(value) ? null : String(value)))
  }
}

function numericBins(reference: Float64Array, current: Float64Array): SharedBins {
  const sorted = sortedWithoutNaN(reference)
  const distinct = new Set<number>()
  for (const value of sorted) if (distinct.size <= MOST_VALUES) distinct.add(value)
  const text = (values: Float64Array) => Array.from(values, (value) => (Number.isNaN(value) ? null : String(value)))
  if (distinct.size <= MOST_VALUES) return valueBins(text(reference), text(current))
  const edges = quantileEdges(sorted)
  const missing = edges.length + 1
  const count = (values: Float64Array) => {
    const counts = new Float64Array(missing + 1)
    for (const value of values) counts[Number.isNaN(value) ? missing : binOf(value, edges)]!++
    return counts
  }
  const short = (edge: number) => String(Number(edge.toPrecision(4)))
  const labels = [...edges, Number.NaN].map((edge, i) =>
    i === 0
      ? `up to ${short(edge)}`
      : i === edges.length
        ? `above ${short(edges[i - 1]!)}`
        : `${short(edges[i - 1]!)} to ${short(edge)}`,
  )
  return { labels: [...labels, 'missing'], reference: count(reference), current: count(current) }
}

/** The first bin whose upper edge is not below the value. */
function binOf(value: number, edges: readonly number[]): number {
  let low = 0
  let high = edges.length
  while (low < high) {
    const middle = (low + high) >> 1
    if (edges[middle]! < value) low = middle + 1
    else high = middle
  }
  return low
}

function valueBins(reference: readonly (string | null)[], current: readonly (string | null)[]): SharedBins {
  const place = new Map<string, number>()
  const values = [...new Set(reference)].filter((value) => value !== null)
  for (const value of values.sort(byCodePoint)) place.set(value, place.size)
  const other = place.size
  const missing = other + 1
  const count = (values: readonly (string | null)[]) => {
    const counts = new Float64Array(missing + 1)
    for (const value of values) counts[value === null ? missing : (place.get(value) ?? other)]!++
    return counts
  }
  return { labels: [...place.keys(), 'other', 'missing'], reference: count(reference), current: count(current) }
}
