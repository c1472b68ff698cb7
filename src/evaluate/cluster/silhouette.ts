import { BellwetherError } from '../../errors.ts'
import { refuseNonFinite, throwIfCancelled } from '../../learn/check-fit-input.ts'
import { type Matrix, matrixRows, selectMatrixRows } from '../../table/matrix.ts'
import { RandomState } from '../../table/random.ts'
import { type Score, undefinedScore } from '../metrics/metric.ts'
import { groupNumbers, unscorable } from './label-groups.ts'

export interface SilhouetteOptions {
  /** Look at so many rows, drawn by `seed`, where there are more; the cost grows with the square. All rows when left out. */
  readonly sampleRows?: number
  /** Draws the sample as scikit-learn's `sample_size`. Default 0. */
  readonly seed?: number
  /** Checked between blocks; an aborted call throws CANCELLED. */
  readonly signal?: AbortSignal
}

/** Rows whose distances to all others are looked at together, a multiple of 4; memory grows with it, not with the square of the rows. */
const BLOCK = 64

/**
 * How much closer each row is to its own cluster than to the next one:
 *   s = (b - a) / max(a, b)
 * a the mean distance to the other rows of its cluster, b the mean distance to the rows of the nearest other cluster. 1 far from
 * the others, 0 on the border, negative nearer to another cluster; 0 for a row alone in its cluster.
 * @param labels Any whole numbers, shape (nRows).
 * @returns shape (nRows), or (sampleRows) in the order drawn; NaN where there are not from 2 to nRows - 1 clusters.
 * @throws MATRIX_NOT_FINITE, CANCELLED; USAGE for a sample of less than 1 row; INTERNAL when there are not as many labels as rows
 * @see Rousseeuw (1987), https://doi.org/10.1016/0377-0427(87)90125-7
 */
export function silhouetteSamples(x: Matrix, labels: Int32Array, options: SilhouetteOptions = {}): Float64Array {
  return measure(x, [labels], options)[0]!.samples
}

/** The mean of `silhouetteSamples`, in [-1, 1], larger is better; no value outside of 2 to nRows - 1 clusters. */
export function silhouette(x: Matrix, labels: Int32Array, options: SilhouetteOptions = {}): Score {
  return silhouetteScores(x, [labels], options)[0]!
}

/** `silhouette` of several ways to label the same rows; the distances, which cost most, are computed once for all. */
export function silhouetteScores(
  x: Matrix,
  labelings: readonly Int32Array[],
  options: SilhouetteOptions = {},
): readonly Score[] {
  return measure(x, labelings, options).map(({ samples, reason }) => {
    if (reason !== null) return undefinedScore(reason)
    return { value: samples.reduce((sum, sample) => sum + sample, 0) / samples.length }
  })
}

interface Measured {
  readonly samples: Float64Array
  /** Why there are none. */
  readonly reason: string | null
}

function measure(x: Matrix, labelings: readonly Int32Array[], options: SilhouetteOptions): readonly Measured[] {
  for (const labels of labelings) {
    if (labels.length !== x.nRows) {
      throw new BellwetherError('INTERNAL', `Expected ${x.nRows} labels, one a row; got ${labels.length}.`)
    }
  }
  refuseNonFinite(x, 'A silhouette')
  const drawn = sampledRows(x.nRows, options)
  const rows = drawn ? selectMatrixRows(x, drawn) : x
  const grouped = labelings.map((labels) => grouping(drawn ? Int32Array.from(drawn, (row) => labels[row]!) : labels))
  const scorable = grouped.filter(({ reason }) => reason === null)
  if (scorable.length > 0) measureGroupings(rows, scorable, options.signal)
  return grouped
}

/** @throws USAGE */
function sampledRows(nRows: number, { sampleRows, seed = 0 }: SilhouetteOptions): Uint32Array | null {
  if (sampleRows === undefined) return null
  if (!Number.isInteger(sampleRows) || sampleRows < 1) {
    throw new BellwetherError('USAGE', `A silhouette expects a sample of 1 row or more, not ${sampleRows}.`)
  }
  return sampleRows < nRows ? new RandomState(seed).permutation(nRows).subarray(0, sampleRows) : null
}

