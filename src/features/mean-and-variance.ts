/**
 * Mean and population variance (ddof 0) in two passes, the second corrected for the rounding of the mean, as scikit-learn does:
 *   var = (Σ (x - m)² - (Σ (x - m))² / n) / n
 * The mean's sum is compensated (Neumaier), so that it is right to the last bit or nearly. Values in ascending order make the result the same to the last bit, whatever order the rows came in.
 * @see Chan, Golub and LeVeque (1983), Algorithms for computing the sample variance.
 */
export function meanAndVariance(values: Float64Array): { readonly mean: number; readonly variance: number } {
  const n = values.length
  let sum = 0
  let lost = 0
  for (const value of values) {
    const next = sum + value
    lost += Math.abs(sum) >= Math.abs(value) ? sum - next + value : value - next + sum
    sum = next
  }
  const mean = (sum + lost) / n
  let correction = 0
  let squares = 0
  for (const value of values) {
    const difference = value - mean
    correction += difference
    squares += difference * difference
  }
  return { mean, variance: (squares - (correction * correction) / n) / n }
}
