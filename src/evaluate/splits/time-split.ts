import { BellwetherError } from '../../errors.ts'
import type { Fold, Split } from './fold.ts'
import { checkFoldCount } from './k-fold.ts'
import { testCount } from './train-test-split.ts'

/**
 * The last rows in time are for the test, so that a model is judged on what came later. Rows of one moment stay on one
 * side: those that meet the cut go to the test, or, where nothing would be left to train on, to the training rows.
 * @param times Time of each row (any number that grows with time), shape (nRows).
 * @returns Both sides in the order of time.
 * @throws SPLIT_IMPOSSIBLE when a time is missing or all are the same.
 */
export function timeSplit(times: Float64Array, options: { readonly testSize: number }): Split {
  const order = timeOrder(times)
  let cut = times.length - testCount(times.length, options.testSize)
  const moment = times[order[cut]!]
  while (cut > 0 && times[order[cut - 1]!] === moment) cut--
  if (cut === 0) while (cut < order.length && times[order[cut]!] === moment) cut++
  if (cut === order.length) {
    throw new BellwetherError(
      'SPLIT_IMPOSSIBLE',
      `All ${times.length} rows have the same time; a split by time needs two moments.`,
    )
  }
  return { train: order.slice(0, cut), test: order.slice(cut) }
}

/**
 * Folds that validate on what comes after their training rows: scikit-learn's `TimeSeriesSplit(k)` over the rows in the
 * order of time. Each validates on n / (k + 1) rows; the training rows grow. As there, rows of one moment may be parted.
 * @throws FOLDS_TOO_MANY when there are no more rows than folds; SPLIT_IMPOSSIBLE when a time is missing.
 */
export function timeSeriesFolds(times: Float64Array, k: number): Fold[] {
  checkFoldCount(k)
  const n = times.length
  if (n < k + 1)
    throw new BellwetherError('FOLDS_TOO_MANY', `${k} folds by time need at least ${k + 1} rows; there are ${n}.`)
  const order = timeOrder(times)
  const size = Math.floor(n / (k + 1))
  return Array.from({ length: k }, (_, fold) => {
    const start = n - (k - fold) * size
    return { train: order.slice(0, start), validation: order.slice(start, start + size) }
  })
}

/** Row numbers in the order of time; rows of one moment in the file's order. */
function timeOrder(times: Float64Array): Uint32Array {
  const missing = times.reduce((count, time) => count + (Number.isNaN(time) ? 1 : 0), 0)
  if (missing > 0) {
    throw new BellwetherError(
      'SPLIT_IMPOSSIBLE',
      `The time is missing in ${missing} of ${times.length} rows; a split by time needs it in each.`,
      {
        hint: 'Fill or remove those rows, or name another column as `data.time`.',
      },
    )
  }
  return Uint32Array.from(times.keys()).sort((a, b) => times[a]! - times[b]! || a - b)
}