interface Grouping extends Measured {
  readonly groups: Int32Array
  readonly sizes: Uint32Array
}

function grouping(labels: Int32Array): Grouping {
  const groups = groupNumbers(labels)
  const sizes = new Uint32Array(groups.reduce((most, group) => Math.max(most, group + 1), 0))
  for (const group of groups) sizes[group]!++
  return {
    groups,
    sizes,
    reason: unscorable(sizes.length, labels.length),
    samples: new Float64Array(labels.length).fill(Number.NaN),
  }
}

/** Fills the samples of each grouping, by blocks of rows against all rows. */
function measureGroupings(x: Matrix, groupings: readonly Grouping[], signal: AbortSignal | undefined): void {
  const { nRows, nColumns } = x
  const values = matrixRows(x)
  const block = new Float64Array(BLOCK * nColumns)
  const distances = new Float64Array(BLOCK)
  // Of each row of the block, the sum of distances to the rows of each group.
  const sums = groupings.map(({ sizes }) => new Float64Array(BLOCK * sizes.length))
  for (let from = 0; from < nRows; from += BLOCK) {
    throwIfCancelled(signal)
    const size = Math.min(BLOCK, nRows - from)
    block.set(values.subarray(from * nColumns, (from + size) * nColumns))
    for (const of of sums) of.fill(0)
    for (let other = 0; other < nRows; other++) {
      distancesToBlock(values, other, block, nColumns, distances)
      for (let g = 0; g < groupings.length; g++) {
        const of = sums[g]!
        const width = groupings[g]!.sizes.length
        const group = groupings[g]!.groups[other]!
        for (let i = 0; i < size; i++) of[i * width + group]! += distances[i]!
      }
    }
    for (const [g, { groups, sizes, samples }] of groupings.entries()) {
      for (let i = 0; i < size; i++) {
        samples[from + i] = sampleOf(sums[g]!, i * sizes.length, sizes, groups[from + i]!)
      }
    }
  }
}

/**
 * Distance of row `other` of `values` to each row of the block; four at a time, so that no sum waits for another.
 * in:  `values` (nRows * nColumns) and `block` (BLOCK * nColumns) row-major
 * out: `distances` (BLOCK)
 */
function distancesToBlock(
  values: Float64Array,
  other: number,
  block: Float64Array,
  nColumns: number,
  distances: Float64Array,
): void {
  const at = other * nColumns
  for (let i = 0; i < BLOCK; i += 4) {
    const a = i * nColumns
    const b = a + nColumns
    const c = b + nColumns
    const d = c + nColumns
    let ofA = 0
    let ofB = 0
    let ofC = 0
    let ofD = 0
    for (let column = 0; column < nColumns; column++) {
      const value = values[at + column]!
      const inA = block[a + column]! - value
      const inB = block[b + column]! - value
      const inC = block[c + column]! - value
      const inD = block[d + column]! - value
      ofA += inA * inA
      ofB += inB * inB
      ofC += inC * inC
      ofD += inD * inD
    }
    distances[i] = Math.sqrt(ofA)
    distances[i + 1] = Math.sqrt(ofB)
    distances[i + 2] = Math.sqrt(ofC)
    distances[i + 3] = Math.sqrt(ofD)
  }
}

/** @param sums Distances of one row summed by group, from position `at`. */
function sampleOf(sums: Float64Array, at: number, sizes: Uint32Array, own: number): number {
  if (sizes[own] === 1) return 0
  const within = sums[at + own]! / (sizes[own]! - 1)
  let next = Number.POSITIVE_INFINITY
  for (let group = 0; group < sizes.length; group++) {
    if (group !== own) next = Math.min(next, sums[at + group]! / sizes[group]!)
  }
  const larger = Math.max(within, next)
  return larger === 0 ? 0 : (next - within) / larger
}
