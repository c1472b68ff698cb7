import type { Matrix } from '../table/matrix.ts'
import type { FittedModel } from './estimator.ts'
import type { FitThreads } from './kernels/kernel-team.ts'

/**
 * A fitted model for the two ends of serving: it answers one row at a time without making anything new, and large batches with the help of
 * threads.
 */
export interface RowModel extends FittedModel {
  /** @param threads Threads that help with many rows; the same answers with and without. */
  predict(x: Matrix, threads?: FitThreads | null): Float64Array
  /**
   * The answer that `predict` gives for a row alone, to the last bit.
   * in:  `values`, shape (nColumns)
   * out: `output`, shape (nClasses) or (1)
   * @throws INTERNAL when one of them has another shape
   */
  predictRow(values: Float64Array, output: Float64Array): void
}

export function answersRows(model: FittedModel): model is RowModel {
  return 'predictRow' in model
}
