import type { Column } from '../table/column.ts'
import type { State } from '../table/state.ts'
import type { FeatureWarning } from './feature-warning.ts'

/** One column on its way to the matrix: reads a source column, writes one or more matrix columns. */
export interface Block {
  /** The input or derived column that it reads. */
  readonly source: string
  /** Name of each matrix column that it writes. */
  readonly names: readonly string[]
  /** How many codes its one column holds where they are codes of categories; left out where they are numbers. */
  readonly nCodes?: number
  /**
   * Writes column j of row i to `data[begin + j * nRows + i]`, for all rows of the source. Row by row: no row sees another.
   * @throws FEATURES_INPUT_INVALID when the column is of another kind than in training.
   */
  write(column: Column, nRows: number, data: Float64Array, begin: number): void
  state(): State
}

/** What fitting a block gives. */
export interface BlockFit {
  /** null when the column has nothing to tell; a warning then says why. */
  readonly block: Block | null
  /** Matrix columns of the training rows where they differ from what `write` gives (cross-fitted), shape (nColumns * nRows). */
  readonly training?: Float64Array
  readonly warnings: readonly FeatureWarning[]
}
