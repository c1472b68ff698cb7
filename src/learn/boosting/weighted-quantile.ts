/**
 * The value at or below which a share of the weight lies, by numpy's `averaged_inverted_cdf`: where the share falls between
 * two values, their mean. A whole weight acts as that many equal values; of equal weights and a share of 1/2 it is the median.
 * @param values Shape (n), n at least 1; no NaN.
 * @param weights Above 0, shape (n).
 * @param share From 0 to 1.
 */
export function weightedQuantile(values: Float64Array, weights: Float64Array, share: number): number {
  const order = Uint32Array.from(values, (_, i) => i).sort((a, b) => values[a]! - values[b]! || a - b)
  let total = 0
  for (const weight of weights) total += weight
  const wanted = share * total
  // Sums of weights are rounded; a share that falls on a border by arithmetic is taken to be there.
  const slack = 1e-12 * total
  let upTo = 0
  for (let i = 0; i < order.length; i++) {
    upTo += weights[order[i]!]!
    if (upTo < wanted - slack) continue
    const value = values[order[i]!]!
    const atBorder = Math.abs(upTo - wanted) <= slack && i + 1 < order.length
    return atBorder ? value + (values[order[i + 1]!]! - value) / 2 : value
  }
  return values[order[order.length - 1]!]!
}
