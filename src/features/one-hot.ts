import { type InfrequentOptions, infrequentCategories } from './infrequent.ts'

export interface OneHotOptions extends InfrequentOptions {
  readonly unknown: 'infrequent' | 'ignore'
}

/** Which 0/1 column each category sets. */
export interface OneHot {
  /** Column of each category, then of missing, then of unknown ones; -1 sets none. Shape (nCategories + 2). */
  readonly slots: Int32Array<ArrayBuffer>
  readonly nColumns: number
  /** Category of each column as an index; `nCategories` is missing, -1 the infrequent bucket, which is last. Shape (nColumns). */
  readonly meaning: readonly number[]
}

/**
 * scikit-learn's `OneHotEncoder` with `min_frequency`, `max_categories` and `handle_unknown='infrequent_if_exist'` (or `'ignore'`):
 * columns in the order of the categories, missing behind them if training saw any, the infrequent bucket last.
 * @param counts   Training rows of each category, shape (nCategories).
 * @param nMissing Training rows where it is missing. Where there are none, a missing value later counts as unknown.
 */
export function fitOneHot(counts: readonly number[], nMissing: number, options: OneHotOptions): OneHot {
  const nCategories = counts.length
  const all = nMissing > 0 ? [...counts, nMissing] : [...counts]
  const nRows = all.reduce((sum, count) => sum + count, 0)
  const infrequent = infrequentCategories(all, nRows, options)
  const meaning = all.map((_, category) => category).filter((category) => !infrequent[category])
  const bucket = infrequent.includes(true) ? meaning.push(-1) - 1 : -1
  const unknown = options.unknown === 'infrequent' ? bucket : -1
  const slots = new Int32Array(nCategories + 2).fill(unknown)
  infrequent.forEach((rare, category) => {
    if (rare) slots[category] = bucket
  })
  meaning.forEach((category, slot) => {
    if (category >= 0) slots[category] = slot
  })
  return { slots, nColumns: meaning.length, meaning }
}
