import type { Matrix } from '../table/matrix.ts'
import type { FittedModel } from './estimator.ts'

/**
 * Answers some rows with other values in a few columns.
 * @param changed Columns of the matrix.
 * @param versions Matrices of the same rows that differ from them in those columns alone.
 * @returns What `predict` says of each version, to the last bit.
 */
export type ChangedAnswers = (changed: readonly number[], versions: readonly Matrix[]) => Float64Array[]

/** A fitted model that answers the same rows again and again with a few columns changed, for less work than `predict` takes. */
export interface ChangingModel extends FittedModel {
  /**
   * @param x The rows as they are.
   * @returns null where they are too many for it.
   */
  changing(x: Matrix): ChangedAnswers | null
}

export function answersChanges(model: FittedModel): model is ChangingModel {
  return 'changing' in model
}
