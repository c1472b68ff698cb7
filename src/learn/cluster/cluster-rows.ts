import { BellwetherError } from '../../errors.ts'
import { matrixRows } from '../../table/matrix.ts'
import { checkedRowWeights, refuseNonFinite, throwIfCancelled } from '../check-fit-input.ts'
import type { ClusterInput } from './clusterer.ts'

/** Rows as clusterers loop over them. */
export interface ClusterRows {
  readonly nRows: number
  readonly nColumns: number
  /** Less the weighted mean of each column, so that distances lose no digits to a large mean; shape (nRows * nColumns) row-major. */
  readonly values: Float64Array
  /** Weighted mean of each column, which was taken off; shape (nColumns). */
  readonly means: Float64Array
  /** shape (nRows), not negative, sum above 0 */
  readonly weights: Float64Array
}

/**
 * Checks what every clusterer needs and lays the rows out.
 * @param what Who asks, for messages, such as `K-means`.
 * @throws FIT_NO_ROWS, WEIGHTS_INVALID, MATRIX_NOT_FINITE, CANCELLED; CLUSTERS_TOO_MANY when fewer rows differ than clusters are
 *   asked for
 */
export function clusterRows(input: ClusterInput, nClusters: number, what: string): ClusterRows {
  const { x, signal } = input
  throwIfCancelled(signal)
  if (x.nRows === 0) throw new BellwetherError('FIT_NO_ROWS', `${what} needs at least 1 row; there is none.`)
  const weights = checkedRowWeights(x.nRows, input.sampleWeight)
  refuseNonFinite(x, what)
  const { nRows, nColumns } = x
  const values = matrixRows(x)
  const means = new Float64Array(nColumns)
  let total = 0
  for (let row = 0; row < nRows; row++) {
    const weight = weights[row]!
    total += weight
    for (let column = 0; column < nColumns; column++) means[column]! += weight * values[row * nColumns + column]!
  }
  for (let column = 0; column < nColumns; column++) means[column]! /= total
  for (let i = 0; i < values.length; i++) values[i]! -= means[i % nColumns]!
  const rows = { nRows, nColumns, values, means, weights }
  const distinct = countDistinct(rows, nClusters)
  if (distinct < nClusters) {
    throw new BellwetherError(
      'CLUSTERS_TOO_MANY',
      `${what} was asked for ${nClusters} clusters; only ${distinct} of the ${nRows} rows ${distinct === 1 ? 'is' : 'are'} distinct (rows of weight 0 not counted).`,
    )
  }
  return rows
}

/** Rows with a weight that differ from each other; counting stops at `enough`. */
function countDistinct({ nRows, nColumns, values, weights }: ClusterRows, enough: number): number {
  const found: number[] = []
  for (let row = 0; row < nRows && found.length < enough; row++) {
    if (weights[row]! > 0 && !found.some((other) => sameRow(values, nColumns, row, other))) found.push(row)
  }
  return found.length
}

function sameRow(values: Float64Array, nColumns: number, a: number, b: number): boolean {
  for (let column = 0; column < nColumns; column++) {
    if (values[a * nColumns + column] !== values[b * nColumns + column]) return false
  }
  return true
}

/** Squared Euclidean distance between row `i` of `a` and row `j` of `b`, both row-major with `nColumns` columns. */
export function squaredDistance(a: Float64Array, i: number, b: Float64Array, j: number, nColumns: number): number {
  const from = i * nColumns
  const to = j * nColumns
  let sum = 0
  for (let column = 0; column < nColumns; column++) {
    const difference = a[from + column]! - b[to + column]!
    sum += difference * difference
  }
  return sum
}

/** Rows moved by `means`: `rows + means`, a new array; for centres found among centred rows. */
export function moved(rows: Float64Array, means: Float64Array): Float64Array {
  return rows.map((value, i) => value + means[i % means.length]!)
}
