import { BellwetherError } from '../errors.ts'
import type { Column } from '../table/column.ts'
import { sortedWithoutNaN } from '../table/quantile.ts'
import { columnOf, type Table } from '../table/table.ts'

export interface PartialDependenceOptions {
  /** One or two columns of the table, inputs of the model. */
  readonly columns: readonly [string] | readonly [string, string]
  /** Values predicted for each row: the number of classes, or 1. */
  readonly nOutputs: number
  /** Most values of a column that are tried, 2 or more. Default 100. */
  readonly gridResolution?: number
  /** Shares of the rows below the first and the last value of a numeric grid. Default 0.05 and 0.95. */
  readonly percentiles?: readonly [number, number]
  /** Weight of each row in the mean, shape (nRows), not negative; all 1 when left out. */
  readonly sampleWeight?: Float64Array
  /** Called after each point of the grid, for progress. */
  readonly onPoint?: (done: number, of: number) => void
  /** Checked before each prediction; an aborted call throws CANCELLED. */
  readonly signal?: AbortSignal
}

/** The values of one column that were tried: categories as text, dates in milliseconds since 1970. */
export type PartialDependenceAxis = { readonly name: string } & (
  | { readonly kind: 'number' | 'date'; readonly values: readonly number[] }
  | { readonly kind: 'category'; readonly values: readonly string[] }
)

export interface PartialDependence {
  readonly axes: readonly PartialDependenceAxis[]
  readonly nOutputs: number
  /**
   * Mean prediction of each output at each point of the grid, shape (nOutputs, first axis, second axis where there is one)
   * row-major.
   */
  readonly averages: Float64Array
}

/**
 * What a model predicts on average when a column (or two) has a given value in every row and the others stay as they are:
 * how the answer goes with the column, the model as a whole, features included. Scikit-learn's `partial_dependence` with
 * `method='brute'`.
 *
 * A number or date with fewer values than `gridResolution` is tried at each of them, else at so many points from one
 * percentile to the other; a category at each that occurs. Missing values are no point of the grid; rows where the column is
 * missing take part like the others. Where columns go together, the mean is over rows that may not occur (a first-year
 * student with a third-year course load), and says what the model would answer, not what would happen.
 * @param predict The model: probabilities, shape (nRows * nOutputs) row-major, or values, shape (nRows).
 * @throws USAGE for a column that holds text or nothing, a number column whose percentiles coincide, a category column with
 *   more categories than the grid's resolution, and options out of range; CANCELLED when aborted; INTERNAL for a column that
 *   the table lacks.
 * @see Friedman (2001), https://doi.org/10.1214/aos/1013203451, section 8.2
 */
export function partialDependence(
  table: Table,
  predict: (table: Table) => Float64Array,
  options: PartialDependenceOptions,
): PartialDependence {
  const { nOutputs, sampleWeight, onPoint, signal } = options
  checkOptions(table, options)
  const axes = options.columns.map((name) => axisOf(name, columnOf(table, name), options))
  const nPoints = axes.reduce((product, axis) => product * axis.values.length, 1)
  const total = sampleWeight ? sampleWeight.reduce((sum, weight) => sum + weight, 0) : table.nRows
  const averages = new Float64Array(nOutputs * nPoints)
  for (let point = 0; point < nPoints; point++) {
    if (signal?.aborted) throw new BellwetherError('CANCELLED', 'Partial dependence was stopped.')
    const columns = new Map(table.columns)
    let left = point
    for (const axis of axes.toReversed()) {
      columns.set(axis.name, constantColumn(columnOf(table, axis.name), axis, left % axis.values.length, table.nRows))
      left = Math.floor(left / axis.values.length)
    }
    const predictions = predict({ nRows: table.nRows, columns })
    if (predictions.length !== table.nRows * nOutputs) {
      throw new BellwetherError(
        'INTERNAL',
        `Partial dependence expects ${nOutputs} predictions for each of ${table.nRows} rows; got ${predictions.length}.`,
      )
    }
    for (let output = 0; output < nOutputs; output++) {
      let sum = 0
      for (let row = 0; row < table.nRows; row++) {
        sum += (sampleWeight ? sampleWeight[row]! : 1) * predictions[row * nOutputs + output]!
      }
      averages[output * nPoints + point] = sum / total
    }
    onPoint?.(point + 1, nPoints)
  }
  return { axes, nOutputs, averages }
}

