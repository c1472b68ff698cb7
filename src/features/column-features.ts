import { BellwetherError } from '../errors.ts'
import type { Column } from '../table/column.ts'
import type { Matrix } from '../table/matrix.ts'
import {
  type AnyMatrix,
  isSparseMatrix,
  type SparseMatrix,
  stackSparseColumns,
  toDenseMatrix,
} from '../table/sparse-matrix.ts'
import type { Table } from '../table/table.ts'
import type { Block } from './block.ts'
import type { FeaturesState } from './block-state.ts'
import type { CompiledExpression } from './expression/evaluate.ts'
import type { FeatureEncoding } from './feature-options.ts'
import type { FittedFeatures, ReplacingFeatures } from './fitted-features.ts'
import type { TermsBlock } from './terms-block.ts'

/** 512 MiB of float64. */
const MOST_DENSE_CELLS = 2 ** 26

/** A derived column with its name. */
export interface DerivedColumn {
  readonly name: string
  readonly expression: CompiledExpression
}

/** Fitted features as a list of blocks, each of which reads one column and writes its own columns of the matrix. */
export class ColumnFeatures implements FittedFeatures {
  readonly inputs: readonly string[]
  readonly names: readonly string[]
  readonly sources: readonly string[]
  readonly encoding: FeatureEncoding
  readonly #derived: readonly DerivedColumn[]
  readonly terms: readonly (string | null)[] | null
  readonly #blocks: readonly Block[]
  readonly #termsBlocks: readonly TermsBlock[]
  readonly #nDense: number
  /** As `Matrix.categories`; null where no column holds codes. */
  readonly #categories: Int32Array | null

  /**
   * @param inputs  Names of the input columns that blocks or expressions read.
   * @param derived In the order in which they are computed: one may read those before it.
   * @param termsBlocks Their columns stand behind those of the other blocks.
   */
  constructor(
    encoding: FeatureEncoding,
    inputs: readonly string[],
    derived: readonly DerivedColumn[],
    blocks: readonly Block[],
    termsBlocks: readonly TermsBlock[] = [],
  ) {
    this.encoding = encoding
    this.inputs = inputs
    this.#derived = derived
    this.#blocks = blocks
    this.#termsBlocks = termsBlocks
    const all = [...blocks, ...termsBlocks]
    this.names = unique(all.flatMap((block) => block.names))
    const codes = all.flatMap((block) => block.names.map(() => ('nCodes' in block ? (block.nCodes ?? 0) : 0)))
    this.#categories = codes.some((nCodes) => nCodes > 0) ? Int32Array.from(codes) : null
    this.sources = all.flatMap((block) => block.names.map(() => block.source))
    this.#nDense = blocks.reduce((sum, block) => sum + block.names.length, 0)
    const noTerms = blocks.flatMap((block) => block.names.map(() => null))
    this.terms = termsBlocks.length === 0 ? null : [...noTerms, ...termsBlocks.flatMap((block) => block.terms)]
  }

  /** @throws FEATURES_INPUT_INVALID when a column is missing from the table or of another kind than in training. */
  transform(table: Table): AnyMatrix {
    const columns = withDerived(table, this.#derived).columns
    const matrix = this.#dense(columns, table.nRows)
    return this.#withTerms(matrix, () =>
      this.#termsBlocks.map((block) => block.transform(sourceColumn(columns, block.source))),
    )
  }

