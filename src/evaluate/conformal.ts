import type { Target } from '../table/target.ts'
import { checkAlpha, checkLength, conformalQuantile } from './conformal/conformal-quantile.ts'

/**
 * Answers with a promise. From predictions for rows that the model had not learnt from (those out of fold), a threshold
 * is taken such that for a new row like them the set of classes, or the interval, holds the truth with probability of at
 * least 1 - alpha: over all rows, not for each kind of row by itself. Out-of-fold predictions come from models of part
 * of the rows, so that for the model of all rows the promise is close, and in practice kept, rather than proven.
 *
 * With n rows and scores s (larger is stranger), the threshold is the k-th smallest score, k = ⌈(n + 1)(1 - alpha)⌉.
 * @see Angelopoulos and Bates (2023), https://doi.org/10.1561/2200000101
 */
export type Conformal = ConformalSets | ConformalInterval

export interface ConformalSets {
  readonly task: 'classification'
  readonly alpha: number
  /** Rows that it was made from. */
  readonly nRows: number
  /** A class is in the set when 1 - its probability is at most this; 1 puts all classes in, where there are too few rows. */
  readonly threshold: number
}

export interface ConformalInterval {
  readonly task: 'regression'
  readonly alpha: number
  readonly nRows: number
  /** The interval is the value plus and minus this; null where there are too few rows for any promise. */
  readonly halfWidth: number | null
}

/**
 * @param predictions Out of fold: probabilities, shape (nRows * nClasses) row-major, or values, shape (nRows).
 *   Rows without a prediction (NaN, as in folds by time) are left out.
 * @param alpha Share of the answers that may miss the truth, in (0, 1). Default 0.1.
 * @throws INTERNAL when the shapes disagree; USAGE for an alpha outside (0, 1).
 */
export function fitConformal(target: Target, predictions: Float64Array, alpha = 0.1): Conformal {
  checkAlpha(alpha)
  if (target.task === 'classification') {
    const nClasses = target.classes.length
    checkLength(predictions, target.codes.length * nClasses)
    const scores = Float64Array.from(target.codes, (code, row) => 1 - predictions[row * nClasses + code]!)
    const { threshold, nRows } = conformalQuantile(scores, alpha)
    return { task: 'classification', alpha, nRows, threshold: threshold ?? 1 }
  }
  checkLength(predictions, target.values.length)
  const residuals = target.values.map((value, row) => Math.abs(value - predictions[row]!))
  const { threshold, nRows } = conformalQuantile(residuals, alpha)
  return { task: 'regression', alpha, nRows, halfWidth: threshold }
}

/**
 * The classes that the answer holds, most probable first: those with 1 - p within the threshold, and always the most
 * probable one, so that no set is empty.
 * @param probabilities Of one row, shape (nClasses).
 * @returns Codes of the classes.
 */
export function predictionSet(probabilities: ArrayLike<number>, threshold: number): number[] {
  const nClasses = probabilities.length
  let best = 0
  for (let c = 1; c < nClasses; c++) if (probabilities[c]! > probabilities[best]!) best = c
  const set: number[] = []
  for (let c = 0; c < nClasses; c++) if (c === best || 1 - probabilities[c]! <= threshold) set.push(c)
  // Most sets hold one class, and nothing is to be sorted.
  return set.length < 2 ? set : set.sort((a, b) => probabilities[b]! - probabilities[a]! || a - b)
}

/** Bounds of a predicted value, or null where there were too few rows for any promise. */
export function predictionInterval(value: number, halfWidth: number | null): readonly [number, number] | null {
  return halfWidth === null ? null : [value - halfWidth, value + halfWidth]
}
