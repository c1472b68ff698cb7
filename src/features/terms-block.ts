import type { Column } from '../table/column.ts'
import type { SparseMatrix } from '../table/sparse-matrix.ts'
import type { TermsState } from './block-state.ts'
import { wrongKind } from './numeric-block.ts'
import type { FittedText } from './text/fitted-text.ts'
import { restoreText } from './text/restore-text.ts'

/** A text column on its way to the matrix: counts or weights of its terms, most of which are 0 in a row. */
export class TermsBlock {
  readonly source: string
  /** Name of each matrix column, such as `term(body, neural network)`. */
  readonly names: readonly string[]
  /** The terms themselves, or the hashed columns; shape (nColumns). */
  readonly terms: readonly string[]
  readonly #text: FittedText

  constructor(source: string, text: FittedText) {
    this.source = source
    this.terms = text.names
    this.names = text.names.map((term) => `term(${source}, ${term})`)
    this.#text = text
  }

  /** @throws FEATURES_STATE_INVALID */
  static restore(state: TermsState): TermsBlock {
    return new TermsBlock(state.source, restoreText(state.text))
  }

  /**
   * Row by row: no row sees another.
   * @throws FEATURES_INPUT_INVALID when the column is of another kind than in training.
   */
  transform(column: Column): SparseMatrix {
    if (column.kind !== 'text') throw wrongKind(this.source, 'text', column)
    return this.#text.transform(column.values)
  }

  /** Of hashed terms: column of the block -> the terms of the column's only row that fall into it; null where terms have names. */
  termsIn(column: Column): ReadonlyMap<number, readonly string[]> | null {
    if (column.kind !== 'text') throw wrongKind(this.source, 'text', column)
    return this.#text.termsIn?.(column.values[0] ?? null) ?? null
  }

  state(): TermsState {
    return { type: 'terms', source: this.source, text: this.#text.state() as TermsState['text'] }
  }
}
