import { throwIfCancelled } from '../check-fit-input.ts'
import type { CompressedColumns } from './compressed-columns.ts'

/**
 * Weighted products of all pairs of columns, with a column of ones at the end for the intercept:
 *   gram[i, j] = sum over rows of rowWeights[row] * x[row, i] * x[row, j]
 * @param rowWeights shape (nRows)
 * @param signal Looked at before each dense column.
 * @returns Both halves, shape (nColumns + 1, nColumns + 1) row-major.
 * @throws CANCELLED
 */
export function gramWithIntercept(x: CompressedColumns, rowWeights: Float64Array, signal?: AbortSignal): Float64Array {
  const size = x.nColumns + 1
  const gram = new Float64Array(size * size)
  addDensePairs(x, rowWeights, gram, size, signal)
  addSparsePairs(x, rowWeights, gram, size)
  let total = 0
  for (const weight of rowWeights) total += weight
  gram[size * size - 1] = total
  // The loops above fill one half, (larger, smaller) or (smaller, larger); the other entry is still 0.
  for (let i = 0; i < size; i++) {
    for (let j = 0; j < i; j++) {
      const sum = gram[i * size + j]! + gram[j * size + i]!
      gram[i * size + j] = sum
      gram[j * size + i] = sum
    }
  }
  return gram
}

/** Pairs with a dense column in them: dense with dense, with sparse, and with the ones. */
function addDensePairs(
  x: CompressedColumns,
  rowWeights: Float64Array,
  gram: Float64Array,
  size: number,
  signal: AbortSignal | undefined,
): void {
  const weighted = new Float64Array(x.nRows)
  for (let d = 0; d < x.dense.length; d++) {
    throwIfCancelled(signal)
    const values = x.denseValues[d]!
    const to = x.dense[d]! * size
    let total = 0
    for (let row = 0; row < values.length; row++) {
      weighted[row] = values[row]! * rowWeights[row]!
      total += weighted[row]!
    }
    gram[to + size - 1] = total
    for (let e = 0; e <= d; e++) {
      const others = x.denseValues[e]!
      let sum = 0
      for (let row = 0; row < others.length; row++) sum += weighted[row]! * others[row]!
      gram[to + x.dense[e]!] = sum
    }
    for (let s = 0; s < x.sparse.length; s++) {
      const end = x.starts[s + 1]!
      let sum = 0
      for (let entry = x.starts[s]!; entry < end; entry++) sum += weighted[x.rows[entry]!]! * x.values[entry]!
      gram[to + x.sparse[s]!] = sum
    }
  }
}

/** Pairs of sparse columns, row by row: a row of a one-hot matrix has few non-zero values. */
function addSparsePairs(x: CompressedColumns, rowWeights: Float64Array, gram: Float64Array, size: number): void {
  // The same entries ordered by row: those of a row lie from rowStarts[row] to rowStarts[row + 1], columns ascending.
  const rowStarts = new Uint32Array(x.nRows + 1)
  for (const row of x.rows) rowStarts[row + 1]!++
  for (let row = 0; row < x.nRows; row++) rowStarts[row + 1]! += rowStarts[row]!
  const next = rowStarts.slice()
  const columns = new Uint32Array(x.rows.length)
  const values = new Float64Array(x.rows.length)
  for (let s = 0; s < x.sparse.length; s++) {
    for (let entry = x.starts[s]!; entry < x.starts[s + 1]!; entry++) {
      const at = next[x.rows[entry]!]!++
      columns[at] = x.sparse[s]!
      values[at] = x.values[entry]!
    }
  }
  for (let row = 0; row < x.nRows; row++) {
    const end = rowStarts[row + 1]!
    for (let a = rowStarts[row]!; a < end; a++) {
      const weighted = values[a]! * rowWeights[row]!
      const to = columns[a]! * size
      gram[to + size - 1]! += weighted
      for (let b = rowStarts[row]!; b <= a; b++) gram[to + columns[b]!]! += weighted * values[b]!
    }
  }
}
