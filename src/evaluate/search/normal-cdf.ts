/** Beyond so many deviations what is left of the normal distribution is less than a float64 can add to 1. */
const NOTHING_LEFT = 8.5

/**
 * The standard normal distribution's probability of a value up to z, within 1e-15.
 *   Φ(z) = 1/2 + φ(z) (z + z³/3 + z⁵/(3·5) + ...)
 * All terms have one sign, so that none cancels another.
 * @see Marsaglia (2004), Evaluating the Normal Distribution, https://doi.org/10.18637/jss.v011.i04
 */
export function normalCdf(z: number): number {
  if (z > NOTHING_LEFT) return 1
  if (z < -NOTHING_LEFT) return 0
  let sum = z
  let term = z
  for (let n = 3, before = 0; sum !== before; n += 2) {
    before = sum
    term *= (z * z) / n
    sum += term
  }
  return 0.5 + (sum * Math.exp(-0.5 * z * z)) / Math.sqrt(2 * Math.PI)
}
