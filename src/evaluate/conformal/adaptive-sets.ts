import type { ClassificationTarget } from '../metrics/classification-view.ts'
import { classesByProbability } from './by-probability.ts'
import { checkAlpha, checkLength, conformalQuantile } from './conformal-quantile.ts'

/**
 * Sets that grow with doubt (adaptive prediction sets, APS): classes are taken in the order of their probability until these add
 * up to a threshold. A row that the model finds hard gets a larger set, so that the promise is kept more evenly over easy and
 * hard rows; on average the sets are somewhat larger than those of `fitConformal`.
 */
export interface AdaptiveSets {
  readonly task: 'classification'
  readonly method: 'adaptive'
  readonly alpha: number
  readonly nRows: number
  /** A class is in the set when the probabilities down to it, it included, add up to at most this; 1 puts all in. */
  readonly threshold: number
}

/**
 * The score of a row is what the probabilities add up to, from the largest down to the true class, which is included wholly:
 * nothing is drawn, so that equal records have equal answers, at the price of holding the truth a little more often than promised.
 * @param predictions Out-of-fold probabilities, shape (nRows * nClasses) row-major; rows of NaN are left out.
 * @throws INTERNAL when the shapes disagree; USAGE for an alpha outside (0, 1).
 * @see Romano, Sesia and Candès (2020), https://arxiv.org/abs/2006.02544
 */
export function fitAdaptiveSets(target: ClassificationTarget, predictions: Float64Array, alpha = 0.1): AdaptiveSets {
  checkAlpha(alpha)
  const nClasses = target.classes.length
  checkLength(predictions, target.codes.length * nClasses)
  const scores = Float64Array.from(target.codes, (code, row) => {
    const own = predictions.subarray(row * nClasses, (row + 1) * nClasses)
    if (own.some(Number.isNaN)) return Number.NaN
    const order = classesByProbability(own)
    return cumulated(own, order)[order.indexOf(code)]!
  })
  const { threshold, nRows } = conformalQuantile(scores, alpha)
  return { task: 'classification', method: 'adaptive', alpha, nRows, threshold: threshold ?? 1 }
}

/**
 * The classes that the answer holds, most probable first; always the most probable one, so that no set is empty.
 * @param probabilities Of one row, shape (nClasses).
 */
export function adaptiveSet(probabilities: ArrayLike<number>, threshold: number): number[] {
  const order = classesByProbability(probabilities)
  const sums = cumulated(probabilities, order)
  return order.filter((_, rank) => rank === 0 || sums[rank]! <= threshold)
}

/** What the probabilities add up to down to each rank: at most 1, and 1 at the last, whatever rounding says. */
function cumulated(probabilities: ArrayLike<number>, order: readonly number[]): number[] {
  let sum = 0
  return order.map((c, rank) => {
    sum += probabilities[c]!
    return rank === order.length - 1 ? 1 : Math.min(sum, 1)
  })
}
