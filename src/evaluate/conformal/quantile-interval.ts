import type { RegressionTarget } from '../metrics/regression-view.ts'
import { checkAlpha, checkLength, conformalQuantile } from './conformal-quantile.ts'

/**
 * Intervals from two models, of a low and a high quantile, moved outwards or inwards so that they keep their promise
 * (conformalised quantile regression, CQR). Unlike one half width for all they are wide where the target scatters and narrow
 * where it does not.
 */
export interface QuantileInterval {
  readonly task: 'regression'
  readonly method: 'quantile'
  readonly alpha: number
  readonly nRows: number
  /** Both bounds are moved outwards by this, inwards where it is negative; null where there are too few rows for any promise. */
  readonly margin: number | null
}

/**
 * The score of a row is how far its value lies outside of its bounds, negative inside: max(low - y, y - high).
 * @param low  Out-of-fold predictions of the quantile alpha / 2, shape (nRows); rows with NaN in either are left out.
 * @param high Those of the quantile 1 - alpha / 2. Where the two cross they are changed over.
 * @throws INTERNAL when the shapes disagree; USAGE for an alpha outside (0, 1).
 * @see Romano, Patterson and Candès (2019), https://arxiv.org/abs/1905.03222
 */
export function fitQuantileInterval(
  target: RegressionTarget,
  low: Float64Array,
  high: Float64Array,
  alpha = 0.1,
): QuantileInterval {
  checkAlpha(alpha)
  checkLength(low, target.values.length)
  checkLength(high, target.values.length)
  const scores = target.values.map((value, row) => {
    const [below, above] = inOrder(low[row]!, high[row]!)
    return Math.max(below - value, value - above)
  })
  const { threshold, nRows } = conformalQuantile(scores, alpha)
  return { task: 'regression', method: 'quantile', alpha, nRows, margin: threshold }
}

/**
 * @param low Prediction of the low quantile for one row, `high` that of the high one.
 * @returns The bounds; where moving inwards makes them cross, twice their middle. null where there were too few rows.
 */
export function quantileInterval(
  low: number,
  high: number,
  { margin }: Pick<QuantileInterval, 'margin'>,
): readonly [number, number] | null {
  if (margin === null) return null
  const [below, above] = inOrder(low, high)
  const from = below - margin
  const to = above + margin
  if (from <= to || Number.isNaN(from) || Number.isNaN(to)) return [from, to]
  const middle = below + (above - below) / 2
  return [middle, middle]
}

function inOrder(low: number, high: number): readonly [number, number] {
  return low > high ? [high, low] : [low, high]
}
