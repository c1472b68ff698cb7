import { BellwetherError } from '../../errors.ts'
import { balancedWeights } from '../../table/balanced-weights.ts'
import type { AnyMatrix } from '../../table/sparse-matrix.ts'
import { fitWeights, refuseNonFinite, throwIfCancelled } from '../check-fit-input.ts'
import type { FitInput } from '../estimator.ts'

/** The rows of a classification as logistic regression learns from them. */
export interface LogisticRows {
  readonly nClasses: number
  /** Weights as given, shape (nRows). */
  readonly weights: Float64Array
  /** After balancing, of sum 1; shape (nRows). */
  readonly rowWeights: Float64Array
  /** Sum of the weights after balancing. */
  readonly total: number
  /** Classes that have rows of weight above 0, ascending, at least two. */
  readonly present: Int32Array
  /** Index among the present classes of each row's, shape (nRows); 0 for a class without weight, whose rows count for nothing. */
  readonly codes: Int32Array
}

/**
 * @param title Who asks, for messages.
 * @throws ESTIMATOR_TASK_MISMATCH, FIT_ONE_CLASS, MATRIX_NOT_FINITE, CANCELLED, and as `fitWeights`
 */
export function logisticRows(input: FitInput<AnyMatrix>, classWeight: 'balanced' | null, title: string): LogisticRows {
  const { x, target, signal } = input
  if (target.task !== 'classification') {
    throw new BellwetherError('ESTIMATOR_TASK_MISMATCH', `${title} predicts classes, not numbers.`)
  }
  throwIfCancelled(signal)
  const weights = fitWeights(input)
  refuseNonFinite(x, title)
  const nClasses = target.classes.length
  const classTotals = new Float64Array(nClasses)
  for (let row = 0; row < x.nRows; row++) classTotals[target.codes[row]!]! += weights[row]!
  const present = Int32Array.from(classTotals.keys()).filter((code) => classTotals[code]! > 0)
  if (present.length < 2) {
    throw new BellwetherError(
      'FIT_ONE_CLASS',
      `${title} needs rows of at least 2 classes; all rows with a weight are of class "${target.classes[present[0]!]}".`,
    )
  }
  const balanced = classWeight === 'balanced' ? balancedWeights(target.codes, nClasses, weights) : weights
  const total = balanced.reduce((sum, weight) => sum + weight, 0)
  const position = new Int32Array(nClasses)
  for (const [index, code] of present.entries()) position[code] = index
  return {
    nClasses,
    weights,
    rowWeights: balanced.map((weight) => weight / total),
    total,
    present,
    codes: target.codes.map((code) => position[code]!),
  }
}
