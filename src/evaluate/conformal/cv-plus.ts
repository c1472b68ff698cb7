import { BellwetherError } from '../../errors.ts'
import { readState } from '../../learn/read-state.ts'
import type { State } from '../../table/state.ts'
import type { RegressionTarget } from '../metrics/regression-view.ts'
import type { Fold } from '../splits/fold.ts'
import { checkAlpha, checkLength } from './conformal-quantile.ts'

/**
 * CV+ intervals: what the models of the folds say of a new row, each moved by its own out-of-fold errors. Proven to hold the
 * truth with probability of at least 1 - 2 alpha - (at most √(2 / n)), and about 1 - alpha in practice, where a half width around
 * the model of all rows (`fitConformal`) is proven for nothing. Needs the models of all folds to answer.
 */
export interface CvPlus {
  readonly task: 'regression'
  readonly method: 'cv+'
  readonly alpha: number
  /** Rows that were predicted out of fold. */
  readonly nRows: number
  /** |true - predicted| of the rows that each fold validates, ascending; one array a fold. */
  readonly residuals: readonly Float64Array[]
}

/**
 * @param outOfFold Each row's prediction by the model that was fitted without it, shape (nRows); rows of NaN are left out.
 * @param folds The models' folds, in the order in which their predictions will be given to `cvPlusInterval`; no two validate one row.
 * @param alpha In (0, 0.5): above a half the bounds could cross. Default 0.1.
 * @throws INTERNAL when the shapes disagree; USAGE for another alpha.
 * @see Barber, Candès, Ramdas and Tibshirani (2021), https://doi.org/10.1214/20-AOS1965
 */
export function fitCvPlus(
  target: RegressionTarget,
  outOfFold: Float64Array,
  folds: readonly Fold[],
  alpha = 0.1,
): CvPlus {
  checkAlpha(alpha, 0.5)
  checkLength(outOfFold, target.values.length)
  const residuals = folds.map(({ validation }) =>
    Float64Array.from(validation, (row) => Math.abs(target.values[row]! - outOfFold[row]!))
      .filter((residual) => !Number.isNaN(residual))
      .sort(),
  )
  const nRows = residuals.reduce((sum, own) => sum + own.length, 0)
  return { task: 'regression', method: 'cv+', alpha, nRows, residuals }
}

/**
 * With n rows i, each predicted by the model of its fold with residual R_i, and m = ⌊alpha (n + 1)⌋:
 *   low  = the m-th smallest of (that model's prediction for the new row) - R_i
 *   high = the m-th largest of  (that model's prediction for the new row) + R_i
 * @param predictions For the new row by the model of each fold, shape (nFolds).
 * @returns null where there are too few rows for any promise (m = 0).
 * @throws INTERNAL when there are not as many predictions as folds.
 */
export function cvPlusInterval(
  predictions: ArrayLike<number>,
  { alpha, nRows, residuals }: CvPlus,
): readonly [number, number] | null {
  if (predictions.length !== residuals.length) {
    const message = `Expected the predictions of ${residuals.length} models, one a fold, came ${predictions.length}.`
    throw new BellwetherError('INTERNAL', message)
  }
  const m = Math.floor(alpha * (nRows + 1) + 1e-9)
  if (m === 0) return null
  return [-outermost(predictions, residuals, m, -1), outermost(predictions, residuals, m, 1)]
}

/** The m-th largest of sign * prediction + residual: the folds' residuals, sorted already, are merged from their ends. */
function outermost(
  predictions: ArrayLike<number>,
  residuals: readonly Float64Array[],
  m: number,
  sign: 1 | -1,
): number {
  const left = residuals.map((own) => own.length)
  let value = Number.NaN
  for (let taken = 0; taken < m; taken++) {
    let from = -1
    let largest = Number.NEGATIVE_INFINITY
    for (const [fold, own] of residuals.entries()) {
      if (left[fold] === 0) continue
      const candidate = sign * predictions[fold]! + own[left[fold]! - 1]!
      // A model without an answer makes the whole answer none.
      if (Number.isNaN(candidate)) return candidate
      if (from >= 0 && candidate <= largest) continue
      from = fold
      largest = candidate
    }
    left[from]!--
    value = largest
  }
  return value
}

export function cvPlusState({ method, alpha, residuals }: CvPlus): State {
  return { method, alpha, residuals }
}

/** @throws MODEL_STATE_INVALID */
export function restoreCvPlus(state: State): CvPlus {
  const reader = readState(state, 'cv+')
  const alpha = reader.number('alpha')
  if (!(alpha > 0 && alpha < 0.5)) reader.fail('alpha', 'between 0 and 0.5')
  const residuals = reader.raw('residuals')
  if (!Array.isArray(residuals) || !residuals.every(isAscending)) {
    return reader.fail('residuals', 'a list of Float64Arrays that do not fall, from 0 on')
  }
  const nRows = residuals.reduce((sum: number, own: Float64Array) => sum + own.length, 0)
  return { task: 'regression', method: 'cv+', alpha, nRows, residuals }
}

function isAscending(state: State): state is Float64Array {
  return state instanceof Float64Array && state.every((value, i) => value >= (i === 0 ? 0 : state[i - 1]!))
}
