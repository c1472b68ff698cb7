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
  /** Share of the fold's rows that the trial may see, in (0, 1), as `subsampleFold` takes them; all of them when left out. */
  readonly share?: number
}

export interface FoldResult {
  /** Metric name -> value on the fold's validation rows; NaN where it has none. */
  readonly metrics: Readonly<Record<string, number>>
  /**
   * Predictions for the fold's validation rows in their order, shape (nValidation * width) row-major. Where the trial sees a
   * share of the rows, those that it does not see hold NaN.
   */
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

/** Where in a search by halving a trial stands, and what it was given to spend. */
export interface TrialRung {
  /** From 0, the cheapest. */
  readonly rung: number
  readonly nRungs: number
  /** `rows`, or the option that bounds an estimator's rounds or trees. */
  readonly resource: string
  readonly amount: number
  /** What a trial of the last rung is given. */
  readonly max: number
}

/** A trial that is yet to be evaluated. */
export interface PlannedTrial {
  readonly estimator: string
  /** Number of the candidate within its family, from 0; by halving, the trials of a candidate's rungs share it. */
  readonly index: number
  readonly params: Params
  /** Left out where a search has no rungs. */
  readonly rung?: TrialRung
}

/** What became of one candidate. */
export interface TrialResult extends PlannedTrial {
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
  /** Among all trials of all families, by the scoring's mean; see `rankTrials`. By halving, those of a later rung come first. */
  readonly rank: number
}

/** Mean and population deviation of a metric over the folds. */
export function crossValidated(folds: readonly number[]): CrossValidated {
  const mean = folds.reduce((sum, value) => sum + value, 0) / folds.length
  const std = Math.sqrt(folds.reduce((sum, value) => sum + (value - mean) ** 2, 0) / folds.length)
  return { mean, std, folds }
}

/** Part of what the last rung gives that the trial was given, in (0, 1]; 1 in a search without rungs. */
export function shareOf({ rung }: Pick<PlannedTrial, 'rung'>): number {
  return rung ? rung.amount / rung.max : 1
}
