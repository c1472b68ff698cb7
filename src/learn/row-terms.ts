import type { FittedFeatures } from '../features/fitted-features.ts'
import { type AnyMatrix, isSparseMatrix } from '../table/sparse-matrix.ts'
import type { Table } from '../table/table.ts'

/** A term of the explained text and what it adds to the score. */
export interface TermContribution {
  readonly term: string
  readonly contribution: number
}

/** How many terms of a text an explanation lists. */
const MOST_TERMS = 10

/**
 * What the terms that one row has add, summed by text column and term: several models of a blend may know the same term. Terms that the
 * row lacks have a part in the column's sum alone: nobody wrote them.
 */
export class RowTerms {
  readonly #sums = new Map<string, Map<string, number>>()
  readonly #hashed = new Map<FittedFeatures, ReadonlyMap<number, readonly string[]> | undefined>()

  /**
   * @param one The row as a table: hashed terms are told by the row's own, several by commas where they fell into one column.
   * @param row The same as the features' matrix.
   * @param of What column `columns[j]` of the matrix adds, or column j without `columns`.
   */
  add(features: FittedFeatures, one: Table, row: AnyMatrix, of: Float64Array, columns?: Uint32Array): void {
    const { terms, sources } = features
    if (!terms) return
    const hashed = this.#hashedTerms(features, one)
    const has = presence(row)
    for (let j = 0; j < of.length; j++) {
      const column = columns ? columns[j]! : j
      const term = hashed?.get(column)?.join(', ') ?? terms[column] ?? null
      if (term === null || of[j] === 0 || !has(column)) continue
      const source = sources[column]!
      const sums = this.#sums.get(source) ?? new Map<string, number>()
      this.#sums.set(source, sums)
      sums.set(term, (sums.get(term) ?? 0) + of[j]!)
    }
  }

  /** Found once for each of the features: a blend adds a row for every row of its background. */
  #hashedTerms(features: FittedFeatures, one: Table): ReadonlyMap<number, readonly string[]> | undefined {
    if (!this.#hashed.has(features)) this.#hashed.set(features, features.hashedTerms?.(one))
    return this.#hashed.get(features)
  }

  /** The terms of a text column that move the score most, largest first; none for columns without terms. */
  strongest(source: string): { readonly terms?: readonly TermContribution[] } {
    const sums = this.#sums.get(source)
    if (!sums) return {}
    const all = Array.from(sums, ([term, contribution]) => ({ term, contribution }))
    return {
      terms: all.sort((a, b) => Math.abs(b.contribution) - Math.abs(a.contribution)).slice(0, MOST_TERMS),
    }
  }
}

/** Which columns are not 0 in a matrix of one row. */
function presence(row: AnyMatrix): (column: number) => boolean {
  if (!isSparseMatrix(row)) return (column) => row.data[column] !== 0
  const present = new Set(row.indices)
  return (column) => present.has(column)
}
