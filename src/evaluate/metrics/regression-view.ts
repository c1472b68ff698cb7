import { BellwetherError } from '../../errors.ts'
import type { Target } from '../../table/target.ts'

export type RegressionTarget = Extract<Target, { task: 'regression' }>

/** What predicted numbers say of each row, whatever the weights; computed once for all bootstrap resamples. */
export class RegressionFacts {
  readonly nRows: number
  /** True value of each row, shape (nRows). */
  readonly values: Float64Array
  readonly predictions: Float64Array
  /** |true - predicted|, shape (nRows). */
  readonly absoluteError: Float64Array
  /** Whether every prediction is a finite number. */
  readonly finite: boolean
  #order: Uint32Array | undefined

  /** @throws INTERNAL when the shapes disagree. */
  constructor(target: RegressionTarget, predictions: Float64Array) {
    if (predictions.length !== target.values.length) {
      throw new BellwetherError('INTERNAL', `Expected ${target.values.length} predictions, came ${predictions.length}.`)
    }
    this.nRows = predictions.length
    this.values = target.values
    this.predictions = predictions
    this.absoluteError = predictions.map((prediction, row) => Math.abs(target.values[row]! - prediction))
    this.finite = predictions.every(Number.isFinite)
  }

  /** Row numbers by ascending absolute error, shape (nRows). */
  get errorOrder(): Uint32Array {
    const { absoluteError } = this
    this.#order ??= Uint32Array.from(absoluteError.keys()).sort(
      (a, b) => absoluteError[a]! - absoluteError[b]! || a - b,
    )
    return this.#order
  }
}

/** Facts weighed row by row. */
export class RegressionView {
  readonly facts: RegressionFacts
  /** Not negative, shape (nRows); null for all 1. */
  readonly weights: Float64Array | null

  constructor(facts: RegressionFacts, weights: Float64Array | null = null) {
    this.facts = facts
    this.weights = weights
  }
}
