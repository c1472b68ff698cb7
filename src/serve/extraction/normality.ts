/**
 * How normally numbers are distributed: the squared correlation of the sorted numbers with the scores that a normal sample would have,
 *   W' = (Σ mᵢ x₍ᵢ₎)² / (Σ mᵢ² · Σ (xᵢ − x̄)²),   mᵢ = Φ⁻¹((i − 3/8) / (n + 1/4))   (Blom's scores)
 * 1 for a straight line, smaller the farther from normal. Numbers farther than three standard deviations from their mean are left out first, as
 * PRADA does.
 * @param values Shape (n); left as it is.
 * @returns 1 where all are the same, or fewer than 8 are left
 * @see Shapiro and Francia (1972), https://doi.org/10.1080/01621459.1972.10481232
 */
export function normality(values: Float64Array): number {
  const all = moments(values)
  const kept = values.filter((value) => Math.abs(value - all.mean) <= 3 * all.deviation).sort()
  const n = kept.length
  const { mean, squares } = moments(kept)
  if (n < 8 || squares <= 1e-24 * Math.max(1, mean * mean)) return 1
  let products = 0
  let scores = 0
  for (let i = 0; i < n; i++) {
    const score = normalQuantile((i + 1 - 0.375) / (n + 0.25))
    products += score * kept[i]!
    scores += score * score
  }
  return (products * products) / (scores * squares)
}

function moments(values: Float64Array): { mean: number; squares: number; deviation: number } {
  let sum = 0
  for (const value of values) sum += value
  const mean = sum / values.length
  let squares = 0
  for (const value of values) squares += (value - mean) ** 2
  return { mean, squares, deviation: Math.sqrt(squares / Math.max(1, values.length - 1)) }
}

const TAIL = 0.02425
const A = [
  -39.69683028665376, 220.9460984245205, -275.9285104469687, 138.357751867269, -30.66479806614716, 2.506628277459239,
]
const B = [-54.47609879822406, 161.5858368580409, -155.6989798598866, 66.80131188771972, -13.28068155288572, 1]
const C = [
  -0.007784894002430293, -0.3223964580411365, -2.400758277161838, -2.549732539343734, 4.374664141464968,
  2.938163982698783,
]
const D = [0.007784695709041462, 0.3224671290700398, 2.445134137142996, 3.754408661907416, 1]

/**
 * The number below which a standard normal one lies with probability p, to a relative error of 1.15e-9.
 * @param p Strictly between 0 and 1.
 * @see Acklam (2003), An algorithm for computing the inverse normal cumulative distribution function
 */
export function normalQuantile(p: number): number {
  if (p > 1 - TAIL) return -normalQuantile(1 - p)
  if (p < TAIL) {
    const q = Math.sqrt(-2 * Math.log(p))
    return polynomial(C, q) / polynomial(D, q)
  }
  const q = p - 0.5
  return (polynomial(A, q * q) * q) / polynomial(B, q * q)
}

/** Coefficients from the highest power down. */
function polynomial(coefficients: readonly number[], x: number): number {
  let sum = 0
  for (const coefficient of coefficients) sum = sum * x + coefficient
  return sum
}
