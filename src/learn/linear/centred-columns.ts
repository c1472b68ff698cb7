import type { AnyMatrix } from '../../table/sparse-matrix.ts'
import { type CompressedColumns, compressColumns } from './compressed-columns.ts'
import { gramWithIntercept } from './gram.ts'

/**
 * Compressed columns of which the dense ones are less their means: products of columns with large means would lose their
 * digits. Columns that are mostly zeros stay so; whoever uses them takes their means into account.
 * @param means Weighted mean of each column; shape (nColumns).
 */
export function centreDenseColumns(x: AnyMatrix, means: Float64Array): CompressedColumns {
  const raw = compressColumns(x)
  return {
    ...raw,
    denseValues: raw.denseValues.map((values, d) => {
      const mean = means[raw.dense[d]!]!
      return values.map((value) => value - mean)
    }),
  }
}

/**
 * Weighted products of all pairs of columns less their means, those of compressed columns taken out afterwards.
 * @param columns As `centreDenseColumns` gives them.
 * @returns Both halves, shape (nColumns, nColumns) row-major.
 * @throws CANCELLED
 */
export function centredGram(columns: CompressedColumns, weights: Float64Array, signal?: AbortSignal): Float64Array {
  const { nColumns } = columns
  const size = nColumns + 1
  const products = gramWithIntercept(columns, weights, signal)
  const total = products[size * size - 1]!
  const gram = new Float64Array(nColumns * nColumns)
  for (let i = 0; i < nColumns; i++) {
    for (let j = 0; j < nColumns; j++) {
      const ofMeans = (products[i * size + nColumns]! * products[j * size + nColumns]!) / total
      gram[i * nColumns + j] = products[i * size + j]! - ofMeans
    }
  }
  return gram
}
