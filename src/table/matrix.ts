/** Numbers as they come: of 32 bits from files and graphics, of 64 from everything else. */
export type Numbers = Float32Array | Float64Array

/**
 * What estimators learn from: a dense matrix in column-major order, so that a column is one contiguous view. NaN is a missing value;
 * estimators say which of them accept it. Features make numbers of 64 bits; of 32 bits each counts as the number of 64 bits that it is,
 * so that models and answers are the same for half of the memory.
 */
export interface Matrix {
  readonly nRows: number
  readonly nColumns: number
  /** shape (nColumns * nRows): value of (row, column) at `column * nRows + row` */
  readonly data: Numbers
  /** Name of each column, such as `Course=33` or `log(age)`; shape (nColumns). */
  readonly names: readonly string[]
  /**
   * Which columns hold codes of categories, 0 to their number - 1, and how many there are; 0 for columns of numbers. Left out
   * where all are. Estimators that know nothing of it may take the codes as numbers.
   */
  readonly categories?: Int32Array
}

/** One column, shape (nRows), to be read only: a view of it, or a widened copy of one of 32 bits. */
export function matrixColumn(matrix: Matrix, column: number): Float64Array {
  const values = matrix.data.subarray(column * matrix.nRows, (column + 1) * matrix.nRows)
  return values instanceof Float64Array ? values : Float64Array.from(values)
}

/** Zeros of as many bits as these numbers. */
export function numbersLike(numbers: Numbers, length: number): Numbers {
  return numbers instanceof Float32Array ? new Float32Array(length) : new Float64Array(length)
}

/** The given rows, in the given order; a row may come more than once. */
export function selectMatrixRows(matrix: Matrix, rows: Uint32Array): Matrix {
  const { nColumns, nRows } = matrix
  const data = numbersLike(matrix.data, nColumns * rows.length)
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
