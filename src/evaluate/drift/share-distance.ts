import { BellwetherError } from '../../errors.ts'

/** Stands for a share of 0, whose logarithm there is none of; as Evidently has it. */
export const SMALLEST_SHARE = 0.0001

/**
 * Population stability index: how far the current window's shares moved from the reference's.
 *   PSI = Σ (cᵢ − rᵢ) · ln(cᵢ / rᵢ)      in nats; 0 when equal, no upper bound
 * An empty bin counts as a share of 0.0001. Below 0.1 is commonly read as no change, above 0.25 as a large one.
 * @param reference Share of the reference window in each bin, shape (nBins); sum 1.
 * @param current   Share of the current window in the same bins.
 * @throws INTERNAL when the two have different lengths.
 * @see Yurdakul (2018), https://scholarworks.wmich.edu/dissertations/3208
 */
export function populationStabilityIndex(reference: Float64Array, current: Float64Array): number {
  requireSameBins(reference, current)
  let sum = 0
  for (let i = 0; i < reference.length; i++) {
    const r = Math.max(reference[i]!, SMALLEST_SHARE)
    const c = Math.max(current[i]!, SMALLEST_SHARE)
    sum += (c - r) * Math.log(c / r)
  }
  return sum
}

/**
 * Jensen–Shannon distance: the square root of the divergence of two distributions from their mean.
 *   JS = √(½ Σ rᵢ ln(rᵢ/mᵢ) + ½ Σ cᵢ ln(cᵢ/mᵢ)),  mᵢ = ½ (rᵢ + cᵢ)      natural logarithm; from 0 to √ln 2 = 0.8326
 * scipy's `jensenshannon` and Evidently's; NannyML takes the logarithm to base 2, which makes it 1.2011 times as large.
 * @param reference Share of the reference window in each bin, shape (nBins); sum 1. Bins may be empty.
 * @param current   Share of the current window in the same bins.
 * @throws INTERNAL when the two have different lengths.
 * @see Lin (1991), Divergence measures based on the Shannon entropy; Endres and Schindelin (2003) on its root, a metric.
 */
export function jensenShannonDistance(reference: Float64Array, current: Float64Array): number {
  requireSameBins(reference, current)
  let sum = 0
  for (let i = 0; i < reference.length; i++) {
    const r = reference[i]!
    const c = current[i]!
    const mean = (r + c) / 2
    if (r > 0) sum += r * Math.log(r / mean)
    if (c > 0) sum += c * Math.log(c / mean)
  }
  // Rounding may leave a little below 0 where the two are equal.
  return Math.sqrt(Math.max(0, sum / 2))
}

function requireSameBins(reference: Float64Array, current: Float64Array): void {
  if (reference.length !== current.length)
    throw new BellwetherError(
      'INTERNAL',
      `There are ${reference.length} bins and ${current.length}; expected the same.`,
    )
}
