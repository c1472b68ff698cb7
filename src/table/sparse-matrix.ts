import { BellwetherError } from '../errors.ts'
import { type Matrix, selectMatrixRows } from './matrix.ts'

/**
 * A matrix of which only the values that are not 0 are kept, row by row (compressed sparse rows, CSR):
 *
 *   columns 0 1 2 3        indptr  = 0   2     5  5
 *   row 0 | 7 . 1 . |      indices = 0 2 | 0 1 3 |
 *   row 1 | 2 3 . 4 |      values  = 7 1 | 2 3 4 |
 *   row 2 | . . . . |
 *
 * Within a row the columns ascend, each at most once. `names` may be made when they are first read (hashed columns).
 */
export interface SparseMatrix {
  readonly nRows: number
  readonly nColumns: number
  /** shape (nRows + 1): row r holds the entries indptr[r] to indptr[r + 1] */
  readonly indptr: Uint32Array
  /** Column of each entry, shape (nEntries). */
  readonly indices: Uint32Array
  /** shape (nEntries) */
  readonly values: Float64Array
  /** Name of each column, shape (nColumns). */
  readonly names: readonly string[]
}

/** A matrix of either form. */
export type AnyMatrix = Matrix | SparseMatrix

/** The entries of a sparse matrix in column order: column j holds starts[j] to starts[j + 1]. */
export interface SparseColumns {
  /** shape (nColumns + 1) */
  readonly starts: Uint32Array
  /** Row of each entry, ascending within a column; shape (nEntries). */
  readonly rows: Uint32Array
  /** shape (nEntries) */
  readonly values: Float64Array
}

/** The most cells that `toDenseMatrix` makes: 2^29 of them take 4 GiB. */
const MOST_CELLS = 2 ** 29

export function isSparseMatrix(matrix: AnyMatrix): matrix is SparseMatrix {
  return 'indptr' in matrix
}

/**
 * Checks parts that come from outside (all that is made here holds by itself) and hands them back.
 * @throws MATRIX_INVALID when lengths do not fit, or the columns of a row do not ascend or lie beyond nColumns.
 */
export function checkSparseMatrix(matrix: SparseMatrix): SparseMatrix {
  const { nRows, nColumns, indptr, indices, values, names } = matrix
  const fail = (problem: string): never => {
    throw new BellwetherError('MATRIX_INVALID', `The sparse matrix does not hold together: ${problem}.`)
  }
  if (indptr.length !== nRows + 1) fail(`${nRows} rows need ${nRows + 1} row starts, not ${indptr.length}`)
  if (names.length !== nColumns) fail(`${nColumns} columns need as many names, not ${names.length}`)
  if (indices.length !== values.length) fail(`${indices.length} column numbers stand beside ${values.length} values`)
  if (indptr[0] !== 0 || indptr[nRows] !== values.length) {
    fail(`the rows hold entries ${indptr[0]} to ${indptr[nRows]}, not 0 to ${values.length}`)
  }
  for (let row = 0; row < nRows; row++) {
    const begin = indptr[row]!
    const end = indptr[row + 1]!
    if (end < begin || end > values.length) fail(`row ${row} holds entries ${begin} to ${end}`)
    for (let entry = begin; entry < end; entry++) {
      const column = indices[entry]!
      if (column >= nColumns) fail(`row ${row} has a value in column ${column} of ${nColumns}`)
      if (entry > begin && column <= indices[entry - 1]!) fail(`the columns of row ${row} do not ascend`)
    }
  }
  return matrix
}

/** The given rows, in the given order; a row may come more than once. */
export function selectSparseRows(matrix: SparseMatrix, rows: Uint32Array): SparseMatrix {
  const indptr = new Uint32Array(rows.length + 1)
  for (let i = 0; i < rows.length; i++) {
    indptr[i + 1] = indptr[i]! + matrix.indptr[rows[i]! + 1]! - matrix.indptr[rows[i]!]!
  }
  const indices = new Uint32Array(indptr[rows.length]!)
  const values = new Float64Array(indptr[rows.length]!)
  for (let i = 0; i < rows.length; i++) {
    let to = indptr[i]!
    const end = matrix.indptr[rows[i]! + 1]!
    for (let from = matrix.indptr[rows[i]!]!; from < end; from++) {
      indices[to] = matrix.indices[from]!
      values[to++] = matrix.values[from]!
    }
  }
  return { nRows: rows.length, nColumns: matrix.nColumns, indptr, indices, values, names: matrix.names }
}

/** The given rows of a matrix of either form, in the given order; a row may come more than once. */
export function selectAnyRows(matrix: AnyMatrix, rows: Uint32Array): AnyMatrix {
  return isSparseMatrix(matrix) ? selectSparseRows(matrix, rows) : selectMatrixRows(matrix, rows)
}

