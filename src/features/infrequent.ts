export interface InfrequentOptions {
  /** 1 and above: fewest rows; below 1: smallest share of the rows. */
  readonly minFrequency: number
  /** Most columns or positions, the infrequent bucket counted. */
  readonly maxCategories: number
}

/**
 * Which categories share the infrequent bucket, as scikit-learn's encoders decide: first those with fewer rows than asked for; then, if
 * the frequent ones and the bucket are still more than `maxCategories`, the rarest of all, of equals the first in order.
 * @param counts Training rows of each category, in the order of the categories.
 * @param nRows  All training rows, missing ones counted.
 */
export function infrequentCategories(counts: readonly number[], nRows: number, options: InfrequentOptions): boolean[] {
  const fewest = options.minFrequency < 1 ? options.minFrequency * nRows : options.minFrequency
  const infrequent = counts.map((count) => count < fewest)
  const nFrequent = infrequent.filter((rare) => !rare).length
  if (options.maxCategories < nFrequent + 1) {
    const keep = options.maxCategories - 1
    const byCount = counts.map((_, category) => category).sort((a, b) => counts[a]! - counts[b]! || a - b)
    for (const category of byCount.slice(0, byCount.length - keep)) infrequent[category] = true
  }
  return infrequent
}
