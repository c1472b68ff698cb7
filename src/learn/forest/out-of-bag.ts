import type { Target } from '../../table/target.ts'

/** How a forest answers rows that its trees did not learn from, each by the trees that left it out. */
export interface OutOfBag {
  /** Accuracy of classes or R^2 of numbers, as scikit-learn's `oob_score_`, over the rows that have an answer; NaN where none has. */
  readonly score: number
  /** Class shares or means of each row with weight, NaN where every tree learnt from it; shape (nRows * nOutputs). */
  readonly predictions: Float64Array
  /** Rows that every tree learnt from. */
  readonly nWithout: number
}

/** Sums up the trees' answers for rows out of their bags while a forest grows. */
export class OutOfBagSums {
  readonly #rows: Uint32Array
  readonly #nOutputs: number
  readonly #sums: Float64Array
  readonly #nTrees: Int32Array

  /** @param rows Rows of the matrix that the forest learns from. */
  constructor(rows: Uint32Array, nOutputs: number) {
    this.#rows = rows
    this.#nOutputs = nOutputs
    this.#sums = new Float64Array(rows.length * nOutputs)
    this.#nTrees = new Int32Array(rows.length)
  }

  /**
   * Takes in a tree.
   * in: `leafOf`, the leaf that a row of the matrix comes to; `values`, of the leaves; `times`, how often each row was drawn for it, 0 for those
   *     left out, shape (nRows)
   */
  add(leafOf: (row: number) => number, values: Float64Array, times: ArrayLike<number>): void {
    const nOutputs = this.#nOutputs
    for (let row = 0; row < times.length; row++) {
      if (times[row] !== 0) continue
      const at = leafOf(this.#rows[row]!) * nOutputs
      for (let j = 0; j < nOutputs; j++) this.#sums[row * nOutputs + j]! += values[at + j]!
      this.#nTrees[row]!++
    }
  }

  /** @param target Of the same rows. */
  finish(target: Target): OutOfBag {
    const predictions = this.#sums.map((sum, i) => sum / this.#nTrees[Math.floor(i / this.#nOutputs)]!)
    const answered: number[] = []
    this.#nTrees.forEach((count, row) => {
      if (count > 0) answered.push(row)
    })
    const score = answered.length === 0 ? Number.NaN : scoreOf(predictions, this.#nOutputs, target, answered)
    return { score, predictions, nWithout: this.#nTrees.length - answered.length }
  }
}

function scoreOf(predictions: Float64Array, nOutputs: number, target: Target, rows: readonly number[]): number {
  if (target.task === 'classification') {
    const right = rows.filter((row) => {
      const shares = predictions.subarray(row * nOutputs, (row + 1) * nOutputs)
      // Of equal shares the first class, as argmax.
      return shares.indexOf(Math.max(...shares)) === target.codes[row]
    })
    return right.length / rows.length
  }
  const { values } = target
  const mean = rows.reduce((sum, row) => sum + values[row]!, 0) / rows.length
  const total = rows.reduce((sum, row) => sum + (values[row]! - mean) ** 2, 0)
  const left = rows.reduce((sum, row) => sum + (values[row]! - predictions[row]!) ** 2, 0)
  return total > 0 ? 1 - left / total : left === 0 ? 1 : 0
}