  replacing(table: Table): ReplacingFeatures {
    const before = withDerived(table, this.#derived)
    const matrix = this.transform(table)
    const touchedBy = (input: string): ReadonlySet<string> => {
      const touched = new Set([input])
      for (const { name, expression } of this.#derived) {
        if (expression.columns.some((column) => touched.has(column))) touched.add(name)
      }
      return touched
    }
    return {
      matrix,
      madeOf: (input) => {
        const touched = touchedBy(input)
        return this.sources.flatMap((source, column) => (touched.has(source) ? [column] : []))
      },
      replace: (input, column) => {
        const touched = touchedBy(input)
        const columns = new Map(before.columns).set(input, column)
        const after = { nRows: table.nRows, columns }
        for (const { name, expression } of this.#derived) {
          if (touched.has(name)) columns.set(name, expression.evaluate(after))
        }
        if (isSparseMatrix(matrix) || this.#termsBlocks.some(({ source }) => touched.has(source))) {
          return this.transform({ nRows: table.nRows, columns: new Map(table.columns).set(input, column) })
        }
        const data = Float64Array.from(matrix.data)
        let begin = 0
        for (const block of this.#blocks) {
          if (touched.has(block.source)) block.write(sourceColumn(columns, block.source), table.nRows, data, begin)
          begin += block.names.length * table.nRows
        }
        return { ...matrix, data }
      },
    }
  }

  /**
   * The matrix to train on.
   * @param write Puts cross-fitted columns into the columns that are no terms.
   * @param terms Those of each terms block, as fitting gave them.
   */
  trainingMatrix(table: Table, write: (matrix: Matrix) => void, terms: readonly SparseMatrix[]): AnyMatrix {
    const matrix = this.#dense(withDerived(table, this.#derived).columns, table.nRows)
    write(matrix)
    return this.#withTerms(matrix, () => terms)
  }

  /** Trees read whole columns: they get them, as long as there are few enough. */
  #withTerms(dense: Matrix, termsOf: () => readonly SparseMatrix[]): AnyMatrix {
    if (this.#termsBlocks.length === 0) return dense
    const cells = this.names.length * dense.nRows
    if (this.encoding === 'tree' && cells > MOST_DENSE_CELLS) {
      throw new BellwetherError(
        'MATRIX_TOO_LARGE',
        `Trees would need ${this.names.length} columns of ${dense.nRows} rows, most of which are terms of texts; at most ${MOST_DENSE_CELLS} cells are made.`,
      )
    }
    const whole = stackSparseColumns([dense, ...termsOf()], this.names)
    if (this.encoding !== 'tree') return whole
    const matrix = toDenseMatrix(whole)
    return this.#categories ? { ...matrix, categories: this.#categories } : matrix
  }

  #dense(columns: ReadonlyMap<string, Column>, nRows: number): Matrix {
    const names = this.#termsBlocks.length === 0 ? this.names : this.names.slice(0, this.#nDense)
    const nColumns = names.length
    const data = new Float64Array(nColumns * nRows)
    let begin = 0
    for (const block of this.#blocks) {
      block.write(sourceColumn(columns, block.source), nRows, data, begin)
      begin += block.names.length * nRows
    }
    const matrix = { nRows, nColumns, data, names }
    return this.#categories && this.#termsBlocks.length === 0 ? { ...matrix, categories: this.#categories } : matrix
  }

  withDerived(table: Table): Table {
    return withDerived(table, this.#derived)
  }

  hashedTerms(one: Table): ReadonlyMap<number, readonly string[]> {
    const found = new Map<number, readonly string[]>()
    if (this.#termsBlocks.length === 0) return found
    const { columns } = withDerived(one, this.#derived)
    let begin = this.#nDense
    for (const block of this.#termsBlocks) {
      const own = block.termsIn(sourceColumn(columns, block.source))
      for (const [column, terms] of own ?? []) found.set(begin + column, terms)
      begin += block.names.length
    }
    return found
  }

  state(): FeaturesState {
    return {
      format: 'bellwether-features',
      version: 1,
      encoding: this.encoding,
      inputs: [...this.inputs],
      derived: this.#derived.map(({ name, expression }) => ({ name, expression: expression.state() })),
      blocks: [...this.#blocks, ...this.#termsBlocks].map((block) => block.state()) as FeaturesState['blocks'],
    }
  }
}

/** The table with the derived columns added, each computed from those before it. */
export function withDerived(table: Table, derived: readonly DerivedColumn[]): Table {
  if (derived.length === 0) return table
  const columns = new Map(table.columns)
  const extended: Table = { nRows: table.nRows, columns }
  for (const { name, expression } of derived) {
    for (const needed of expression.columns) sourceColumn(columns, needed)
    columns.set(name, expression.evaluate(extended))
  }
  return extended
}

function sourceColumn(columns: ReadonlyMap<string, Column>, name: string): Column {
  const column = columns.get(name)
  if (column) return column
  throw new BellwetherError(
    'FEATURES_INPUT_INVALID',
    `The model was trained with a column "${name}"; the table has none.`,
    {
      details: [{ path: name, message: 'the column is not there' }],
    },
  )
}

/** Names with " (2)", " (3)" behind those that came before. */
function unique(names: readonly string[]): readonly string[] {
  const taken = new Set<string>()
  return names.map((name) => {
    let free = name
    for (let i = 2; taken.has(free); i++) free = `${name} (${i})`
    taken.add(free)
    return free
  })
}
