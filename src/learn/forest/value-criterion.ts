import { type KernelMemory, roomFor } from '../kernels/kernel-memory.ts'
import type { BinnedMatrix } from '../tree/bin.ts'
import { bitsFor, fixedPointScale } from '../tree/fixed-point.ts'
import { orderByBin } from './bin-order.ts'
import { Criterion, MIN_KERNEL_ROWS, STRIDE } from './criterion.ts'

/**
 * Variance. Of all splits the one with the largest
 *   (sum of w y on the left)^2 / L + (the same on the right)^2 / R        L weight on the left, R on the right
 * leaves the least variance. Two channels: weight (fixed point) * countUnit + number of rows; and w (y - mean) in fixed
 * point, the mean being that of the whole tree.
 */
export class ValueCriterion extends Criterion {
  readonly width = 1
  readonly #values: Float64Array
  readonly #weights: Float64Array
  /** Packed weight and count of each row, shape (nRows). */
  readonly #entries: Float64Array
  /** weight * (value - mean) in fixed point, shape (nRows). */
  readonly #products: Float64Array
  /** Where the histograms of the columns at work begin, by column; for the kernel alone. */
  readonly #offsets: Int32Array
  readonly #weightScale: number
  readonly #countUnit: number
  /** Of the node entered, fixed point. */
  #weight = 0
  #sum = 0
  #smallest = 0
  #largest = 0

  /** Bytes that a criterion takes of its memory. */
  static roomFor(nRows: number, nColumns: number): number {
    return 2 * roomFor(8 * nRows) + roomFor(8 * 4 * 2 * STRIDE) + 2 * roomFor(4 * nColumns)
  }

