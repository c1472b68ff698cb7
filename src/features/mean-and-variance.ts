/**
 * Mean and population variance (ddof 0) in two passes, the second corrected for the rounding of the mean, as scikit-learn does:
 *   var = (Σ (x - m)² - (Σ (x - m))² / n) / n
 * Values in ascending order make the result the same to the last bit, whatever order the rows came in.
 * @see Chan, Golub and LeVeque (1983), Algorithms for computing the sample variance.
 */
export function meanAndVariance(values: Float64Array): { readonly mean: number; readonly variance: number } {
  const n = values.length
  let sum = 0
  for (const value of values) sum += value
  const mean = sum / n
  let correction = 0
  let squares = 0
  for (const value of values) {
    const difference = value - mean
    correction += difference
    squares += difference * difference
  }
  return { mean, variance: (squares - (correction * correction) / n) / n }
}
