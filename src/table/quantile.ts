/**
 * The value below which the share `q` of a sorted array lies, between two values by straight line, as numpy's `linear`:
 *   h = (n - 1) q,  result = x[floor h] + (h - floor h) (x[floor h + 1] - x[floor h])
 * @param sorted Ascending, without NaN; shape (n).
 * @param q In [0, 1].
 * @returns NaN when the array is empty.
 */
export function quantileSorted(sorted: ArrayLike<number>, q: number): number {
  const n = sorted.length
  if (n === 0) return Number.NaN
  const position = (n - 1) * q
  const below = Math.min(Math.max(Math.floor(position), 0), n - 1)
  const a = sorted[below]!
  const b = sorted[Math.min(below + 1, n - 1)]!
  if (a === b) return a
  const weight = position - below
  if (weight === 0) return a
  // The ends of a double's range are farther apart than a double reaches.
  if (!Number.isFinite(b - a)) return a * (1 - weight) + b * weight
  // As numpy: from the nearer end, so that weight 1 gives b to the last bit.
  return weight >= 0.5 ? b - (b - a) * (1 - weight) : a + (b - a) * weight
}

/** The values that are not NaN, ascending; a new array. */
export function sortedWithoutNaN(values: ArrayLike<number>): Float64Array {
  const kept = new Float64Array(values.length)
  let n = 0
  for (let i = 0; i < values.length; i++) {
    const value = values[i]!
    if (!Number.isNaN(value)) kept[n++] = value
  }
  return kept.subarray(0, n).sort()
}

/**
 * `numpy.nanquantile(values, q)` with linear interpolation: NaN is left out. For several quantiles of the same values,
 * sort once with `sortedWithoutNaN` and use `quantileSorted`.
 * @param q In [0, 1].
 * @returns NaN when there is no value.
 */
export function quantile(values: ArrayLike<number>, q: number): number {
  return quantileSorted(sortedWithoutNaN(values), q)
}

/** `numpy.nanpercentile(values, p)`: the quantile p / 100. */
export function percentile(values: ArrayLike<number>, p: number): number {
  return quantile(values, p / 100)
}

/** The middle value, or the mean of the middle two; NaN is left out. */
export function median(values: ArrayLike<number>): number {
  return quantile(values, 0.5)
}
