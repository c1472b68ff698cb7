import { BellwetherError } from '../../errors.ts'
import type { Fold } from '../splits/fold.ts'
import {
  type CrossValidated,
  crossValidated,
  type FoldResult,
  type PlannedTrial,
  type TrialResult,
} from './trial-result.ts'

/** Gathers the folds of one trial, in whatever order they come in. */
export class TrialCollector {
  readonly planned: PlannedTrial
  readonly #folds: readonly Fold[]
  readonly #results: (FoldResult | undefined)[]
  /** Message of each fold that failed. */
  readonly #errors = new Map<number, string>()
  #settled = 0
  #asked = 0

  constructor(planned: PlannedTrial, folds: readonly Fold[]) {
    this.planned = planned
    this.#folds = folds
    this.#results = folds.map(() => undefined)
  }

  /** A fold that failed makes the trial fail; folds that were not begun by then need not be. */
  get failed(): boolean {
    return this.#errors.size > 0
  }

  /** Whether all folds are in, or a failed trial has none on its way. */
  get settled(): boolean {
    return this.#settled === this.#folds.length || (this.failed && this.#settled === this.#asked)
  }

  begin(): void {
    this.#asked++
  }

  succeed(fold: number, result: FoldResult): void {
    this.#results[fold] = result
    this.#settled++
  }

  fail(fold: number, error: unknown): void {
    this.#errors.set(fold, messageOf(error))
    this.#settled++
  }

  /**
   * What became of the trial; to be called once, as the folds are let go of. Folds are begun in their order, so the first of
   * those that failed is the same whatever order they ended in.
   * @throws INTERNAL when the folds disagree in their metrics or in the shape of their predictions
   */
  finish(): TrialResult {
    const given = this.#results.splice(0)
    const seconds = given.reduce((sum, result) => sum + (result?.seconds ?? 0), 0)
    if (this.failed) {
      const first = Math.min(...this.#errors.keys())
      return { ...this.planned, seconds, error: this.#errors.get(first)! }
    }
    const results = given as FoldResult[]
    return { ...this.planned, cv: this.#crossValidated(results), seconds, outOfFold: this.#outOfFold(results) }
  }

  #crossValidated(results: readonly FoldResult[]): Record<string, CrossValidated> {
    return Object.fromEntries(
      Object.keys(results[0]!.metrics).map((name) => {
        const folds = results.map(({ metrics }) => {
          const value = metrics[name]
          if (value === undefined) throw this.#fault(`a fold has no metric "${name}"`)
          return value
        })
        return [name, crossValidated(folds)]
      }),
    )
  }

  #outOfFold(results: readonly FoldResult[]): Float64Array {
    let nRows = 0
    for (const { train, validation } of this.#folds) {
      for (const rows of [train, validation]) for (const row of rows) if (row >= nRows) nRows = row + 1
    }
    const width = results[0]!.predictions.length / this.#folds[0]!.validation.length
    const outOfFold = new Float64Array(nRows * width).fill(Number.NaN)
    for (const [fold, { predictions }] of results.entries()) {
      const { validation } = this.#folds[fold]!
      if (!Number.isInteger(width) || predictions.length !== validation.length * width) {
        throw this.#fault(`fold ${fold} has ${predictions.length} predictions for ${validation.length} rows`)
      }
      for (let i = 0; i < validation.length; i++) {
        outOfFold.set(predictions.subarray(i * width, (i + 1) * width), validation[i]! * width)
      }
    }
    return outOfFold
  }

  #fault(message: string): BellwetherError {
    return new BellwetherError('INTERNAL', `Trial ${this.planned.index} of ${this.planned.estimator}: ${message}.`)
  }
}

function messageOf(error: unknown): string {
  if (error instanceof Error) {
    const code = 'code' in error && typeof error.code === 'string' ? `${error.code}: ` : ''
    return `${code}${error.message}`
  }
  return String(error)
}
