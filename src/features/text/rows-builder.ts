import type { SparseMatrix } from '../../table/sparse-matrix.ts'

/** Entries of a sparse matrix as they come, row by row, columns ascending within a row. */
export class RowsBuilder {
  #indices = new Uint32Array(1024)
  #values = new Float64Array(1024)
  #nEntries = 0
  #nRows = 0
  readonly #indptr: Uint32Array

  constructor(nRows: number) {
    this.#indptr = new Uint32Array(nRows + 1)
  }

  push(column: number, value: number): void {
    if (this.#nEntries === this.#indices.length) this.#grow()
    this.#indices[this.#nEntries] = column
    this.#values[this.#nEntries++] = value
  }

  /** The entries since the last call are the next row's. */
  endRow(): void {
    this.#indptr[++this.#nRows] = this.#nEntries
  }

  /** All but the names, which the caller puts to it. */
  build(nColumns: number): Omit<SparseMatrix, 'names'> {
    return {
      nRows: this.#nRows,
      nColumns,
      indptr: this.#indptr,
      indices: this.#indices.slice(0, this.#nEntries),
      values: this.#values.slice(0, this.#nEntries),
    }
  }

  #grow(): void {
    const indices = new Uint32Array(this.#indices.length * 2)
    indices.set(this.#indices)
    const values = new Float64Array(indices.length)
    values.set(this.#values)
    this.#indices = indices
    this.#values = values
  }
}
