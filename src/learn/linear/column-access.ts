import type { CompressedColumns } from './compressed-columns.ts'

/** One column at a time of a matrix with compressed columns, for coordinate descent. Vectors are of shape (nRows). */
export class ColumnAccess {
  readonly columns: CompressedColumns
  /** Index among the dense columns; where negative, -1 - index among the compressed ones. Shape (nColumns). */
  readonly #place: Int32Array

  constructor(columns: CompressedColumns) {
    this.columns = columns
    this.#place = new Int32Array(columns.nColumns)
    for (const [d, column] of columns.dense.entries()) this.#place[column] = d
    for (const [s, column] of columns.sparse.entries()) this.#place[column] = -1 - s
  }

  /** With a column of ones after the others, for the intercept. */
  static withOnes(columns: CompressedColumns): ColumnAccess {
    const { nRows, nColumns } = columns
    const dense = new Int32Array(columns.dense.length + 1).fill(nColumns)
    dense.set(columns.dense)
    return new ColumnAccess({
      ...columns,
      nColumns: nColumns + 1,
      dense,
      denseValues: [...columns.denseValues, new Float64Array(nRows).fill(1)],
    })
  }

  /** sum of x * vector */
  dot(column: number, vector: Float64Array): number {
    const { rows, values, starts, denseValues } = this.columns
    const place = this.#place[column]!
    let sum = 0
    if (place >= 0) {
      const dense = denseValues[place]!
      for (let row = 0; row < dense.length; row++) sum += dense[row]! * vector[row]!
      return sum
    }
    const end = starts[-place]!
    for (let entry = starts[-1 - place]!; entry < end; entry++) sum += values[entry]! * vector[rows[entry]!]!
    return sum
  }

  /** sum of x^2 * vector */
  dotSquares(column: number, vector: Float64Array): number {
    const { rows, values, starts, denseValues } = this.columns
    const place = this.#place[column]!
    let sum = 0
    if (place >= 0) {
      const dense = denseValues[place]!
      for (let row = 0; row < dense.length; row++) sum += dense[row]! * dense[row]! * vector[row]!
      return sum
    }
    const end = starts[-place]!
    for (let entry = starts[-1 - place]!; entry < end; entry++) sum += values[entry]! ** 2 * vector[rows[entry]!]!
    return sum
  }

  /** sum of x * weights * (a - b) */
  dotDifference(column: number, weights: Float64Array, a: Float64Array, b: Float64Array): number {
    const { rows, values, starts, denseValues } = this.columns
    const place = this.#place[column]!
    let sum = 0
    if (place >= 0) {
      const dense = denseValues[place]!
      for (let row = 0; row < dense.length; row++) sum += dense[row]! * weights[row]! * (a[row]! - b[row]!)
      return sum
    }
    const end = starts[-place]!
    for (let entry = starts[-1 - place]!; entry < end; entry++) {
      const row = rows[entry]!
      sum += values[entry]! * weights[row]! * (a[row]! - b[row]!)
    }
    return sum
  }

  /** vector += factor * x */
  add(column: number, factor: number, vector: Float64Array): void {
    const { rows, values, starts, denseValues } = this.columns
    const place = this.#place[column]!
    if (place >= 0) {
      const dense = denseValues[place]!
      for (let row = 0; row < dense.length; row++) vector[row]! += factor * dense[row]!
      return
    }
    const end = starts[-place]!
    for (let entry = starts[-1 - place]!; entry < end; entry++) vector[rows[entry]!]! += factor * values[entry]!
  }

  /** vector += factor * weights * x */
  addWeighted(column: number, factor: number, weights: Float64Array, vector: Float64Array): void {
    const { rows, values, starts, denseValues } = this.columns
    const place = this.#place[column]!
    if (place >= 0) {
      const dense = denseValues[place]!
      for (let row = 0; row < dense.length; row++) vector[row]! += factor * weights[row]! * dense[row]!
      return
    }
    const end = starts[-place]!
    for (let entry = starts[-1 - place]!; entry < end; entry++) {
      const row = rows[entry]!
      vector[row]! += factor * weights[row]! * values[entry]!
    }
  }
}
