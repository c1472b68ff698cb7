import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { codeOf } from '../../test/support/code-of.ts'
import { type Matrix, type Numbers, selectMatrixRows } from './matrix.ts'
import {
  checkSparseMatrix,
  isSparseMatrix,
  type SparseMatrix,
  selectSparseRows,
  sparseColumns,
  stackSparseColumns,
  toDenseMatrix,
  toSparseMatrix,
} from './sparse-matrix.ts'
import {
  sparseTimesDense,
  sparseTimesVector,
  sparseTransposeTimesDense,
  sparseTransposeTimesVector,
} from './sparse-products.ts'

/** Small whole numbers, most of them 0: sums are exact in any order. */
const cell = fc.oneof(
  { weight: 3, arbitrary: fc.constant(0) },
  { weight: 1, arbitrary: fc.integer({ min: -9, max: 9 }) },
)

const shaped = (nRows: number, nColumns: number): fc.Arbitrary<Matrix> =>
  fc.array(cell, { minLength: nRows * nColumns, maxLength: nRows * nColumns }).map((cells) => ({
    nRows,
    nColumns,
    data: Float64Array.from(cells),
    names: Array.from({ length: nColumns }, (_, j) => `x${j}`),
  }))

const matrices = fc.tuple(fc.nat(6), fc.nat(6)).chain(([nRows, nColumns]) => shaped(nRows, nColumns))

const at = (matrix: Matrix, row: number, column: number) => matrix.data[column * matrix.nRows + row]!
const vectorOf = (length: number) => Float64Array.from({ length }, (_, i) => ((i * 7) % 5) - 2)

/** -0 and 0 are the same number here: a product with 0 that is left out gives no sign. */
const plain = (numbers: Numbers) => Array.from(numbers, (value) => value + 0)

describe('a sparse matrix', () => {
  test('holds what the dense one holds, there and back', () => {
    fc.assert(
      fc.property(matrices, (dense) => {
        const sparse = checkSparseMatrix(toSparseMatrix(dense))
        expect(sparse.values.every((value) => value !== 0)).toBe(true)
        const back = toDenseMatrix(sparse)
        expect(plain(back.data)).toEqual(plain(dense.data))
        expect(back.names).toEqual(dense.names)
      }),
    )
  })

  test('keeps missing values as entries', () => {
    const sparse = toSparseMatrix({ nRows: 2, nColumns: 1, data: Float64Array.of(0, Number.NaN), names: ['x'] })
    expect(Array.from(sparse.indptr)).toEqual([0, 0, 1])
    expect(sparse.values[0]).toBeNaN()
  })

  test('gives the same rows as the dense one, repeated ones too', () => {
    fc.assert(
      fc.property(matrices, fc.array(fc.nat()), (dense, picks) => {
        const rows = Uint32Array.from(dense.nRows === 0 ? [] : picks, (pick) => pick % dense.nRows)
        const picked = checkSparseMatrix(selectSparseRows(toSparseMatrix(dense), rows))
        expect(plain(toDenseMatrix(picked).data)).toEqual(plain(selectMatrixRows(dense, rows).data))
      }),
    )
  })

  test('gives its entries by column, rows ascending', () => {
    fc.assert(
      fc.property(matrices, (dense) => {
        const { starts, rows, values } = sparseColumns(toSparseMatrix(dense))
        const found: number[][] = []
        for (let column = 0; column < dense.nColumns; column++) {
          for (let e = starts[column]!; e < starts[column + 1]!; e++) found.push([column, rows[e]!, values[e]!])
        }
        const wanted: number[][] = []
        for (let column = 0; column < dense.nColumns; column++) {
          for (let row = 0; row < dense.nRows; row++) {
            if (at(dense, row, column) !== 0) wanted.push([column, row, at(dense, row, column)])
          }
        }
        expect(found).toEqual(wanted)
      }),
    )
  })

  test('stands beside dense and sparse ones', () => {
    fc.assert(
      fc.property(
        fc.nat(5).chain((nRows) => fc.tuple(shaped(nRows, 3), shaped(nRows, 0), shaped(nRows, 4))),
        ([a, b, c]) => {
          const stacked = checkSparseMatrix(stackSparseColumns([a, toSparseMatrix(b), toSparseMatrix(c)]))
          expect(plain(toDenseMatrix(stacked).data)).toEqual(plain(Float64Array.of(...a.data, ...b.data, ...c.data)))
          expect(stacked.names).toEqual([...a.names, ...b.names, ...c.names])
        },
      ),
    )
  })

  test('multiplies as the sums over all cells do', () => {
    fc.assert(
      fc.property(matrices, fc.integer({ min: 1, max: 3 }), (dense, nOutputs) => {
        const { nRows, nColumns } = dense
        const x = toSparseMatrix(dense)
        const perColumn = vectorOf(nColumns * nOutputs)
        const perRow = vectorOf(nRows * nOutputs)
        const product = new Float64Array(nRows * nOutputs)
        const transposed = new Float64Array(nColumns * nOutputs)
        for (let row = 0; row < nRows; row++) {
          for (let column = 0; column < nColumns; column++) {
            for (let k = 0; k < nOutputs; k++) {
              product[row * nOutputs + k]! += at(dense, row, column) * perColumn[column * nOutputs + k]!
              transposed[column * nOutputs + k]! += at(dense, row, column) * perRow[row * nOutputs + k]!
            }
          }
        }
        const out = new Float64Array(nRows * nOutputs).fill(99)
        const outTransposed = new Float64Array(nColumns * nOutputs).fill(99)
        sparseTimesDense(x, perColumn, nOutputs, out)
        sparseTransposeTimesDense(x, perRow, nOutputs, outTransposed)
        expect(plain(out)).toEqual(plain(product))
        expect(plain(outTransposed)).toEqual(plain(transposed))
        if (nOutputs > 1) return
        sparseTimesVector(x, perColumn, out.fill(99))
        sparseTransposeTimesVector(x, perRow, outTransposed.fill(99))
        expect(plain(out)).toEqual(plain(product))
        expect(plain(outTransposed)).toEqual(plain(transposed))
      }),
    )
  })

  test('is told from a dense one', () => {
    const dense: Matrix = { nRows: 1, nColumns: 1, data: Float64Array.of(1), names: ['x'] }
    expect(isSparseMatrix(dense)).toBe(false)
    expect(isSparseMatrix(toSparseMatrix(dense))).toBe(true)
  })
})

