import type { Params } from './params.ts'

/** One fit and its scores that a search asks for: a candidate on a fold. Plain data, fit to be sent to a worker. */
export interface FoldTask {
  readonly estimator: string
  /** Number of the trial within its family, from 0. */
  readonly trial: number
  /** Number of the fold, from 0. */
  readonly fold: number
  readonly params: Params
  /** Seed of the fit; the same for every trial and fold, as an estimator's `random_state` is. */
  readonly seed: number
}

export interface FoldResult {
  /** Metric name -> value on the fold's validation rows; NaN where it has none. */
  readonly metrics: Readonly<Record<string, number>>
  /** Predictions for the fold's validation rows in their order, shape (nValidation * width) row-major. */
  readonly predictions: Float64Array
  readonly seconds: number
}

/** A metric over the folds. */
export interface CrossValidated {
  /** Unweighted mean over the folds; NaN where a fold has no value. */
  readonly mean: number
  /** Population standard deviation over the folds. */
  readonly std: number
  readonly folds: readonly number[]
}

/** What became of one candidate. */
export interface TrialResult {
  readonly estimator: string
  /** Number within its family, from 0; 0 has the estimator's defaults. */
  readonly index: number
  readonly params: Params
  /** Metric name -> its values over the folds; left out where the trial failed. */
  readonly cv?: Readonly<Record<string, CrossValidated>>
  /** Of all folds together, wherever they ran. */
  readonly seconds: number
  /** Why the trial failed, such as `FIT_ONE_CLASS: ...`: the error of the first fold that did. */
  readonly error?: string
  /**
   * Each row's prediction by the model that was fitted without it, shape (nRows * width) row-major; NaN where no fold
   * validated the row.
   */
  readonly outOfFold?: Float64Array
}

export interface RankedTrial extends TrialResult {
  /** Among all trials of all families, by the scoring's mean; see `rankTrials`. */
  readonly rank: number
}
