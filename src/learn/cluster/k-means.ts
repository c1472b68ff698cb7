import { z } from 'zod'
import { BellwetherError } from '../../errors.ts'
import { matrixRows } from '../../table/matrix.ts'
import { RandomState } from '../../table/random.ts'
import type { State } from '../../table/state.ts'
import { refuseNonFinite } from '../check-fit-input.ts'
import { refuseOtherWidth } from '../check-matrix.ts'
import { readState } from '../read-state.ts'
import { distanceMargins } from './cluster-margin.ts'
import { type ClusterRows, clusterRows, moved } from './cluster-rows.ts'
import type { ClustererDefinition, ClusterInput, FittedClusterer } from './clusterer.ts'
import { kMeansPlusPlus } from './k-means-plus-plus.ts'
import { type LloydResult, lloyd, nearestCenters } from './lloyd.ts'

const K_MEANS = 'k-means'
const WHAT = 'K-means'

export const KMeansOptions = z.strictObject({
  nClusters: z.int().min(1).max(10_000).default(8).describe('Number of clusters.'),
  nInit: z
    .int()
    .min(1)
    .max(1000)
    .default(10)
    .describe('Starts from so many draws of k-means++ and keeps the result of least inertia.'),
  maxIterations: z.int().min(1).default(300).describe('Most iterations of one start.'),
  tol: z
    .number()
    .nonnegative()
    .default(1e-4)
    .describe("Done when the centres' squared shifts sum to no more than this share of the columns' mean variance."),
})
export type KMeansOptions = z.output<typeof KMeansOptions>

/**
 * k-means: clusters of rows nearest to one centre each; minimises
 *   inertia = sum of weight * squared distance to the nearest centre
 * Equal seeds give scikit-learn's `KMeans(n_clusters, init='k-means++', n_init, tol, random_state=seed)`.
 */
export const kMeans: ClustererDefinition<KMeansOptions> = {
  name: K_MEANS,
  title: 'k-means',
  encoding: 'linear',
  options: KMeansOptions,
  fit: fitKMeans,
  restore: restoreKMeans,
}

/** What fitting k-means learnt. */
export interface KMeansParts {
  /** shape (nClusters * nColumns) row-major */
  readonly centers: Float64Array
  readonly inertia: number
  readonly iterations: number
  readonly converged: boolean
  /** Clusters that hold a training row. */
  readonly nFilled: number
}

export interface KMeansModel extends FittedClusterer {
  readonly parts: KMeansParts
}

/**
 * @param start Starting points in place of k-means++, shape (nClusters * nColumns) row-major; then there is one start.
 * @throws as `clusterRows`; INTERNAL for starting points of another shape
 */
export function fitKMeans(input: ClusterInput, options: KMeansOptions, start?: Float64Array): KMeansModel {
  const { nClusters } = options
  const rows = clusterRows(input, nClusters, WHAT)
  if (start && start.length !== nClusters * rows.nColumns) {
    throw new BellwetherError(
      'INTERNAL',
      `Expected ${nClusters} starting points of ${rows.nColumns} columns; got ${start.length} numbers.`,
    )
  }
  const result = start
    ? runLloyd(
        rows,
        start.map((value, i) => value - rows.means[i % rows.nColumns]!),
        options,
        input.signal,
      )
    : bestOfStarts(rows, options, new RandomState(input.seed), input.signal)
  const nFilled = new Set(result.labels.filter((_, row) => rows.weights[row]! > 0)).size
  const { inertia, iterations, converged } = result
  return kMeansModel(
    { centers: moved(result.centers, rows.means), inertia, iterations, converged, nFilled },
    nClusters,
    rows.nColumns,
  )
}

/** The result of least inertia over `nInit` draws of starting points from one stream. */
export function bestOfStarts(
  rows: ClusterRows,
  options: KMeansOptions,
  random: RandomState,
  signal: AbortSignal | undefined,
): LloydResult {
  let best: LloydResult | null = null
  for (let i = 0; i < options.nInit; i++) {
    const chosen = kMeansPlusPlus(rows, options.nClusters, random)
    const start = new Float64Array(options.nClusters * rows.nColumns)
    for (const [cluster, row] of chosen.entries()) {
      start.set(rows.values.subarray(row * rows.nColumns, (row + 1) * rows.nColumns), cluster * rows.nColumns)
    }
    const result = runLloyd(rows, start, options, signal)
    // The same clusters in another order may differ in the last bit of inertia; then the first stays.
    if (!best || (result.inertia < best.inertia && !sameClusters(result.labels, best.labels))) best = result
  }
  return best!
}

function runLloyd(rows: ClusterRows, start: Float64Array, options: KMeansOptions, signal: AbortSignal | undefined) {
  const tolerance = options.tol === 0 ? 0 : options.tol * meanVariance(rows)
  return lloyd(rows, start, options.nClusters, { tolerance, maxIterations: options.maxIterations, signal })
}

/** Mean over the columns of their weighted variance (population). */
function meanVariance({ values, weights, nRows, nColumns }: ClusterRows): number {
  let squares = 0
  let total = 0
  for (let row = 0; row < nRows; row++) {
    const weight = weights[row]!
    total += weight
    for (let column = 0; column < nColumns; column++) squares += weight * values[row * nColumns + column]! ** 2
  }
  return nColumns === 0 ? 0 : squares / (total * nColumns)
}

/** Whether the labels differ in their numbers alone: the labels of one are a function of the other's. */
function sameClusters(a: Int32Array, b: Int32Array): boolean {
  const renamed = new Map<number, number>()
  return a.every((label, row) => {
    const other = renamed.get(label)
    if (other === undefined) renamed.set(label, b[row]!)
    return other === undefined || other === b[row]
  })
}

function kMeansModel(parts: KMeansParts, nClusters: number, nColumns: number): KMeansModel {
  const warnings = [
    ...(parts.converged ? [] : [`k-means stopped after ${parts.iterations} iterations, before it converged.`]),
    ...(parts.nFilled < nClusters ? [`Only ${parts.nFilled} of ${nClusters} clusters hold rows.`] : []),
  ]
  return {
    clusterer: K_MEANS,
    nClusters,
    nColumns,
    centers: parts.centers,
    ...(warnings.length > 0 ? { warnings } : {}),
    parts,
    predict(x) {
      refuseOtherWidth(x, nColumns, K_MEANS)
      refuseNonFinite(x, WHAT)
      return nearestCenters(matrixRows(x), x.nRows, parts.centers, nClusters, nColumns)
    },
    margin: (x, row, own) => distanceMargins(parts.centers, nClusters, nColumns)(matrixRows(x), row, own),
    state: () => ({ clusterer: K_MEANS, nClusters, nColumns, ...parts }),
  }
}

/** @throws MODEL_STATE_INVALID */
function restoreKMeans(state: State): KMeansModel {
  const reader = readState(state, K_MEANS)
  const nClusters = reader.count('nClusters', 1)
  const nColumns = reader.count('nColumns')
  const centers = reader.float64('centers', nClusters * nColumns)
  if (!centers.every(Number.isFinite)) reader.fail('centers', 'finite numbers')
  const converged = reader.raw('converged')
  return kMeansModel(
    {
      centers,
      inertia: reader.number('inertia'),
      iterations: reader.count('iterations'),
      converged: typeof converged === 'boolean' ? converged : reader.fail('converged', 'true or false'),
      nFilled: reader.count('nFilled'),
    },
    nClusters,
    nColumns,
  )
}
