import { throwIfCancelled } from '../check-fit-input.ts'
import { type ClusterRows, squaredDistance } from './cluster-rows.ts'

export interface LloydOptions {
  /** Done when the centres' squared shifts sum to no more. */
  readonly tolerance: number
  readonly maxIterations: number
  readonly signal?: AbortSignal | undefined
}

export interface LloydResult {
  /** shape (nRows) */
  readonly labels: Int32Array
  /** shape (nClusters * nColumns) row-major */
  readonly centers: Float64Array
  /** Sum over the rows of weight times squared distance to the nearest centre. */
  readonly inertia: number
  readonly iterations: number
  readonly converged: boolean
}

/**
 * k-means from given starting points: rows go to their nearest centre, centres to the mean of their rows, until no row changes or
 * the centres hardly move. A cluster that has lost all its rows is given the row that lies farthest from its centre.
 * Iterations and stopping are those of scikit-learn's `KMeans(algorithm='lloyd')`.
 * @param start shape (nClusters * nColumns) row-major
 * @throws CANCELLED
 * @see Lloyd (1982), https://doi.org/10.1109/TIT.1982.1056489
 */
export function lloyd(rows: ClusterRows, start: Float64Array, nClusters: number, options: LloydOptions): LloydResult {
  let centers = start
  let labels: Int32Array = new Int32Array(rows.nRows).fill(-1)
  let settled = false
  let converged = false
  let iterations = 0
  while (iterations < options.maxIterations && !converged) {
    throwIfCancelled(options.signal)
    iterations++
    const assigned = nearestCenters(rows.values, rows.nRows, centers, nClusters, rows.nColumns)
    const next = meansOf(rows, assigned, centers, nClusters)
    settled = assigned.every((label, row) => label === labels[row])
    let shift = 0
    for (let i = 0; i < next.length; i++) shift += (next[i]! - centers[i]!) ** 2
    converged = settled || shift <= options.tolerance
    centers = next
    labels = assigned
  }
  // The centres have moved since the rows were last assigned, unless no row changed.
  if (!settled) labels = nearestCenters(rows.values, rows.nRows, centers, nClusters, rows.nColumns)
  let inertia = 0
  for (let row = 0; row < rows.nRows; row++) {
    inertia += rows.weights[row]! * squaredDistance(rows.values, row, centers, labels[row]!, rows.nColumns)
  }
  return { labels, centers, inertia, iterations, converged }
}

/**
 * The nearest centre of each row, the first of equals; shape (nRows).
 * @param values shape (nRows * nColumns) row-major
 */
export function nearestCenters(
  values: Float64Array,
  nRows: number,
  centers: Float64Array,
  nClusters: number,
  nColumns: number,
): Int32Array {
  const labels = new Int32Array(nRows)
  for (let row = 0; row < nRows; row++) {
    let least = squaredDistance(values, row, centers, 0, nColumns)
    let label = 0
    for (let cluster = 1; cluster < nClusters; cluster++) {
      const distance = squaredDistance(values, row, centers, cluster, nColumns)
      if (distance < least) {
        least = distance
        label = cluster
      }
    }
    labels[row] = label
  }
  return labels
}

/** Weighted mean of each cluster's rows; `centers` are those that the rows were assigned by. */
function meansOf(rows: ClusterRows, labels: Int32Array, centers: Float64Array, nClusters: number): Float64Array {
  const { nRows, nColumns, values, weights } = rows
  const sums = new Float64Array(nClusters * nColumns)
  const totals = new Float64Array(nClusters)
  const counts = new Uint32Array(nClusters)
  for (let row = 0; row < nRows; row++) {
    const weight = weights[row]!
    if (weight === 0) continue
    const label = labels[row]!
    totals[label]! += weight
    counts[label]!++
    for (let column = 0; column < nColumns; column++) {
      sums[label * nColumns + column]! += values[row * nColumns + column]! * weight
    }
  }
  if (counts.includes(0)) fillEmpty(rows, labels, centers, { sums, totals, counts })
  const largest = totals.indexOf(totals.reduce((a, b) => Math.max(a, b)))
  for (let cluster = 0; cluster < nClusters; cluster++) {
    if (counts[cluster] === 0) continue
    const factor = 1 / totals[cluster]!
    for (let column = 0; column < nColumns; column++) sums[cluster * nColumns + column]! *= factor
  }
  for (let cluster = 0; cluster < nClusters; cluster++) {
    // Nothing was left to give it: all rows lie on their centres.
    if (counts[cluster] === 0) sums.copyWithin(cluster * nColumns, largest * nColumns, largest * nColumns + nColumns)
  }
  return sums
}

/**
 * Gives each empty cluster the row farthest from its own centre, the farthest first; a row that is alone in its cluster stays.
 * in/out: `sums` (nClusters * nColumns), `totals` and `counts` (nClusters)
 */
function fillEmpty(
  { nRows, nColumns, values, weights }: ClusterRows,
  labels: Int32Array,
  centers: Float64Array,
  { sums, totals, counts }: { sums: Float64Array; totals: Float64Array; counts: Uint32Array },
): void {
  const distances = new Float64Array(nRows)
  for (let row = 0; row < nRows; row++) {
    if (weights[row]! > 0) distances[row] = squaredDistance(values, row, centers, labels[row]!, nColumns)
  }
  for (let cluster = 0; cluster < counts.length; cluster++) {
    if (counts[cluster] !== 0) continue
    let farthest = -1
    for (let row = 0; row < nRows; row++) {
      const distance = distances[row]!
      if (distance > 0 && counts[labels[row]!]! > 1 && (farthest < 0 || distance > distances[farthest]!)) farthest = row
    }
    if (farthest < 0) return
    const old = labels[farthest]!
    const weight = weights[farthest]!
    for (let column = 0; column < nColumns; column++) {
      const value = values[farthest * nColumns + column]! * weight
      sums[old * nColumns + column]! -= value
      sums[cluster * nColumns + column] = value
    }
    totals[old]! -= weight
    counts[old]!--
    totals[cluster] = weight
    counts[cluster] = 1
    distances[farthest] = 0
  }
}
