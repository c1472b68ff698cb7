import { BellwetherError } from '../errors.ts'
import type { Column } from '../table/column.ts'
import type { Matrix } from '../table/matrix.ts'
import type { Table } from '../table/table.ts'
import type { Block } from './block.ts'
import type { FeaturesState } from './block-state.ts'
import type { CompiledExpression } from './expression/evaluate.ts'
import type { FeatureEncoding } from './feature-options.ts'
import type { FittedFeatures } from './fitted-features.ts'

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
  readonly #blocks: readonly Block[]
  /** As `Matrix.categories`; null where no column holds codes. */
  readonly #categories: Int32Array | null

  /**
   * @param inputs  Names of the input columns that blocks or expressions read.
   * @param derived In the order in which they are computed: one may read those before it.
   */
  constructor(
    encoding: FeatureEncoding,
    inputs: readonly string[],
    derived: readonly DerivedColumn[],
    blocks: readonly Block[],
  ) {
    this.encoding = encoding
    this.inputs = inputs
    this.#derived = derived
    this.#blocks = blocks
    this.names = unique(blocks.flatMap((block) => block.names))
    const codes = blocks.flatMap((block) => block.names.map(() => block.nCodes ?? 0))
    this.#categories = codes.some((nCodes) => nCodes > 0) ? Int32Array.from(codes) : null
    this.sources = blocks.flatMap((block) => block.names.map(() => block.source))
  }

  /** @throws FEATURES_INPUT_INVALID when a column is missing from the table or of another kind than in training. */
  transform(table: Table): Matrix {
    const { nRows } = table
    const nColumns = this.names.length
    const data = new Float64Array(nColumns * nRows)
    const columns = withDerived(table, this.#derived).columns
    let begin = 0
    for (const block of this.#blocks) {
      block.write(sourceColumn(columns, block.source), nRows, data, begin)
      begin += block.names.length * nRows
    }
    const matrix = { nRows, nColumns, data, names: this.names }
    return this.#categories ? { ...matrix, categories: this.#categories } : matrix
  }

  withDerived(table: Table): Table {
    return withDerived(table, this.#derived)
  }

  state(): FeaturesState {
    return {
      format: 'bellwether-features',
      version: 1,
      encoding: this.encoding,
      inputs: [...this.inputs],
      derived: this.#derived.map(({ name, expression }) => ({ name, expression: expression.state() })),
      blocks: this.#blocks.map((block) => block.state()) as FeaturesState['blocks'],
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