/** The values of a dense matrix that are not 0; NaN (missing) is one of them. */
export function toSparseMatrix(matrix: Matrix): SparseMatrix {
  const { nRows, nColumns, data } = matrix
  const indptr = new Uint32Array(nRows + 1)
  for (let column = 0; column < nColumns; column++) {
    const begin = column * nRows
    for (let row = 0; row < nRows; row++) if (data[begin + row] !== 0) indptr[row + 1]!++
  }
  for (let row = 0; row < nRows; row++) indptr[row + 1]! += indptr[row]!
  const indices = new Uint32Array(indptr[nRows]!)
  const values = new Float64Array(indptr[nRows]!)
  const next = indptr.slice(0, nRows)
  for (let column = 0; column < nColumns; column++) {
    const begin = column * nRows
    for (let row = 0; row < nRows; row++) {
      const value = data[begin + row]!
      if (value === 0) continue
      const entry = next[row]!++
      indices[entry] = column
      values[entry] = value
    }
  }
  return { nRows, nColumns, indptr, indices, values, names: matrix.names }
}

/** @throws MATRIX_TOO_LARGE beyond 2^29 cells (4 GiB). */
export function toDenseMatrix(matrix: SparseMatrix): Matrix {
  const { nRows, nColumns, indptr, indices, values, names } = matrix
  if (nRows * nColumns > MOST_CELLS) {
    const gibibytes = Math.ceil((nRows * nColumns * 8) / 2 ** 30)
    throw new BellwetherError(
      'MATRIX_TOO_LARGE',
      `A dense matrix of ${nRows} rows and ${nColumns} columns takes ${gibibytes} GiB; at most 4 GiB are made.`,
    )
  }
  const data = new Float64Array(nRows * nColumns)
  for (let row = 0; row < nRows; row++) {
    const end = indptr[row + 1]!
    for (let entry = indptr[row]!; entry < end; entry++) data[indices[entry]! * nRows + row] = values[entry]!
  }
  return { nRows, nColumns, data, names }
}

/** The matrix as a dense one: itself where it is. @throws MATRIX_TOO_LARGE as `toDenseMatrix` */
export function asDenseMatrix(matrix: AnyMatrix): Matrix {
  return isSparseMatrix(matrix) ? toDenseMatrix(matrix) : matrix
}

/** The same entries ordered by column, which coordinate descent and column statistics want. */
export function sparseColumns(matrix: SparseMatrix): SparseColumns {
  const { nRows, nColumns, indptr, indices, values } = matrix
  const starts = new Uint32Array(nColumns + 1)
  for (let entry = 0; entry < indices.length; entry++) starts[indices[entry]! + 1]!++
  for (let column = 0; column < nColumns; column++) starts[column + 1]! += starts[column]!
  const next = starts.slice(0, nColumns)
  const rows = new Uint32Array(indices.length)
  const byColumn = new Float64Array(indices.length)
  for (let row = 0; row < nRows; row++) {
    const end = indptr[row + 1]!
    for (let entry = indptr[row]!; entry < end; entry++) {
      const to = next[indices[entry]!]!++
      rows[to] = row
      byColumn[to] = values[entry]!
    }
  }
  return { starts, rows, values: byColumn }
}

/**
 * The columns of several matrices beside each other, dense and sparse ones mixed.
 * @param names Of the columns, where they are known already: putting long lists together takes its time.
 * @throws MATRIX_INVALID without a part, or when the parts differ in their number of rows.
 */
export function stackSparseColumns(parts: readonly AnyMatrix[], names?: readonly string[]): SparseMatrix {
  const sparse = parts.map((part) => (isSparseMatrix(part) ? part : toSparseMatrix(part)))
  const first = sparse[0]
  if (!first) throw new BellwetherError('MATRIX_INVALID', 'There is no matrix to put beside another.')
  const { nRows } = first
  const other = sparse.find((part) => part.nRows !== nRows)
  if (other) {
    throw new BellwetherError(
      'MATRIX_INVALID',
      `Matrices beside each other have as many rows: not ${nRows} and ${other.nRows}.`,
    )
  }
  const nEntries = sparse.reduce((sum, part) => sum + part.values.length, 0)
  const indptr = new Uint32Array(nRows + 1)
  const indices = new Uint32Array(nEntries)
  const values = new Float64Array(nEntries)
  let to = 0
  for (let row = 0; row < nRows; row++) {
    let offset = 0
    for (const part of sparse) {
      const end = part.indptr[row + 1]!
      for (let from = part.indptr[row]!; from < end; from++) {
        indices[to] = part.indices[from]! + offset
        values[to++] = part.values[from]!
      }
      offset += part.nColumns
    }
    indptr[row + 1] = to
  }
  const nColumns = sparse.reduce((sum, part) => sum + part.nColumns, 0)
  return { nRows, nColumns, indptr, indices, values, names: names ?? sparse.flatMap((part) => part.names) }
}
