import { BellwetherError } from '../errors.ts'
import type { FitInput, FittedModel } from './estimator.ts'

/** @throws USAGE: a fit that goes on from a model must have the same of everything named. */
export function refuseOther(what: string, was: unknown, is: unknown): void {
  if (was === is) return
  throw new BellwetherError(
    'USAGE',
    `The model was fitted with ${what} ${String(was)}; expected the same, came ${String(is)}.`,
  )
}

/**
 * @param nColumns Of the matrix that the model was fitted on.
 * @throws USAGE when a fit that goes on has another task, number of classes or number of columns
 */
export function refuseOtherFit(model: FittedModel, nColumns: number, { x, target }: FitInput): void {
  const nClasses = target.task === 'classification' ? target.classes.length : 0
  refuseOther('the task', model.task, target.task)
  refuseOther('a number of classes of', model.nClasses, nClasses)
  refuseOther('a number of columns of', nColumns, x.nColumns)
}
