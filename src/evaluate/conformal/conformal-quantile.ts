import { BellwetherError } from '../../errors.ts'

/** @throws USAGE unless alpha lies between 0 and `most`. */
export function checkAlpha(alpha: number, most = 1): void {
  if (alpha > 0 && alpha < most) return
  throw new BellwetherError('USAGE', `Conformal answers expect an alpha between 0 and ${most}, not ${alpha}.`)
}

/**
 * Which of n sorted scores is the threshold, from 1: k = ⌈(n + 1)(1 - alpha)⌉. Above n there are too few for any promise.
 * A score drawn like them is at most the k-th smallest with probability of at least 1 - alpha.
 */
export function conformalRank(n: number, alpha: number): number {
  // The small number keeps 20 * 0.95 = 19.000000000000004 from becoming 20.
  return Math.ceil((n + 1) * (1 - alpha) - 1e-9)
}

/** The k-th smallest score, k = ⌈(n + 1)(1 - alpha)⌉; null when k > n. NaN is left out. */
export function conformalQuantile(
  scores: Float64Array,
  alpha: number,
): { readonly threshold: number | null; readonly nRows: number } {
  const sorted = scores.filter((score) => !Number.isNaN(score)).sort()
  return { threshold: sorted[conformalRank(sorted.length, alpha) - 1] ?? null, nRows: sorted.length }
}

/** @throws INTERNAL when there are not as many predictions as expected. */
export function checkLength(predictions: Float64Array, expected: number): void {
  if (predictions.length === expected) return
  throw new BellwetherError('INTERNAL', `Expected ${expected} out-of-fold predictions, came ${predictions.length}.`)
}
