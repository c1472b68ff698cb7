import { RandomState } from '../../table/random.ts'
import type { KernelMemory } from '../kernels/kernel-memory.ts'

/** The rows of one round, and those that it leaves out; both ascending. Good until the next round. */
export interface SampledRows {
  readonly sample: Uint32Array
  readonly others: Uint32Array
}

/** Draws rows without replacement, every choice as likely (Knuth's algorithm S), round after round into the same arrays. */
export class RowSampler {
  readonly #nRows: number
  readonly #count: number
  readonly #sample: Uint32Array
  readonly #others: Uint32Array
  readonly #memory: KernelMemory | null

  /** @param memory Where the rows are to lie, for the kernel to draw them; null for plain arrays. */
  constructor(nRows: number, count: number, memory: KernelMemory | null) {
    this.#nRows = nRows
    this.#count = count
    this.#memory = memory
    const array = () => (memory ? memory.uint32(nRows + 1) : new Uint32Array(nRows + 1))
    this.#sample = array()
    this.#others = array()
  }

  /** `count` of the rows 0 to nRows - 1, by the stream of the seed. */
  draw(seed: number): SampledRows {
    const [nRows, count] = [this.#nRows, this.#count]
    const sample = this.#sample.subarray(0, count)
    const others = this.#others.subarray(0, nRows - count)
    if (this.#memory) {
      this.#memory.kernels.sampleRows(seed, nRows, count, sample.byteOffset, others.byteOffset)
      return { sample, others }
    }
    const random = new RandomState(seed)
    let taken = 0
    let row = 0
    for (; taken < count; row++) {
      if (random.random() * (nRows - row) < count - taken) sample[taken++] = row
      else others[row - taken] = row
    }
    for (; row < nRows; row++) others[row - taken] = row
    return { sample, others }
  }

  /** All rows, none left out. */
  all(): SampledRows {
    // A plain loop: `from` with a function shows in the profile of a million rows.
    const sample = this.#sample.subarray(0, this.#nRows)
    for (let row = 0; row < sample.length; row++) sample[row] = row
    return { sample, others: this.#others.subarray(0, 0) }
  }
}