describe('a sparse matrix that does not hold together is refused', () => {
  const good: SparseMatrix = {
    nRows: 2,
    nColumns: 3,
    indptr: Uint32Array.of(0, 2, 3),
    indices: Uint32Array.of(0, 2, 1),
    values: Float64Array.of(1, 2, 3),
    names: ['a', 'b', 'c'],
  }
  const bad: [string, Partial<SparseMatrix>][] = [
    ['a row start too few', { indptr: Uint32Array.of(0, 3) }],
    ['a first row that starts late', { indptr: Uint32Array.of(1, 2, 3) }],
    ['a last row that ends early', { indptr: Uint32Array.of(0, 2, 2) }],
    ['a row that ends before it starts', { indptr: Uint32Array.of(0, 4, 3) }],
    ['columns that do not ascend', { indices: Uint32Array.of(2, 0, 1) }],
    ['a column twice', { indices: Uint32Array.of(2, 2, 1) }],
    ['a column beyond the last', { indices: Uint32Array.of(0, 3, 1) }],
    ['a value too few', { values: Float64Array.of(1, 2) }],
    ['a name too few', { names: ['a', 'b'] }],
  ]
  test('and a good one is not', () => {
    expect(checkSparseMatrix(good)).toBe(good)
  })
  test.each(bad)('%s', (_, part) => {
    expect(codeOf(() => checkSparseMatrix({ ...good, ...part }))).toBe('MATRIX_INVALID')
  })

  test('nor are matrices of different heights put beside each other', () => {
    expect(codeOf(() => stackSparseColumns([good, selectSparseRows(good, Uint32Array.of(0))]))).toBe('MATRIX_INVALID')
    expect(codeOf(() => stackSparseColumns([]))).toBe('MATRIX_INVALID')
  })

  test('and no dense matrix is made that would fill the memory', () => {
    const wide = { ...good, nRows: 50_000, nColumns: 2 ** 20 }
    expect(codeOf(() => toDenseMatrix(wide))).toBe('MATRIX_TOO_LARGE')
  })
})
