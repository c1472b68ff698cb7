/** Shares of a sum: not negative, sum 1; all 0 where the sum is. */
export function shares(gains: Float64Array): Float64Array {
  let sum = 0
  for (const gain of gains) sum += gain
  return sum > 0 ? gains.map((gain) => gain / sum) : new Float64Array(gains.length)
}