  /**
   * @param values Target of each row of `binned`.
   * @param weights Weight of each row in this tree; rows with 0 are not in it.
   * @param memory Where `binned` and the rows entered lie, for the kernels; null for plain TypeScript.
   */
  constructor(
    binned: BinnedMatrix,
    values: Float64Array,
    weights: Float64Array,
    minSamplesLeaf: number,
    memory: KernelMemory | null = null,
  ) {
    super(binned, 2, minSamplesLeaf, memory)
    this.#values = values
    this.#weights = weights
    let total = 0
    let sum = 0
    for (let row = 0; row < values.length; row++) {
      total += weights[row]!
      sum += weights[row]! * values[row]!
    }
    const mean = sum / total
    const products = values.map((value, row) => weights[row]! * (value - mean))
    let magnitude = 0
    for (const product of products) magnitude += Math.abs(product)
    const countBits = bitsFor(binned.nRows)
    this.#countUnit = 2 ** countBits
    this.#weightScale = fixedPointScale(total, 51 - countBits)
    const productScale = fixedPointScale(magnitude, 51)
    const entries = weights.map((w) => Math.max(1, Math.round(w * this.#weightScale)) * this.#countUnit + 1)
    this.#entries = memory ? memory.float64(entries.length) : entries
    this.#products = memory ? memory.float64(entries.length) : products
    if (memory) this.#entries.set(entries)
    for (let row = 0; row < products.length; row++) this.#products[row] = Math.round(products[row]! * productScale)
    this.#offsets = memory ? memory.int32(binned.nColumns) : new Int32Array(0)
  }

  get cover(): number {
    return this.#weight / this.#weightScale
  }

  gain(): number {
    return Math.max(0, this.best.score - (this.#sum * this.#sum) / this.#weight)
  }

  writeLeaf(values: Float64Array, at: number): void {
    if (this.#smallest === this.#largest) {
      values[at] = this.#smallest
      return
    }
    let total = 0
    let sum = 0
    for (let i = this.begin; i < this.end; i++) {
      const row = this.rows[i]!
      total += this.#weights[row]!
      sum += this.#weights[row]! * this.#values[row]!
    }
    values[at] = sum / total
  }

  protected sumUp(): boolean {
    const { rows, begin, end } = this
    const values = this.#values
    let packed = 0
    let smallest = Number.POSITIVE_INFINITY
    let largest = Number.NEGATIVE_INFINITY
    this.#sum = 0
    for (let i = begin; i < end; i++) {
      const row = rows[i]!
      packed += this.#entries[row]!
      this.#sum += this.#products[row]!
      const value = values[row]!
      if (value < smallest) smallest = value
      if (value > largest) largest = value
    }
    this.#weight = Math.floor(packed / this.#countUnit)
    this.#smallest = smallest
    this.#largest = largest
    return smallest < largest
  }

  protected fillHistograms(columns: Int32Array, from: number, to: number): void {
    const { bins, nRows } = this.binned
    const { histogram, rows, begin, end } = this
    const entries = this.#entries
    const products = this.#products
    if (this.memory && end - begin >= MIN_KERNEL_ROWS) {
      for (let slot = 0; from + slot < to; slot++) this.#offsets[columns[from + slot]!] = slot * STRIDE
      this.memory.kernels.addToValueHistogram(
        bins.byteOffset,
        nRows,
        this.#offsets.byteOffset,
        this.memory.columns(columns, from, to),
        to - from,
        rows.byteOffset,
        begin,
        end,
        entries.byteOffset,
        products.byteOffset,
        histogram.byteOffset,
      )
      return
    }
    if (to - from === 4) {
      const base0 = columns[from]! * nRows
      const base1 = columns[from + 1]! * nRows
      const base2 = columns[from + 2]! * nRows
      const base3 = columns[from + 3]! * nRows
      for (let i = begin; i < end; i++) {
        const row = rows[i]!
        const entry = entries[row]!
        const product = products[row]!
        let at = 2 * bins[base0 + row]!
        histogram[at]! += entry
        histogram[at + 1]! += product
        at = 2 * (STRIDE + bins[base1 + row]!)
        histogram[at]! += entry
        histogram[at + 1]! += product
        at = 2 * (2 * STRIDE + bins[base2 + row]!)
        histogram[at]! += entry
        histogram[at + 1]! += product
        at = 2 * (3 * STRIDE + bins[base3 + row]!)
        histogram[at]! += entry
        histogram[at + 1]! += product
      }
      return
    }
    for (let slot = 0; from + slot < to; slot++) {
      const base = columns[from + slot]! * nRows
      const start = slot * STRIDE
      for (let i = begin; i < end; i++) {
        const row = rows[i]!
        const at = 2 * (start + bins[base + row]!)
        histogram[at]! += entries[row]!
        histogram[at + 1]! += products[row]!
      }
    }
  }

  protected groupsFromHistogram(column: number, slot: number): number {
    const { histogram, groupSums, groupBins } = this
    const nBins = this.binned.nBins[column]!
    const start = slot * 2 * STRIDE
    let nGroups = 0
    for (let bin = 0; bin < nBins; bin++) {
      const entry = histogram[start + 2 * bin]!
      if (entry === 0) continue
      groupSums[2 * nGroups] = entry
      groupSums[2 * nGroups + 1] = histogram[start + 2 * bin + 1]!
      groupBins[nGroups++] = bin
    }
    return nGroups
  }

  protected groupsFromOrder(column: number): number {
    const { bins, nRows } = this.binned
    const { rows, begin, end, keys, groupSums, groupBins } = this
    const n = end - begin
    orderByBin(rows, begin, end, bins, column * nRows, keys)
    if (keys[0]! >> 8 === keys[n - 1]! >> 8) return 1
    let group = -2
    let nGroups = 0
    let last = -1
    for (let i = 0; i < n; i++) {
      const bin = keys[i]! >> 8
      if (bin !== last) {
        last = bin
        group += 2
        groupSums[group] = 0
        groupSums[group + 1] = 0
        groupBins[nGroups++] = bin
      }
      const row = rows[begin + (keys[i]! & 255)]!
      groupSums[group]! += this.#entries[row]!
      groupSums[group + 1]! += this.#products[row]!
    }
    return nGroups
  }

  protected scan(column: number, nValueGroups: number, anyMissing: boolean, missingLeft: boolean, only: number): void {
    const { groupBins, groupSums, minSamplesLeaf, best } = this
    const unit = this.#countUnit
    const perUnit = 1 / unit
    const n = this.end - this.begin
    let packed = 0
    let left = 0
    // With missing values on the left, theirs is gone over first; on the right, the last split is just before them.
    const end = anyMissing && !missingLeft ? nValueGroups : nValueGroups - 1
    for (let g = missingLeft ? -1 : 0; g < end; g++) {
      const at = 2 * (g < 0 ? nValueGroups : g)
      packed += groupSums[at]!
      left += groupSums[at + 1]!
      if (g < 0) continue
      const leftWeight = Math.floor(packed * perUnit)
      const leftCount = packed - leftWeight * unit
      if (leftCount < minSamplesLeaf) continue
      if (n - leftCount < minSamplesLeaf) return
      const here = groupBins[g]!
      // After the last group of values all others would go left: the last bin stands for that.
      const next = g + 1 < nValueGroups ? groupBins[g + 1]! : STRIDE
      if (only >= 0 && (only < here || only >= next)) continue
      const right = this.#sum - left
      const score = (left * left) / leftWeight + (right * right) / (this.#weight - leftWeight)
      if (score > best.score) this.take(score, column, here, next, missingLeft, only)
    }
  }
}
