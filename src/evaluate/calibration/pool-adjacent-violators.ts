/**
 * The rising values nearest to given ones: minimises Σ w (x - y)² over x[0] ≤ x[1] ≤ …. Neighbours that fall, or are equal,
 * are pooled into their weighted mean until none is left.
 * @param y shape (n)
 * @param weights shape (n), above 0
 * @returns shape (n)
 * @see Best and Chakravarti (1990), https://doi.org/10.1007/BF01580873
 */
export function poolAdjacentViolators(y: Float64Array, weights: Float64Array): Float64Array {
  const n = y.length
  // Blocks of pooled neighbours so far: their value, weight, and the index after their last value.
  const values = new Float64Array(n)
  const masses = new Float64Array(n)
  const ends = new Uint32Array(n)
  let blocks = 0
  for (let i = 0; i < n; i++) {
    let value = y[i]!
    let mass = weights[i]!
    while (blocks > 0 && values[blocks - 1]! >= value) {
      blocks--
      const together = masses[blocks]! + mass
      value = (masses[blocks]! * values[blocks]! + mass * value) / together
      mass = together
    }
    values[blocks] = value
    masses[blocks] = mass
    ends[blocks] = i + 1
    blocks++
  }
  const result = new Float64Array(n)
  for (let block = 0, from = 0; block < blocks; block++) {
    result.fill(values[block]!, from, ends[block])
    from = ends[block]!
  }
  return result
}
