import { readState } from '../../learn/read-state.ts'
import type { State } from '../../table/state.ts'
import type { Table } from '../../table/table.ts'
import { type CvPlus, cvPlusInterval, cvPlusState, restoreCvPlus } from './cv-plus.ts'
import { type QuantileInterval, quantileInterval } from './quantile-interval.ts'

/** A model that bounds are taken from. */
export interface BoundingModel {
  /** Input columns that it reads. */
  readonly inputs: readonly string[]
  /** Values, shape (nRows). */
  predict(table: Table): Float64Array
  state(): State
}

/** Intervals that take more models than the one that answers. */
export interface IntervalModels {
  readonly promise: CvPlus | QuantileInterval
  /** One of each fold (CV+), or of the low and the high quantile. */
  readonly models: readonly BoundingModel[]
}

/** Bounds of each row, or null where there were too few rows for any promise. */
export function intervalsBy({ promise, models }: IntervalModels, table: Table): (readonly [number, number] | null)[] {
  const predictions = models.map((model) => model.predict(table))
  return Array.from({ length: table.nRows }, (_, row) => {
    const own = predictions.map((each) => each[row]!)
    return promise.method === 'cv+' ? cvPlusInterval(own, promise) : quantileInterval(own[0]!, own[1]!, promise)
  })
}

export function intervalModelsState({ promise, models }: IntervalModels): State {
  const { alpha, nRows } = promise
  return {
    promise:
      promise.method === 'cv+' ? cvPlusState(promise) : { method: 'quantile', alpha, nRows, margin: promise.margin },
    models: models.map((model) => model.state()),
  }
}

/**
 * @param restoreModel Of one model's state.
 * @throws MODEL_STATE_INVALID, and as `restoreModel` does
 */
export function restoreIntervalModels(state: State, restoreModel: (state: State) => BoundingModel): IntervalModels {
  const reader = readState(state, 'intervals')
  const promise = restorePromise(reader.raw('promise'))
  const states = reader.raw('models')
  const expected = promise.method === 'cv+' ? promise.residuals.length : 2
  if (!Array.isArray(states) || states.length !== expected) return reader.fail('models', `a list of ${expected}`)
  return { promise, models: states.map((each: State) => restoreModel(each)) }
}

function restorePromise(state: State): IntervalModels['promise'] {
  const reader = readState(state, 'intervals.promise')
  const method = reader.text('method')
  if (method === 'cv+') return restoreCvPlus(state)
  if (method !== 'quantile') return reader.fail('method', '"cv+" or "quantile"')
  const alpha = reader.number('alpha')
  if (!(alpha > 0 && alpha < 1)) reader.fail('alpha', 'between 0 and 1')
  const margin = reader.raw('margin') === null ? null : reader.number('margin')
  return { task: 'regression', method, alpha, nRows: reader.count('nRows'), margin }
}
