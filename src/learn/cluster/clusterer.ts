import type { z } from 'zod'
import type { Matrix } from '../../table/matrix.ts'
import type { State } from '../../table/state.ts'
import type { Encoding } from '../estimator.ts'

/** What a clusterer learns from: rows without a target. */
export interface ClusterInput {
  /** Finite numbers; distances are Euclidean, so that columns should be on one scale. */
  readonly x: Matrix
  /** Weight of each row, shape (nRows), not negative; all 1 when left out. */
  readonly sampleWeight?: Float64Array
  /** Seeds the starting points; equal inputs and seeds give equal bytes. A whole number from 0 to 2^32 - 1. */
  readonly seed: number
  /** Checked in each iteration; an aborted fit throws CANCELLED. */
  readonly signal?: AbortSignal
}

/** How well a model of densities explains rows, less what its parameters cost; the smaller, the better. */
export interface InformationCriteria {
  /** Bayesian: -2 log-likelihood + parameters * ln(rows) */
  readonly bic: number
  /** Akaike's: -2 log-likelihood + 2 * parameters */
  readonly aic: number
}

/**
 * Why a row is in its cluster rather than in the one that comes next: the margin between the two, taken apart exactly by columns.
 * `base` and all contributions add up to `margin`; what raises it speaks for the row's own cluster.
 */
export interface ClusterMargin {
  /** The cluster that the row would be in without its own; null where there is one cluster alone. */
  readonly rival: number | null
  /**
   * squared distance: to the rival's centre less that to the row's own; log-odds: ln of the probability of the row's own cluster over
   * that of the rival.
   */
  readonly space: 'squared distance' | 'log-odds'
  readonly margin: number
  /** What the clusters differ in whatever the row: their shares and their spread; 0 for distances. */
  readonly base: number
  /** Of each column, shape (nColumns). */
  readonly contributions: Float64Array
}

/** What fitting gives. A cluster's number means nothing by itself: another seed may number the same clusters otherwise. */
export interface FittedClusterer {
  readonly clusterer: string
  readonly nClusters: number
  readonly nColumns: number
  /** Middle of each cluster in the matrix's columns, shape (nClusters * nColumns) row-major. */
  readonly centers: Float64Array
  /** What whoever reads the run should know of the fit, such as that it did not converge; none when left out. */
  readonly warnings?: readonly string[]
  /**
   * The cluster of each row, from 0 to nClusters - 1, shape (nRows). A row's answer never depends on the other rows.
   * @throws MATRIX_NOT_FINITE; INTERNAL for a matrix of another width
   */
  predict(x: Matrix): Int32Array
  /** Where the model has them: probability of each cluster, shape (nRows * nClusters) row-major, rows sum to 1. */
  predictProba?(x: Matrix): Float64Array
  /** Where the model is one of densities. Weights count rows: 2 is the row twice. */
  informationCriteria?(x: Matrix, sampleWeight?: Float64Array): InformationCriteria
  /** Why row `row` is in its cluster `own`, column by column. */
  margin(x: Matrix, row: number, own: number): ClusterMargin
  state(): State
}

/** One way to cluster: its options, how it is fitted and restored. All of them take an option `nClusters`. */
export interface ClustererDefinition<Options = unknown> {
  /** Name in project files and runs, such as `k-means`. */
  readonly name: string
  readonly title: string
  readonly encoding: Encoding
  /** Type, check, default and text of each option. */
  readonly options: z.ZodType<Options>
  /** Leaves its inputs unchanged. */
  fit(input: ClusterInput, options: Options): FittedClusterer
  /** @throws MODEL_STATE_INVALID */
  restore(state: State): FittedClusterer
}
