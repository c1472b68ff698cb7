import type { RandomState } from '../../table/random.ts'
import { type ClusterRows, squaredDistance } from './cluster-rows.ts'

/**
 * Starting points for k-means: each next one is drawn with a chance proportional to weight times squared distance to the nearest
 * one so far; of 2 + floor(ln nClusters) draws the one that lowers the sum most is kept. Draws are scikit-learn's, so that
 * equal seeds start from the same rows.
 * @returns Rows, shape (nClusters).
 * @see Arthur and Vassilvitskii (2007), https://dl.acm.org/doi/10.5555/1283383.1283494
 */
export function kMeansPlusPlus(rows: ClusterRows, nClusters: number, random: RandomState): Uint32Array {
  const { nRows, weights } = rows
  const nDraws = 2 + Math.floor(Math.log(nClusters))
  const chosen = new Uint32Array(nClusters)
  const cumulative = new Float64Array(nRows)
  chosen[0] = drawByWeight(weights, cumulative, random)
  let nearest = distancesTo(rows, chosen[0]!, null)
  for (let cluster = 1; cluster < nClusters; cluster++) {
    let total = 0
    for (let row = 0; row < nRows; row++) {
      total += weights[row]! * nearest[row]!
      cumulative[row] = total
    }
    // All draws come before any is tried, as numpy's one call for all.
    const draws = Array.from({ length: nDraws }, () => firstAtLeast(cumulative, random.random() * total))
    let least = Number.POSITIVE_INFINITY
    let kept = nearest
    for (const candidate of draws) {
      const distances = distancesTo(rows, candidate, nearest)
      let potential = 0
      for (let row = 0; row < nRows; row++) potential += weights[row]! * distances[row]!
      if (potential < least) {
        least = potential
        kept = distances
        chosen[cluster] = candidate
      }
    }
    nearest = kept
  }
  return chosen
}

/** As numpy's `choice(nRows, p=weights / sum(weights))`; `cumulative` (nRows) is scratch. */
function drawByWeight(weights: Float64Array, cumulative: Float64Array, random: RandomState): number {
  let sum = 0
  for (const weight of weights) sum += weight
  let total = 0
  for (let row = 0; row < weights.length; row++) {
    total += weights[row]! / sum
    cumulative[row] = total
  }
  const at = random.random() * total
  // The first sum above the draw, not equal to it: a row of weight 0 is never drawn.
  let low = 0
  let high = cumulative.length - 1
  while (low < high) {
    const middle = (low + high) >>> 1
    if (cumulative[middle]! > at) high = middle
    else low = middle + 1
  }
  return low
}

/** The first position whose sum is `at` or more. */
function firstAtLeast(cumulative: Float64Array, at: number): number {
  let low = 0
  let high = cumulative.length - 1
  while (low < high) {
    const middle = (low + high) >>> 1
    if (cumulative[middle]! >= at) high = middle
    else low = middle + 1
  }
  return low
}

/** Squared distance of each row to one of them, or to the nearest so far where that is less; shape (nRows). */
function distancesTo({ nRows, nColumns, values }: ClusterRows, center: number, nearest: Float64Array | null) {
  const distances = new Float64Array(nRows)
  for (let row = 0; row < nRows; row++) {
    const distance = squaredDistance(values, row, values, center, nColumns)
    distances[row] = nearest ? Math.min(distance, nearest[row]!) : distance
  }
  return distances
}
