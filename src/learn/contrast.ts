import type { AnyMatrix } from '../table/sparse-matrix.ts'
import type { FittedModel, MatrixExplanation } from './estimator.ts'

/** How a model's scores for a row differ from those for a background row, column by column. */
export interface Contrast {
  readonly space: MatrixExplanation['space']
  /** One of each class (of two classes' log-odds: of each against the other), or one value; shape (nScores). */
  readonly scores: Float64Array
  /** Of the background row, shape (nScores). */
  readonly background: Float64Array
  /**
   * The matrix columns that `contributions` stand for, ascending; all of them when left out. Of sparse rows those that are not 0 in
   * one of the two: the others can't differ.
   */
  readonly columns?: Uint32Array
  /**
   * Shapley values with the background row's values for what is unknown; each line sums to its difference.
   * shape (nScores * nColumns), nColumns those of `columns`
   */
  readonly contributions: Float64Array
}

/** A fitted model that says itself how rows differ. */
export interface ContrastingModel extends FittedModel {
  contrast(x: AnyMatrix, row: number, background: AnyMatrix, other: number): Contrast
}

/**
 * Exact for every kind of model that we train: trees and linear models do it themselves. For others, whose contributions are against
 * the mean of each column by itself, those of one row less those of the other are the Shapley values.
 */
export function contrastRows(
  model: FittedModel,
  x: AnyMatrix,
  row: number,
  background: AnyMatrix,
  other: number,
): Contrast {
  if (isContrasting(model)) return model.contrast(x, row, background, other)
  const nScores = Math.max(1, model.nClasses)
  const { nColumns } = x
  const scores = new Float64Array(nScores)
  const others = new Float64Array(nScores)
  const contributions = new Float64Array(nScores * nColumns)
  let space: Contrast['space'] = 'value'
  for (let k = 0; k < nScores; k++) {
    const own = model.explain(x, row, k)
    const reference = model.explain(background, other, k)
    space = own.space
    scores[k] = own.score
    others[k] = reference.score
    for (let j = 0; j < nColumns; j++)
      contributions[k * nColumns + j] = own.contributions[j]! - reference.contributions[j]!
  }
  return { space, scores, background: others, contributions }
}

function isContrasting(model: FittedModel): model is ContrastingModel {
  return 'contrast' in model
}
