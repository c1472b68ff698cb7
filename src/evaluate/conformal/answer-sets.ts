import type { Target } from '../../table/target.ts'
import { type Conformal, fitConformal, predictionSet } from '../conformal.ts'
import { type AdaptiveSets, adaptiveSet, fitAdaptiveSets } from './adaptive-sets.ts'
import { type ClassConditionalSets, classConditionalSet, fitClassConditional } from './class-conditional.ts'

/** How sets of classes are made (the first three), or intervals of numbers (the first, of one half width, and the last two). */
export type ConformalMethod = 'split' | 'classConditional' | 'adaptive' | 'cvPlus' | 'quantile'

/** An interval that models of its own bound; they are with the model that answers (`AnsweringPipeline.bounds`). */
export interface BoundedInterval {
  readonly task: 'regression'
  readonly method: 'cvPlus' | 'quantile'
  readonly alpha: number
  readonly nRows: number
}

/** What a package keeps of the promise that its answers make. */
export type AnswerPromise = Conformal | ClassConditionalSets | AdaptiveSets | BoundedInterval

/**
 * Of what needs no models but those that answer: for numbers one half width, whatever the method.
 * @param predictions Out of fold, of all that answers (blended, calibrated); shape as for `fitConformal`.
 * @throws INTERNAL when the shapes disagree; USAGE for an alpha outside (0, 1).
 */
export function fitPromise(
  target: Target,
  predictions: Float64Array,
  { method, alpha }: { readonly method: ConformalMethod; readonly alpha: number },
): AnswerPromise {
  if (target.task === 'regression' || method === 'split') return fitConformal(target, predictions, alpha)
  return method === 'adaptive'
    ? fitAdaptiveSets(target, predictions, alpha)
    : fitClassConditional(target, predictions, alpha)
}

/**
 * Codes of the classes that the answer holds, most probable first.
 * @param probabilities Of one row, shape (nClasses).
 */
export function promisedSet(
  probabilities: ArrayLike<number>,
  promise: Extract<AnswerPromise, { task: 'classification' }>,
): number[] {
  if (!('method' in promise)) return predictionSet(probabilities, promise.threshold)
  return promise.method === 'adaptive'
    ? adaptiveSet(probabilities, promise.threshold)
    : classConditionalSet(probabilities, promise.thresholds)
}
