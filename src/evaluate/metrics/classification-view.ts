import { BellwetherError } from '../../errors.ts'
import type { Target } from '../../table/target.ts'
import { type RankOrder, type RankSummary, rankOrder, summariseRanking } from './rank-order.ts'

export type ClassificationTarget = Extract<Target, { task: 'classification' }>

/** Bins of the expected calibration error. */
export const ECE_BINS = 15

/**
 * What predictions say of each row, whatever the rows' weights: computed once, then weighed by as many views as one
 * likes. A bootstrap resample is a view whose weights are counts, and costs no sorting.
 */
export class ClassificationFacts {
  readonly nRows: number
  readonly nClasses: number
  readonly codes: Int32Array
  /** shape (nRows * nClasses), row-major */
  readonly probabilities: Float64Array
  /** Code of the class that metrics of two classes are about. */
  readonly positive: number
  /** Class of the largest (weighted) probability, the first of equals, as numpy's argmax; shape (nRows). */
  readonly labels: Int32Array
  /** Probability of the label: the largest one where classes are not weighed; shape (nRows). */
  readonly confidence: Float64Array
  /** Whether every probability is a finite number. */
  readonly finite: boolean
  readonly #orders: (RankOrder | undefined)[]
  readonly #members: (Uint8Array | undefined)[]
  #logLoss: Float64Array | undefined
  #squaredError: Float64Array | undefined

  /**
   * @param decision Weight of each class when the label is decided, shape (nClasses); null: all the same.
   * @throws INTERNAL when the shapes disagree.
   */
  constructor(
    target: ClassificationTarget,
    probabilities: Float64Array,
    positive: number,
    decision: Float64Array | null = null,
  ) {
    const nRows = target.codes.length
    const nClasses = target.classes.length
    if (probabilities.length !== nRows * nClasses) {
      const message = `Expected ${nRows} x ${nClasses} probabilities, came ${probabilities.length}.`
      throw new BellwetherError('INTERNAL', message)
    }
    this.nRows = nRows
    this.nClasses = nClasses
    this.codes = target.codes
    this.probabilities = probabilities
    this.positive = positive
    this.labels = new Int32Array(nRows)
    this.confidence = new Float64Array(nRows)
    this.#orders = new Array(nClasses)
    this.#members = new Array(nClasses)
    let finite = true
    for (let row = 0; row < nRows; row++) {
      let best = 0
      for (let c = 0; c < nClasses; c++) {
        const p = probabilities[row * nClasses + c]!
        finite &&= Number.isFinite(p)
        if (decision === null) {
          if (p > probabilities[row * nClasses + best]!) best = c
        } else if (p * decision[c]! > probabilities[row * nClasses + best]! * decision[best]!) best = c
      }
      this.labels[row] = best
      this.confidence[row] = probabilities[row * nClasses + best]!
    }
    this.finite = finite
  }

  /** Probability of class c for each row, shape (nRows); a new array. */
  scoresOf(c: number): Float64Array {
    const { nRows, nClasses, probabilities } = this
    return Float64Array.from({ length: nRows }, (_, row) => probabilities[row * nClasses + c]!)
  }

  /** Rows by descending probability of class c. */
  orderOf(c: number): RankOrder {
    this.#orders[c] ??= rankOrder(this.scoresOf(c))
    return this.#orders[c]
  }

  /** 1 where a row is of class c; shape (nRows). */
  membersOf(c: number): Uint8Array {
    this.#members[c] ??= Uint8Array.from(this.codes, (code) => (code === c ? 1 : 0))
    return this.#members[c]
  }

  /** -ln of the true class's probability, clipped to [ε, 1 - ε] with ε = 2⁻⁵² as scikit-learn does; shape (nRows). */
  get logLoss(): Float64Array {
    const { nClasses, probabilities, codes } = this
    this.#logLoss ??= Float64Array.from(codes, (code, row) => {
      const p = probabilities[row * nClasses + code]!
      return -Math.log(Math.min(Math.max(p, Number.EPSILON), 1 - Number.EPSILON))
    })
    return this.#logLoss
  }

  /** Σ over the classes of (probability - truth)², in [0, 2]; shape (nRows). */
  get squaredError(): Float64Array {
    const { nClasses, probabilities, codes } = this
    this.#squaredError ??= Float64Array.from(codes, (code, row) => {
      let sum = 0
      for (let c = 0; c < nClasses; c++) sum += (probabilities[row * nClasses + c]! - (c === code ? 1 : 0)) ** 2
      return sum
    })
    return this.#squaredError
  }
}

/** Facts weighed row by row; what several metrics share is computed once, when first asked for. */
export class ClassificationView {
  readonly facts: ClassificationFacts
  /** Not negative, shape (nRows); null for all 1. */
  readonly weights: Float64Array | null
  #confusion: Float64Array | undefined
  #rankings: (RankSummary | undefined)[]

  constructor(facts: ClassificationFacts, weights: Float64Array | null = null) {
    this.facts = facts
    this.weights = weights
    this.#rankings = new Array(facts.nClasses)
  }

  /** Weight of the rows of class i that were predicted as class j, shape (nClasses * nClasses) at `i * nClasses + j`. */
  get confusion(): Float64Array {
    if (this.#confusion) return this.#confusion
    const { nRows, nClasses, codes, labels } = this.facts
    const confusion = new Float64Array(nClasses * nClasses)
    for (let row = 0; row < nRows; row++) {
      confusion[codes[row]! * nClasses + labels[row]!]! += this.weights === null ? 1 : this.weights[row]!
    }
    this.#confusion = confusion
    return confusion
  }

  /** Weight of the rows of each class, shape (nClasses). */
  get support(): Float64Array {
    const { nClasses } = this.facts
    const { confusion } = this
    const support = new Float64Array(nClasses)
    for (let i = 0; i < confusion.length; i++) support[Math.floor(i / nClasses)]! += confusion[i]!
    return support
  }

  /** Weight of the rows predicted as each class, shape (nClasses). */
  get predicted(): Float64Array {
    const { nClasses } = this.facts
    const { confusion } = this
    const predicted = new Float64Array(nClasses)
    for (let i = 0; i < confusion.length; i++) predicted[i % nClasses]! += confusion[i]!
    return predicted
  }

  /** Weight of all rows. */
  get total(): number {
    return this.confusion.reduce((sum, weight) => sum + weight, 0)
  }

  /** Weight of the rows that were predicted right. */
  get correct(): number {
    const { nClasses } = this.facts
    let correct = 0
    for (let c = 0; c < nClasses; c++) correct += this.confusion[c * nClasses + c]!
    return correct
  }

  /** How the probability of class c orders its rows against the rest. */
  ranking(c: number): RankSummary {
    this.#rankings[c] ??= summariseRanking(this.facts.orderOf(c), this.facts.membersOf(c), this.weights)
    return this.#rankings[c]
  }
}

/** Σ weight · value / Σ weight; NaN without weight. @param weights null for all 1. */
export function weightedMean(values: ArrayLike<number>, weights: ArrayLike<number> | null): number {
  let sum = 0
  let total = 0
  for (let i = 0; i < values.length; i++) {
    const weight = weights === null ? 1 : weights[i]!
    if (weight === 0) continue
    sum += weight * values[i]!
    total += weight
  }
  return sum / total
}
