import type { ClassificationTarget } from '../metrics/classification-view.ts'
import { classesByProbability } from './by-probability.ts'
import { checkAlpha, checkLength, conformalQuantile } from './conformal-quantile.ts'

/**
 * Sets with a promise for each class by itself (Mondrian): of the rows that are truly of a class, at least 1 - alpha have
 * it in their set. The promise over all rows can be kept by failing a rare class; this one can't.
 */
export interface ClassConditionalSets {
  readonly task: 'classification'
  readonly method: 'class-conditional'
  readonly alpha: number
  /** Rows of each class that it was made from, shape (nClasses). */
  readonly nRows: readonly number[]
  /** A class is in the set when 1 - its probability is at most its own; 1, so always, for a class with too few rows. Shape (nClasses). */
  readonly thresholds: readonly number[]
}

/**
 * The threshold of each class from its own rows alone, as `fitConformal` takes one from all. A class needs 1 / alpha - 1 rows
 * (9 at 0.1) for any promise.
 * @param predictions Out-of-fold probabilities, shape (nRows * nClasses) row-major; rows of NaN are left out.
 * @throws INTERNAL when the shapes disagree; USAGE for an alpha outside (0, 1).
 * @see Vovk, Lindsay, Nouretdinov and Gammerman (2003), Mondrian confidence machine
 */
export function fitClassConditional(
  target: ClassificationTarget,
  predictions: Float64Array,
  alpha = 0.1,
): ClassConditionalSets {
  checkAlpha(alpha)
  const nClasses = target.classes.length
  checkLength(predictions, target.codes.length * nClasses)
  const quantiles = target.classes.map((_, c) => {
    const scores = Float64Array.from(target.codes, (code, row) =>
      code === c ? 1 - predictions[row * nClasses + c]! : Number.NaN,
    )
    return conformalQuantile(scores, alpha)
  })
  return {
    task: 'classification',
    method: 'class-conditional',
    alpha,
    nRows: quantiles.map(({ nRows }) => nRows),
    thresholds: quantiles.map(({ threshold }) => threshold ?? 1),
  }
}

/**
 * The classes that the answer holds, most probable first; always the most probable one, so that no set is empty.
 * @param probabilities Of one row, shape (nClasses).
 */
export function classConditionalSet(probabilities: ArrayLike<number>, thresholds: readonly number[]): number[] {
  return classesByProbability(probabilities).filter((c, rank) => rank === 0 || 1 - probabilities[c]! <= thresholds[c]!)
}
