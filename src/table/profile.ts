import { z } from 'zod'
import type { CategoryColumn, Column, TextColumn } from './column.ts'
import { quantileSorted, sortedWithoutNaN } from './quantile.ts'
import type { TableSchema } from './schema.ts'
import { columnOf, type Table } from './table.ts'

/** Equal-width bins of a histogram. */
export const PROFILE_BINS = 20

/** Quantiles that a profile holds. */
export const PROFILE_QUANTILES = [0.05, 0.25, 0.5, 0.75, 0.95] as const

const Distribution = z.object({
  mean: z.number(),
  std: z.number().describe('Standard deviation of a sample (divided by n - 1); 0 for one value.'),
  min: z.number(),
  max: z.number(),
  quantiles: z.object({ p05: z.number(), p25: z.number(), p50: z.number(), p75: z.number(), p95: z.number() }),
  histogram: z.object({
    edges: z
      .array(z.number())
      .describe(
        'Bounds of the bins, one more than counts; each bin holds its lower bound, the last its upper one too.',
      ),
    counts: z.array(z.int().nonnegative()),
  }),
})

/** Statistics of one column; never a single row's value but the extremes. */
export const ColumnProfile = z.object({
  name: z.string(),
  kind: z.enum(['number', 'category', 'date', 'text']),
  count: z.int().nonnegative().describe('Rows with a value.'),
  missing: z.int().nonnegative(),
  distinct: z.int().nonnegative(),
  distribution: Distribution.nullable().describe(
    'Numbers and dates (milliseconds); characters per text; null for categories and where no row has a value.',
  ),
  categories: z.array(z.object({ value: z.string(), count: z.int().nonnegative() })).describe("In the schema's order."),
})
export type ColumnProfile = z.output<typeof ColumnProfile>

/** Statistics of a table: what a dataset version, a reference window and an example are made from. */
export const TableProfile = z.object({ nRows: z.int().nonnegative(), columns: z.array(ColumnProfile) })
export type TableProfile = z.output<typeof TableProfile>

/** The profile of the schema's columns. */
export function profileTable(table: Table, schema: TableSchema): TableProfile {
  return {
    nRows: table.nRows,
    columns: schema.columns.map(({ name }) => profileColumn(name, columnOf(table, name))),
  }
}

function profileColumn(name: string, column: Column): ColumnProfile {
  if (column.kind === 'category') return profileCategories(name, column)
  if (column.kind === 'text') return profileText(name, column)
  const sorted = sortedWithoutNaN(column.values)
  return {
    name,
    kind: column.kind,
    count: sorted.length,
    missing: column.values.length - sorted.length,
    distinct: distinctSorted(sorted),
    distribution: distributionOf(sorted),
    categories: [],
  }
}

function profileCategories(name: string, column: CategoryColumn): ColumnProfile {
  const counts = new Array<number>(column.categories.length).fill(0)
  let missing = 0
  for (const code of column.codes) {
    if (code < 0) missing++
    else counts[code]!++
  }
  return {
    name,
    kind: 'category',
    count: column.codes.length - missing,
    missing,
    distinct: counts.filter((count) => count > 0).length,
    distribution: null,
    categories: column.categories.map((value, code) => ({ value, count: counts[code]! })),
  }
}

function profileText(name: string, column: TextColumn): ColumnProfile {
  const present = column.values.filter((value) => value !== null)
  const lengths = sortedWithoutNaN(present.map((value) => value.length))
  return {
    name,
    kind: 'text',
    count: present.length,
    missing: column.values.length - present.length,
    distinct: new Set(present).size,
    distribution: distributionOf(lengths),
    categories: [],
  }
}

function distinctSorted(sorted: Float64Array): number {
  let distinct = 0
  for (let i = 0; i < sorted.length; i++) if (i === 0 || sorted[i] !== sorted[i - 1]) distinct++
  return distinct
}

/** @param sorted Ascending, without NaN. */
function distributionOf(sorted: Float64Array): z.output<typeof Distribution> | null {
  const n = sorted.length
  if (n === 0) return null
  // Squares of values near the end of a double's range would overflow; a power of 2 changes no digit.
  const scale = Math.max(-sorted[0]!, sorted[n - 1]!) > 1e150 ? 2 ** -600 : 1
  let mean = 0
  let squares = 0
  for (let i = 0; i < n; i++) {
    const value = sorted[i]! * scale
    const delta = value - mean
    mean += delta / (i + 1)
    squares += delta * (value - mean)
  }
  const [p05, p25, p50, p75, p95] = PROFILE_QUANTILES.map((q) => quantileSorted(sorted, q)) as [
    number,
    number,
    number,
    number,
    number,
  ]
  return {
    mean: mean / scale,
    std: n > 1 ? Math.min(Math.sqrt(squares / (n - 1)) / scale, Number.MAX_VALUE) : 0,
    min: sorted[0]!,
    max: sorted[n - 1]!,
    quantiles: { p05, p25, p50, p75, p95 },
    histogram: histogramOf(sorted),
  }
}

/** One bin where all values are equal. */
function histogramOf(sorted: Float64Array): { edges: number[]; counts: number[] } {
  const min = sorted[0]!
  const max = sorted[sorted.length - 1]!
  if (min === max) return { edges: [min, max], counts: [sorted.length] }
  const edges = Array.from({ length: PROFILE_BINS + 1 }, (_, i) =>
    i === PROFILE_BINS ? max : min * (1 - i / PROFILE_BINS) + max * (i / PROFILE_BINS),
  )
  // Between the smallest numbers that there are, rounding could put an edge before the one below it, or beyond the largest value.
  for (let i = 1; i < edges.length; i++) edges[i] = Math.min(max, Math.max(edges[i - 1]!, edges[i]!))
  const counts = new Array<number>(PROFILE_BINS).fill(0)
  let bin = 0
  for (const value of sorted) {
    while (bin < PROFILE_BINS - 1 && value >= edges[bin + 1]!) bin++
    counts[bin]!++
  }
  return { edges, counts }
}
