import type { Column } from '../table/column.ts'
import type { AnyMatrix } from '../table/sparse-matrix.ts'
import type { State } from '../table/state.ts'
import type { Table } from '../table/table.ts'

/** Features of the same rows again and again, each time with one input column replaced. */
export interface ReplacingFeatures {
  /** Of the rows as they are. */
  readonly matrix: AnyMatrix
  /** Columns of the matrix that are made of the input column, derived columns of it included; ascending. */
  madeOf(input: string): readonly number[]
  /** What `transform` gives for the table with this column in the place of its own; only what is made of it is computed anew. */
  replace(input: string, column: Column): AnyMatrix
}

/** Features learnt on one set of rows, usable on any table with the same input columns. */
export interface FittedFeatures {
  /** Names of the input columns that are read, in the schema's order. */
  readonly inputs: readonly string[]
  /** Name of each matrix column, shape (nColumns). */
  readonly names: readonly string[]
  /** For each matrix column, the input or derived column that it comes from; shape (nColumns). Explanations are summed by it. */
  readonly sources: readonly string[]
  /** For matrix columns that stand for a term of a text, the term; shape (nColumns). null or left out where there is no such column. */
  readonly terms?: readonly (string | null)[] | null
  /**
   * Of hashed terms, whose column names say nothing: matrix column -> the terms of a table's only row that fall into it, each once, in
   * their order. Empty, or left out, where nothing is hashed.
   */
  hashedTerms?(one: Table): ReadonlyMap<number, readonly string[]>
  /**
   * Pure and row by row: a row's features never depend on the other rows of the table. Never uses the target. Sparse where linear
   * models get terms of texts, else dense.
   */
  transform(table: Table): AnyMatrix
  /** Left out where tables become no matrix (models from elsewhere that answer tables). */
  replacing?(table: Table): ReplacingFeatures
  /** The table with the derived columns beside its own: what explanations show values of. */
  withDerived(table: Table): Table
  state(): State
}
