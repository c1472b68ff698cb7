import type { Column } from '../table/column.ts'
import type { Block } from './block.ts'
import type { SlotsState, ValuesState } from './block-state.ts'
import { CategoryIndex } from './category-index.ts'
import { wrongKind } from './numeric-block.ts'

/** A category as 0/1 columns, of which at most one is 1 in a row. */
export class SlotsBlock implements Block {
  readonly source: string
  readonly names: readonly string[]
  readonly #state: SlotsState
  readonly #index: CategoryIndex

  constructor(state: SlotsState) {
    this.#state = state
    this.source = state.source
    this.names = state.names
    this.#index = new CategoryIndex(state.categories)
  }

  write(column: Column, nRows: number, data: Float64Array, begin: number): void {
    const rows = this.#index.rows(column)
    if (!rows) throw wrongKind(this.source, 'category', column)
    const { slots } = this.#state
    data.fill(0, begin, begin + this.names.length * nRows)
    for (let row = 0; row < nRows; row++) {
      const slot = slots[rows[row]!]!
      if (slot >= 0) data[begin + slot * nRows + row] = 1
    }
  }

  state(): SlotsState {
    return this.#state
  }
}

/** A category as numbers: its position, or what the target is in it. */
export class ValuesBlock implements Block {
  readonly source: string
  readonly names: readonly string[]
  readonly nCodes?: number
  readonly #state: ValuesState
  readonly #index: CategoryIndex

  constructor(state: ValuesState) {
    this.#state = state
    this.source = state.source
    this.names = state.names
    this.#index = new CategoryIndex(state.categories)
    if (state.encode === 'native') {
      this.nCodes = state.values.reduce((n, value) => (value >= n ? value + 1 : n), 0)
    }
  }

  write(column: Column, nRows: number, data: Float64Array, begin: number): void {
    const rows = this.#index.rows(column)
    if (!rows) throw wrongKind(this.source, 'category', column)
    const { values, categories, names } = this.#state
    for (let j = 0; j < names.length; j++) {
      const from = j * (categories.length + 2)
      const to = begin + j * nRows
      for (let row = 0; row < nRows; row++) data[to + row] = values[from + rows[row]!]!
    }
  }

  state(): ValuesState {
    return this.#state
  }
}
