import type { SparseMatrix } from '../../table/sparse-matrix.ts'
import type { State } from '../../table/state.ts'

/** A vectoriser that has learnt what it needs; usable on any texts. */
export interface FittedText {
  /** Name of each column, the term that it counts; shape (nColumns). */
  readonly names: readonly string[]
  readonly nColumns: number
  /** What whoever reads the run should know of the options; none as a rule. */
  readonly warnings: readonly string[]
  /** One row per text, in order; null (missing) and texts without a known term give rows of zeros. A row never depends on the others. */
  transform(texts: readonly (string | null)[]): SparseMatrix
  /** Of hashed terms, which have no names of their own: column -> the text's terms that fall into it, each once, in their order. */
  termsIn?(text: string | null): ReadonlyMap<number, readonly string[]>
  state(): State
}

/** What fitting gives: the vectoriser, and the matrix of the texts that it was fitted on, equal to `fitted.transform(texts)`. */
export interface TextFit<Fitted extends FittedText> {
  readonly fitted: Fitted
  readonly matrix: SparseMatrix
}
