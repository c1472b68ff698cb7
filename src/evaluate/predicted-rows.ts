import { BellwetherError } from '../errors.ts'

/**
 * The rows that every one of several models predicted out of fold: those without NaN. Folds by time validate no early row.
 * @param predictions Each of shape (nRows * width) row-major.
 * @returns Row numbers, ascending.
 * @throws INTERNAL when a shape disagrees; OUT_OF_FOLD_MISSING when there is no such row.
 */
export function predictedRows(nRows: number, width: number, predictions: readonly Float64Array[]): Uint32Array {
  for (const own of predictions) {
    if (own.length === nRows * width) continue
    const message = `Expected ${nRows} x ${width} out-of-fold predictions, came ${own.length}.`
    throw new BellwetherError('INTERNAL', message)
  }
  const rows = new Uint32Array(nRows)
  let n = 0
  for (let row = 0; row < nRows; row++) {
    if (predictions.every((own) => isPredicted(own, row, width))) rows[n++] = row
  }
  if (n === 0)
    throw new BellwetherError('OUT_OF_FOLD_MISSING', `None of the ${nRows} rows has an out-of-fold prediction.`)
  return rows.slice(0, n)
}

function isPredicted(predictions: Float64Array, row: number, width: number): boolean {
  for (let i = row * width; i < (row + 1) * width; i++) if (Number.isNaN(predictions[i]!)) return false
  return true
}

/** The given rows of predictions, shape (rows.length * width) row-major; a new array. */
export function selectPredictions(predictions: Float64Array, rows: Uint32Array, width: number): Float64Array {
  const selected = new Float64Array(rows.length * width)
  for (let i = 0; i < rows.length; i++) {
    selected.set(predictions.subarray(rows[i]! * width, (rows[i]! + 1) * width), i * width)
  }
  return selected
}
