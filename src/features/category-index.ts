import type { CategoryColumn, Column } from '../table/column.ts'

/** How often each category came up in the training rows, and where. */
export interface CategoryCounts {
  /** Categories with at least one training row, in the column's order. */
  readonly categories: readonly string[]
  /** Training rows of each, shape (nCategories). */
  readonly counts: readonly number[]
  /** Index into `categories` of each row, shape (nRows); -1 is missing. */
  readonly codes: Int32Array
  readonly nMissing: number
}

/** Counts the categories of training rows. Categories that only other rows have leave no trace. */
export function countCategories(column: CategoryColumn): CategoryCounts {
  const all = new Array<number>(column.categories.length).fill(0)
  let nMissing = 0
  for (const code of column.codes) {
    if (code < 0) nMissing++
    else all[code]!++
  }
  const indexOf = new Int32Array(all.length).fill(-1)
  const categories: string[] = []
  const counts: number[] = []
  all.forEach((count, code) => {
    if (count === 0) return
    indexOf[code] = categories.length
    categories.push(column.categories[code]!)
    counts.push(count)
  })
  const codes = column.codes.map((code) => (code < 0 ? -1 : indexOf[code]!))
  return { categories, counts, codes, nMissing }
}

/**
 * Finds the categories of training again in any column, whatever the order of that column's own categories.
 * Row index i < n means category i of training, n missing, n + 1 never seen.
 */
export class CategoryIndex {
  readonly categories: readonly string[]
  readonly missing: number
  readonly unknown: number
  readonly #indexOf: ReadonlyMap<string, number>
  /** The last column's categories and what they mean here: batches and requests mostly share one array. */
  #lastCategories: readonly string[] | null = null
  #lastIndex = new Int32Array(0)

  constructor(categories: readonly string[]) {
    this.categories = categories
    this.missing = categories.length
    this.unknown = categories.length + 1
    this.#indexOf = new Map(categories.map((category, index) => [category, index]))
  }

  /** Index of each row; null when the column holds no categories or texts. */
  rows(column: Column): Int32Array | null {
    if (column.kind === 'text') {
      return Int32Array.from(column.values, (value) => (value === null ? this.missing : this.#find(value)))
    }
    if (column.kind !== 'category') return null
    const { codes, categories } = column
    const rows = new Int32Array(codes.length)
    const translate = this.#translation(categories, codes.length)
    for (let row = 0; row < rows.length; row++) {
      const code = codes[row]!
      if (code < 0) rows[row] = this.missing
      else rows[row] = translate ? translate[code]! : this.#find(categories[code]!)
    }
    return rows
  }

  #find(category: string): number {
    return this.#indexOf.get(category) ?? this.unknown
  }

  /** What each code means here; null where looking up the few rows one by one is less work. */
  #translation(categories: readonly string[], nRows: number): Int32Array | null {
    if (this.#lastCategories === categories && this.#lastIndex.length === categories.length) return this.#lastIndex
    if (nRows < categories.length) return null
    this.#lastIndex = Int32Array.from(categories, (category) => this.#find(category))
    this.#lastCategories = categories
    return this.#lastIndex
  }
}
