import { type InfrequentOptions, infrequentCategories } from './infrequent.ts'

/**
 * scikit-learn's `OrdinalEncoder` with `min_frequency` and `max_categories`: frequent categories get 0, 1, 2, … in their order, the
 * infrequent ones together the next number. Missing is NaN; unknown goes with the infrequent ones where there are any and they are asked
 * for, else it is NaN.
 * @param counts Training rows of each category, shape (nCategories).
 * @returns The number of each category, then of missing, then of unknown; shape (nCategories + 2).
 */
export function fitOrdinal(
  counts: readonly number[],
  nRows: number,
  options: InfrequentOptions & { readonly unknown: 'infrequent' | 'ignore' },
): Float64Array<ArrayBuffer> {
  const infrequent = infrequentCategories(counts, nRows, options)
  const values = new Float64Array(counts.length + 2).fill(Number.NaN)
  let next = 0
  infrequent.forEach((rare, category) => {
    if (!rare) values[category] = next++
  })
  const bucket = infrequent.includes(true) ? next : Number.NaN
  infrequent.forEach((rare, category) => {
    if (rare) values[category] = bucket
  })
  if (options.unknown === 'infrequent') values[counts.length + 1] = bucket
  return values
}
