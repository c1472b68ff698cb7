import type { FittedModel } from './estimator.ts'

/** A fitted model that also answers one row at a time without making anything new: for a server's single requests. */
export interface RowModel extends FittedModel {
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
