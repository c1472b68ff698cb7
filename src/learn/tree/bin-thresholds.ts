/**
 * Where a column's values are cut into bins, by the rules of scikit-learn's HistGradientBoosting (1.9): up to `maxBins`
 * distinct values get a bin each, cut halfway between neighbours; more are cut at the percentiles k / maxBins
 * (`averaged_inverted_cdf`), a repeated cut once. A value x lies in bin i iff thresholds[i-1] < x <= thresholds[i].
 * Infinities are very large numbers: no cut is infinite, and none falls on the wrong side of its values by rounding.
 * @param values Ascending, without NaN; shape (n).
 * @param weights Weight of each value, above 0, shape (n); null counts each once. A whole weight acts as that many rows.
 * @param maxBins 2 or more.
 * @returns Strictly ascending, shape (nBins - 1); empty for fewer than two distinct values.
 */
export function binThresholds(values: Float64Array, weights: Float64Array | null, maxBins: number): Float64Array {
  const nDistinct = countDistinct(values)
  if (nDistinct < 2) return new Float64Array(0)
  return nDistinct <= maxBins ? midpoints(values, nDistinct) : percentileCuts(values, weights, maxBins)
}

/** @param values Ascending, without NaN. */
export function countDistinct(values: Float64Array): number {
  let n = values.length === 0 ? 0 : 1
  for (let i = 1; i < values.length; i++) if (values[i]! !== values[i - 1]!) n++
  return n
}

function midpoints(values: Float64Array, nDistinct: number): Float64Array {
  const cuts = new Float64Array(nDistinct - 1)
  let k = 0
  for (let i = 1; i < values.length; i++) {
    if (values[i]! !== values[i - 1]!) cuts[k++] = halfway(values[i - 1]!, values[i]!)
  }
  return cuts
}

/** A number t with a <= t < b, halfway where the arithmetic allows it. */
function halfway(a: number, b: number): number {
  const middle = a / 2 + b / 2
  return middle >= a && middle < b ? middle : a
}

function percentileCuts(values: Float64Array, weights: Float64Array | null, maxBins: number): Float64Array {
  const n = values.length
  let total = 0
  for (let i = 0; i < n; i++) total += weights ? weights[i]! : 1
  const cuts: number[] = []
  let i = 0
  let upTo = weights ? weights[0]! : 1
  for (let k = 1; k < maxBins; k++) {
    // Compared after multiplying: exact for whole weights, where dividing would not be.
    while (i < n - 1 && upTo * maxBins < total * k) {
      i++
      upTo += weights ? weights[i]! : 1
    }
    const a = values[i]!
    const b = values[Math.min(i + 1, n - 1)]!
    const cut = upTo * maxBins === total * k && b > a ? halfway(a, b) : a
    const last = cuts.length > 0 ? cuts[cuts.length - 1]! : Number.NEGATIVE_INFINITY
    // Nothing lies above the largest value: a cut there would leave an empty bin.
    if ((cuts.length === 0 || cut > last) && cut < values[n - 1]!) cuts.push(cut)
  }
  return Float64Array.from(cuts)
}
