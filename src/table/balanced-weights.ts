/**
 * Multiplies weights so that every class weighs the same in sum and the total stays: scikit-learn's "balanced",
 *   w_i * W / (K * W_class(i))      W the sum of weights, W_c that of class c, K the number of classes with any weight
 * With weights given, they count as rows do: a row of weight 2 acts as two rows.
 * @param codes Class of each row, shape (nRows).
 * @param weights Not negative, shape (nRows); left as they are. All 1 when left out, so that a row's is n / (K * n_class(i)).
 * @returns shape (nRows)
 */
export function balancedWeights(
  codes: Int32Array,
  nClasses: number,
  weights: Float64Array = new Float64Array(codes.length).fill(1),
): Float64Array {
  const byClass = new Float64Array(nClasses)
  let total = 0
  for (let row = 0; row < codes.length; row++) {
    byClass[codes[row]!]! += weights[row]!
    total += weights[row]!
  }
  const present = byClass.reduce((n, weight) => n + (weight > 0 ? 1 : 0), 0)
  const factor = byClass.map((weight) => (weight > 0 ? total / (present * weight) : 0))
  return weights.map((weight, row) => weight * factor[codes[row]!]!)
}
