import { z } from 'zod'
import type { State } from '../../table/state.ts'
import { fitWeights, throwIfCancelled } from '../check-fit-input.ts'
import { refuseOtherWidth, refuseOutside } from '../check-matrix.ts'
import type { EstimatorDefinition, FitInput, FittedModel } from '../estimator.ts'
import { readState } from '../read-state.ts'

const BASELINE = 'baseline'

export const BaselineOptions = z.strictObject({})
export type BaselineOptions = z.output<typeof BaselineOptions>

/**
 * What a model must beat: it looks at no column. Classes: their shares among the training rows, so that the label is the
 * majority's. Numbers: their mean. As scikit-learn's `DummyClassifier(strategy='prior')` and `DummyRegressor()`.
 */
export const baseline: EstimatorDefinition<BaselineOptions> = {
  name: BASELINE,
  title: 'Baseline',
  tasks: ['classification', 'regression'],
  encoding: 'tree',
  options: BaselineOptions,
  searchSpace: () => ({}),
  fit: fitBaseline,
  restore: restoreBaseline,
}

/** @throws CANCELLED, and as `fitWeights` */
function fitBaseline(input: FitInput): FittedModel {
  const { x, target, signal } = input
  throwIfCancelled(signal)
  const weights = fitWeights(input)
  const answers = new Float64Array(target.task === 'classification' ? target.classes.length : 1)
  let total = 0
  for (let row = 0; row < x.nRows; row++) {
    const weight = weights[row]!
    total += weight
    if (target.task === 'classification') answers[target.codes[row]!]! += weight
    else answers[0]! += weight * target.values[row]!
  }
  return baselineModel(
    answers.map((answer) => answer / total),
    target.task,
    x.nColumns,
  )
}

/** @param answers The classes' shares, or the mean; shape (nClasses), or (1) for regression. */
function baselineModel(answers: Float64Array, task: FittedModel['task'], nColumns: number): FittedModel {
  const width = answers.length
  return {
    estimator: BASELINE,
    task,
    nClasses: task === 'classification' ? width : 0,
    predict(x) {
      refuseOtherWidth(x, nColumns, BASELINE)
      const predictions = new Float64Array(x.nRows * width)
      for (let row = 0; row < x.nRows; row++) predictions.set(answers, row * width)
      return predictions
    },
    explain(x, row, output) {
      refuseOtherWidth(x, nColumns, BASELINE)
      refuseOutside(x, row, output, width)
      const answer = answers[output]!
      return {
        space: task === 'classification' ? 'probability' : 'value',
        base: answer,
        score: answer,
        contributions: new Float64Array(nColumns),
      }
    },
    importances: () => new Float64Array(nColumns),
    state: () => ({ estimator: BASELINE, task, answers, nColumns }),
  }
}

/** @throws MODEL_STATE_INVALID */
function restoreBaseline(state: State): FittedModel {
  const reader = readState(state, BASELINE)
  const task = reader.text('task')
  if (task !== 'classification' && task !== 'regression') reader.fail('task', '"classification" or "regression"')
  const answers = reader.float64('answers', task === 'regression' ? 1 : undefined)
  if (answers.length === 0) reader.fail('answers', 'not empty')
  return baselineModel(answers, task as FittedModel['task'], reader.count('nColumns'))
}
