import { BellwetherError } from '../../errors.ts'
import type { State } from '../../table/state.ts'
import type { ClassificationTarget } from '../metrics/classification-view.ts'
import { checkedWeights } from '../metrics/score-all.ts'
import { predictedRows } from '../predicted-rows.ts'

export type CalibrationMethod = 'platt' | 'isotonic' | 'temperature'

/** What a calibrator learns from: what a model says of rows that it had not learnt from, and what they were. */
export interface CalibrationInput {
  readonly target: ClassificationTarget
  /** Out of fold, shape (nRows * nClasses) row-major; a row with NaN was not predicted, and is left out. */
  readonly probabilities: Float64Array
  /** Finite and not negative, shape (nRows); all 1 when left out. */
  readonly sampleWeight?: Float64Array
}

/** Turns a model's probabilities into ones that come true as often as they say. */
export interface FittedCalibrator {
  readonly method: CalibrationMethod
  readonly nClasses: number
  /**
   * A row's answer never depends on other rows, to the last bit. A row with NaN stays one.
   * @param probabilities shape (nRows * nClasses) row-major
   * @returns The same shape, a new array; each row sums to 1.
   * @throws INTERNAL when the length is no multiple of `nClasses`.
   */
  apply(probabilities: Float64Array): Float64Array
  state(): State
}

/** The rows that count, packed. */
export interface CalibrationRows {
  readonly nClasses: number
  /** shape (nRows) */
  readonly codes: Int32Array
  /** In [0, 1], shape (nRows * nClasses) row-major. */
  readonly probabilities: Float64Array
  /** Above 0, shape (nRows). */
  readonly weights: Float64Array
}

/** How far rounding may carry a probability out of [0, 1]. */
const ROUNDING = 1e-9

/**
 * Leaves out rows without a prediction and those that weigh nothing.
 * @throws OUT_OF_FOLD_MISSING when none is left; INTERNAL when shapes disagree, or a number is no probability.
 */
export function calibrationRows({ target, probabilities, sampleWeight }: CalibrationInput): CalibrationRows {
  const nClasses = target.classes.length
  const known = predictedRows(target.codes.length, nClasses, [probabilities])
  const all = checkedWeights(target, sampleWeight)
  const rows = all === null ? known : known.filter((row) => all[row]! > 0)
  if (rows.length === 0) {
    throw new BellwetherError('OUT_OF_FOLD_MISSING', 'Every row with an out-of-fold prediction has weight 0.')
  }
  const packed = new Float64Array(rows.length * nClasses)
  for (let i = 0; i < rows.length; i++) {
    for (let c = 0; c < nClasses; c++) {
      const p = probabilities[rows[i]! * nClasses + c]!
      if (!(p >= -ROUNDING && p <= 1 + ROUNDING)) {
        throw new BellwetherError('INTERNAL', `Expected probabilities between 0 and 1; row ${rows[i]} has ${p}.`)
      }
      packed[i * nClasses + c] = Math.min(Math.max(p, 0), 1)
    }
  }
  return {
    nClasses,
    codes: Int32Array.from(rows, (row) => target.codes[row]!),
    probabilities: packed,
    weights: Float64Array.from(rows, (row) => (all === null ? 1 : all[row]!)),
  }
}

/** @returns The number of rows. @throws INTERNAL unless the length is a multiple of `nClasses`. */
export function rowsOf(probabilities: Float64Array, nClasses: number): number {
  if (probabilities.length % nClasses === 0) return probabilities.length / nClasses
  const message = `Expected rows of ${nClasses} probabilities, came ${probabilities.length} numbers.`
  throw new BellwetherError('INTERNAL', message)
}
