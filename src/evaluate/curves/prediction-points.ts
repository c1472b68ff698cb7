import { RandomState } from '../../table/random.ts'
import type { Target } from '../../table/target.ts'

/** Predicted beside true numbers, for a scatter plot; plain JSON. */
export interface PredictionPoints {
  /** Rows that there are; the points are a sample when there are more than fit. */
  readonly nRows: number
  readonly actual: readonly number[]
  readonly predicted: readonly number[]
}

/**
 * @param predictions shape (nRows); rows without a finite one are left out.
 * @param maxPoints Above this, an even draw of the rows, always the same one. Default 2000.
 */
export function predictionPoints(
  target: Extract<Target, { task: 'regression' }>,
  predictions: Float64Array,
  maxPoints = 2000,
): PredictionPoints {
  let rows = Uint32Array.from(predictions.keys()).filter((row) => Number.isFinite(predictions[row]))
  if (rows.length > maxPoints) rows = new RandomState(0).shuffle(rows).slice(0, maxPoints).sort()
  return {
    nRows: predictions.length,
    actual: Array.from(rows, (row) => target.values[row]!),
    predicted: Array.from(rows, (row) => predictions[row]!),
  }
}