function checkOptions(table: Table, options: PartialDependenceOptions): void {
  const { columns, gridResolution = 100, percentiles: [low, high] = [0.05, 0.95], sampleWeight } = options
  const refuse = (message: string): never => {
    throw new BellwetherError('USAGE', `Partial dependence: ${message}`)
  }
  if (columns[0] === columns[1]) refuse(`the two columns must differ; both are "${columns[0]}".`)
  if (!Number.isInteger(gridResolution) || gridResolution < 2) {
    refuse(`gridResolution should be a whole number, 2 or more, not ${gridResolution}.`)
  }
  if (!(low >= 0 && low < high && high <= 1)) refuse(`percentiles should rise within 0 and 1; got ${low} and ${high}.`)
  if (table.nRows === 0) refuse('there must be at least 1 row.')
  if (!sampleWeight) return
  if (sampleWeight.length !== table.nRows) refuse(`expected ${table.nRows} weights; got ${sampleWeight.length}.`)
  const sum = sampleWeight.reduce((total, weight) => total + (weight >= 0 ? weight : Number.NaN), 0)
  if (!(sum > 0 && sum < Number.POSITIVE_INFINITY)) refuse('weights should be 0 or more, finite, and not all 0.')
}

function axisOf(name: string, column: Column, options: PartialDependenceOptions): PartialDependenceAxis {
  const { gridResolution = 100, percentiles = [0.05, 0.95] } = options
  if (column.kind === 'text') {
    throw new BellwetherError(
      'USAGE',
      `Partial dependence needs a number, date or category; column "${name}" holds text.`,
    )
  }
  const known = column.kind === 'category' ? null : sortedWithoutNaN(column.values)
  const codes = column.kind === 'category' ? new Set(column.codes.filter((code) => code >= 0)) : null
  if ((known ?? []).length + (codes?.size ?? 0) === 0) {
    throw new BellwetherError('USAGE', `Partial dependence needs values; column "${name}" has none.`)
  }
  if (column.kind === 'category') {
    const values = column.categories.filter((_, code) => codes!.has(code))
    if (values.length > gridResolution) {
      const message = `Column "${name}" has ${values.length} categories, more than gridResolution (${gridResolution}); raise it.`
      throw new BellwetherError('USAGE', message)
    }
    return { name, kind: 'category', values }
  }
  const distinct = known!.filter((value, i) => i === 0 || value !== known![i - 1])
  if (distinct.length < gridResolution) return { name, kind: column.kind, values: Array.from(distinct) }
  const [low, high] = [plottingPosition(known!, percentiles[0]), plottingPosition(known!, percentiles[1])]
  // scikit-learn refuses those within 1e-5 of their size, too, which would be four hours for dates of today.
  if (!(high > low)) {
    const message = `The percentiles ${percentiles[0]} and ${percentiles[1]} of column "${name}" coincide; take others, farther apart.`
    throw new BellwetherError('USAGE', message)
  }
  const step = (high - low) / (gridResolution - 1)
  const values = Array.from({ length: gridResolution }, (_, i) => (i === gridResolution - 1 ? high : low + i * step))
  return { name, kind: column.kind, values: column.kind === 'date' ? values.map(Math.round) : values }
}

/**
 * The quantile of SciPy's `mquantiles` with alphap = betap = 0.4, which scikit-learn's grids are made with:
 *   a = n q + 0.4 + 0.2 q,  k = floor(a) within 1 and n - 1,  result = (1 - g) x[k] + g x[k + 1],  g = a - k within 0 and 1
 * @param sorted Ascending, two values or more; x counted from 1.
 */
function plottingPosition(sorted: Float64Array, q: number): number {
  const n = sorted.length
  const position = n * q + 0.4 + 0.2 * q
  const below = Math.floor(Math.min(Math.max(position, 1), n - 1))
  const share = Math.min(Math.max(position - below, 0), 1)
  return (1 - share) * sorted[below - 1]! + share * sorted[below]!
}

/** A column of the same kind that has one value of the axis in every row. */
function constantColumn(like: Column, axis: PartialDependenceAxis, index: number, nRows: number): Column {
  if (like.kind === 'category') {
    const code = like.categories.indexOf(axis.values[index] as string)
    return { kind: 'category', codes: new Int32Array(nRows).fill(code), categories: like.categories }
  }
  return { kind: axis.kind as 'number' | 'date', values: new Float64Array(nRows).fill(axis.values[index] as number) }
}
