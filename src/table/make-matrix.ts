import { BellwetherError } from '../errors.ts'
import { type Matrix, type Numbers, numbersLike } from './matrix.ts'

/** Rows that are turned at a time, so that what is read and what is written stay in the nearest cache. */
const BLOCK_ROWS = 64

/**
 * A matrix of columns by name, for estimators. Columns of one kind of numbers stay of that kind; of both kinds those of 32 bits are
 * widened, which changes none of them. Columns of one kind that lie one after the other in one buffer are taken as they are, without a
 * copy: the matrix then reads what is written there later.
 *
 *     matrixOfColumns({ age: Float32Array.of(19, 23), grade: Float64Array.of(14.5, Number.NaN) })
 *
 * @param columns All of one length, the number of rows.
 * @throws MATRIX_INVALID when there is none, or their lengths differ
 */
export function matrixOfColumns(columns: Readonly<Record<string, Numbers>>): Matrix {
  const names = Object.keys(columns)
  const given = Object.values(columns)
  const first = given[0]
  if (!first) throw new BellwetherError('MATRIX_INVALID', 'A matrix needs at least 1 column; there is none.')
  const nRows = first.length
  for (const [i, { length }] of given.entries()) {
    if (length === nRows) continue
    const message = `Column "${names[i]}" has ${length} values; expected ${nRows}, as in "${names[0]}".`
    throw new BellwetherError('MATRIX_INVALID', message)
  }
  const shape = { nRows, nColumns: names.length, names }
  const size = names.length * nRows
  if (given.every((column, i) => follows(column, first, i * nRows))) {
    const { buffer, byteOffset } = first
    const isNarrow = first instanceof Float32Array
    return {
      ...shape,
      data: isNarrow ? new Float32Array(buffer, byteOffset, size) : new Float64Array(buffer, byteOffset, size),
    }
  }
  const data = numbersLike(given.find((column) => column instanceof Float64Array) ?? first, size)
  for (const [i, column] of given.entries()) data.set(column, i * nRows)
  return { ...shape, data }
}

function follows(column: Numbers, first: Numbers, at: number): boolean {
  return (
    column.BYTES_PER_ELEMENT === first.BYTES_PER_ELEMENT &&
    column.buffer === first.buffer &&
    column.byteOffset === first.byteOffset + first.BYTES_PER_ELEMENT * at
  )
}

/**
 * A matrix of values that lie row by row, as numpy and most files have them; turned into columns of the same kind of numbers. One column
 * is taken as it is.
 * @param values shape (nRows * nColumns) row-major
 * @param names Of the columns.
 * @throws MATRIX_INVALID when the values are no whole number of rows
 */
export function matrixOfRows(values: Numbers, names: readonly string[]): Matrix {
  const nColumns = names.length
  if (nColumns === 0 || values.length % nColumns !== 0) {
    const message = `Expected rows of ${nColumns} values, one a column and at least one; got ${values.length} values.`
    throw new BellwetherError('MATRIX_INVALID', message)
  }
  const nRows = values.length / nColumns
  if (nColumns === 1) return { nRows, nColumns, names, data: values }
  const data = numbersLike(values, values.length)
  for (let begin = 0; begin < nRows; begin += BLOCK_ROWS) {
    const end = Math.min(nRows, begin + BLOCK_ROWS)
    for (let column = 0; column < nColumns; column++) {
      for (let row = begin; row < end; row++) data[column * nRows + row] = values[row * nColumns + column]!
    }
  }
  return { nRows, nColumns, names, data }
}
