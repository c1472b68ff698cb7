/**
 * What estimators learn from: a dense matrix of float64 in column-major order, so that a column is one contiguous view.
 * NaN is a missing value; estimators say which of them accept it.
 */
export interface Matrix {
  readonly nRows: number
  readonly nColumns: number
  /** shape (nColumns * nRows): value of (row, column) at `column * nRows + row` */
  readonly data: Float64Array
  /** Name of each column, such as `Course=33` or `log(age)`; shape (nColumns). */
  readonly names: readonly string[]
  /**
   * Which columns hold codes of categories, 0 to their number - 1, and how many there are; 0 for columns of numbers. Left out
   * where all are. Estimators that know nothing of it may take the codes as numbers.
   */
  readonly categories?: Int32Array
}

/** A view of one column, shape (nRows). */
export function matrixColumn(matrix: Matrix, column: number): Float64Array {
  return matrix.data.subarray(column * matrix.nRows, (column + 1) * matrix.nRows)
}

/** The given rows, in the given order; a row may come more than once. */
export function selectMatrixRows(matrix: Matrix, rows: Uint32Array): Matrix {
  const { nColumns, nRows } = matrix
  const data = new Float64Array(nColumns * rows.length)
  for (let column = 0; column < nColumns; column++) {
    const from = column * nRows
    const to = column * rows.length
    for (let i = 0; i < rows.length; i++) data[to + i] = matrix.data[from + rows[i]!]!
  }
  const selected = { nRows: rows.length, nColumns, data, names: matrix.names }
  return matrix.categories ? { ...selected, categories: matrix.categories } : selected
}

/** The values row by row, shape (nRows * nColumns) row-major; a new array. */
export function matrixRows(matrix: Matrix): Float64Array {
  const { nRows, nColumns, data } = matrix
  const rows = new Float64Array(nRows * nColumns)
  for (let column = 0; column < nColumns; column++) {
    const from = column * nRows
    for (let row = 0; row < nRows; row++) rows[row * nColumns + column] = data[from + row]!
  }
  return rows
}
