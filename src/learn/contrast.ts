import type { Matrix } from '../table/matrix.ts'
import type { FittedModel, MatrixExplanation } from './estimator.ts'

/** How a model's scores for a row differ from those for a background row, column by column. */
export interface Contrast {
  readonly space: MatrixExplanation['space']
  /** One of each class (of two classes' log-odds: of each against the other), or one value; shape (nScores). */
  readonly scores: Float64Array
  /** Of the background row, shape (nScores). */
  readonly background: Float64Array
  /** Shapley values with the background row's values for what is unknown; each line sums to its difference. shape (nScores * nColumns) */
  readonly contributions: Float64Array
}

/** A fitted model that says itself how rows differ. */
export interface ContrastingModel extends FittedModel {
  contrast(x: Matrix, row: number, background: Matrix, other: number): Contrast
}

/**
 * Exact for every kind of model that we train: trees do it themselves; of a linear score, SHAP values against the mean, of one
 * row less those of the other, are coefficient * (x - background), which is the Shapley value.
 */
export function contrastRows(model: FittedModel, x: Matrix, row: number, background: Matrix, other: number): Contrast {
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
