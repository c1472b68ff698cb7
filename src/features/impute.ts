import { quantileSorted } from '../table/quantile.ts'
import { meanAndVariance } from './mean-and-variance.ts'

export type NumericImputeMethod = 'mean' | 'median' | 'none' | 'constant'

/**
 * The number that stands in for missing ones, as scikit-learn's `SimpleImputer`; null where they stay missing.
 * @param sorted Values of the training rows without missing ones, ascending, at least one.
 */
export function fitImpute(sorted: Float64Array, method: NumericImputeMethod, constant: number): number | null {
  switch (method) {
    case 'none':
      return null
    case 'constant':
      return constant + 0
    case 'mean':
      return meanAndVariance(sorted).mean + 0
    case 'median':
      return quantileSorted(sorted, 0.5) + 0
  }
}

/** Puts `value` in the place of NaN in `data` from `begin` to `end`. */
export function applyImpute(value: number, data: Float64Array, begin: number, end: number): void {
  for (let i = begin; i < end; i++) if (Number.isNaN(data[i])) data[i] = value
}

/** The most frequent category; of several the first, which is scikit-learn's smallest where categories are sorted. -1 without any. */
export function mostFrequent(counts: ArrayLike<number>): number {
  let best = -1
  for (let i = 0; i < counts.length; i++) if (counts[i]! > 0 && (best < 0 || counts[i]! > counts[best]!)) best = i
  return best
}
