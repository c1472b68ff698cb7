import { type KernelMemory, roomFor } from '../kernels/kernel-memory.ts'
import type { BinnedMatrix } from '../tree/bin.ts'
import { bitsFor, fixedPointScale } from '../tree/fixed-point.ts'
import { orderByBin } from './bin-order.ts'
import { Criterion, MIN_KERNEL_ROWS, STRIDE } from './criterion.ts'

/**
 * Gini impurity. Of all splits the one with the largest
 *   sum over classes L_c^2 / L + sum over classes R_c^2 / R        L_c weight of class c on the left, L all of it
 * leaves the least impurity. One channel per class, packed: weight (fixed point) * countUnit + number of rows.
 */
export class ClassCriterion extends Criterion {
  readonly width: number
  readonly #codes: Int32Array
  /** Packed weight and count of each row, shape (nRows). */
  readonly #entries: Float64Array
  readonly #weightScale: number
  readonly #countUnit: number
  readonly #left: Float64Array
  /** Of the node entered, fixed point: weight of each class, shape (nClasses); their sum; the sum of their squares. */
  readonly #totals: Float64Array
  #weight = 0
  #squares = 0

  /** Bytes that a criterion takes of its memory. */
  static roomFor(nRows: number, nColumns: number, nClasses: number): number {
    return roomFor(4 * nRows) + roomFor(8 * nRows) + roomFor(8 * 4 * nClasses * STRIDE) + roomFor(4 * nColumns)
  }

  /**
   * @param codes Class of each row of `binned`.
   * @param drawn Weight of each row, and how often it was drawn for this tree, once when left out; rows with 0 are not in it. A row
   *   drawn twice weighs exactly twice what it weighs in fixed point.
   * @param memory Where `binned` and the rows entered lie, for the kernels; null for plain TypeScript.
   */
  constructor(
    binned: BinnedMatrix,
    codes: Int32Array,
    nClasses: number,
    { weights, times }: { readonly weights: Float64Array; readonly times?: Float64Array },
    minSamplesLeaf: number,
    memory: KernelMemory | null = null,
  ) {
    super(binned, nClasses, minSamplesLeaf, memory)
    this.width = nClasses
    this.#codes = memory ? memory.int32(codes.length) : codes
    if (memory) this.#codes.set(codes)
    const countBits = bitsFor(binned.nRows)
    this.#countUnit = 2 ** countBits
    let total = 0
    for (let row = 0; row < weights.length; row++) total += weights[row]! * (times ? times[row]! : 1)
    this.#weightScale = fixedPointScale(total, 51 - countBits)
    // A weight too small for the scale is its smallest step, so that every row keeps some.
    const entries = weights.map((weight, row) => {
      const fixed = Math.max(1, Math.round(weight * this.#weightScale))
      return fixed * (times ? times[row]! : 1) * this.#countUnit + 1
    })
    this.#entries = memory ? memory.float64(entries.length) : entries
    if (memory) this.#entries.set(entries)
    this.#left = new Float64Array(nClasses)
    this.#totals = new Float64Array(nClasses)
  }

  get cover(): number {
    return this.#weight / this.#weightScale
  }

  gain(): number {
    return Math.max(0, this.best.score - this.#squares / this.#weight)
  }

  writeLeaf(values: Float64Array, at: number): void {
    for (let c = 0; c < this.width; c++) values[at + c] = this.#totals[c]! / this.#weight
  }

  protected sumUp(): boolean {
    const { rows, begin, end } = this
    const totals = this.#totals.fill(0)
    const codes = this.#codes
    const entries = this.#entries
    for (let i = begin; i < end; i++) totals[codes[rows[i]!]!]! += entries[rows[i]!]!
    let nPresent = 0
    this.#weight = 0
    this.#squares = 0
    for (let c = 0; c < totals.length; c++) {
      const weight = Math.floor(totals[c]! / this.#countUnit)
      if (weight > 0) nPresent++
      totals[c] = weight
      this.#weight += weight
      this.#squares += weight * weight
    }
    return nPresent > 1
  }

  protected fillHistograms(columns: Int32Array, from: number, to: number): void {
    const { bins, nRows } = this.binned
    const { histogram, rows, begin, end, nChannels } = this
    const codes = this.#codes
    const entries = this.#entries
    const slotSize = this.width * STRIDE
    if (this.memory && end - begin >= MIN_KERNEL_ROWS) {
      this.memory.kernels.addToClassHistogram(
        bins.byteOffset,
        nRows,
        this.memory.columns(columns, from, to),
        to - from,
        rows.byteOffset,
        begin,
        end,
        codes.byteOffset,
        entries.byteOffset,
        nChannels,
        histogram.byteOffset,
      )
      return
    }
    if (to - from === 4) {
      // One row's class and weight are loaded once for four columns, whose additions don't wait for each other.
      const base0 = columns[from]! * nRows
      const base1 = columns[from + 1]! * nRows
      const base2 = columns[from + 2]! * nRows
      const base3 = columns[from + 3]! * nRows
      for (let i = begin; i < end; i++) {
        const row = rows[i]!
        const entry = entries[row]!
        const at = codes[row]!
        histogram[at + bins[base0 + row]! * nChannels]! += entry
        histogram[slotSize + at + bins[base1 + row]! * nChannels]! += entry
        histogram[2 * slotSize + at + bins[base2 + row]! * nChannels]! += entry
        histogram[3 * slotSize + at + bins[base3 + row]! * nChannels]! += entry
      }
      return
    }
    for (let slot = 0; from + slot < to; slot++) {
      const base = columns[from + slot]! * nRows
      const start = slot * slotSize
      for (let i = begin; i < end; i++) {
        const row = rows[i]!
        histogram[start + codes[row]! + bins[base + row]! * nChannels]! += entries[row]!
      }
    }
  }

  protected groupsFromHistogram(column: number, slot: number): number {
    const { histogram, groupSums, groupBins, nChannels } = this
    const nBins = this.binned.nBins[column]!
    const start = slot * nChannels * STRIDE
    let nGroups = 0
    let at = start
    for (let bin = 0; bin < nBins; bin++) {
      let any = 0
      const group = nGroups * nChannels
      for (let c = 0; c < nChannels; c++) {
        const sum = histogram[at++]!
        groupSums[group + c] = sum
        any += sum
      }
      if (any > 0) groupBins[nGroups++] = bin
    }
    return nGroups
  }

  protected groupsFromOrder(column: number): number {
    const { bins, nRows } = this.binned
    const { rows, begin, end, keys, groupSums, groupBins, nChannels } = this
    const n = end - begin
    orderByBin(rows, begin, end, bins, column * nRows, keys)
    if (keys[0]! >> 8 === keys[n - 1]! >> 8) return 1
    const codes = this.#codes
    const entries = this.#entries
    let group = -nChannels
    let nGroups = 0
    let last = -1
    for (let i = 0; i < n; i++) {
      const bin = keys[i]! >> 8
      if (bin !== last) {
        last = bin
        group += nChannels
        for (let c = 0; c < nChannels; c++) groupSums[group + c] = 0
        groupBins[nGroups++] = bin
      }
      const row = rows[begin + (keys[i]! & 255)]!
      groupSums[group + codes[row]!]! += entries[row]!
    }
    return nGroups
  }

  protected scan(column: number, nValueGroups: number, anyMissing: boolean, missingLeft: boolean, only: number): void {
    const { groupBins, groupSums, nChannels, minSamplesLeaf, best } = this
    const totals = this.#totals
    const left = this.#left.fill(0)
    const unit = this.#countUnit
    const perUnit = 1 / unit
    const n = this.end - this.begin
    let leftWeight = 0
    let leftCount = 0
    // With missing values on the left, theirs is gone over first; on the right, the last split is just before them.
    const end = anyMissing && !missingLeft ? nValueGroups : nValueGroups - 1
    for (let g = missingLeft ? -1 : 0; g < end; g++) {
      const at = (g < 0 ? nValueGroups : g) * nChannels
      let leftSquares = 0
      let rightSquares = 0
      for (let c = 0; c < nChannels; c++) {
        const sum = groupSums[at + c]!
        const weight = Math.floor(sum * perUnit)
        const onLeft = left[c]! + weight
        const onRight = totals[c]! - onLeft
        left[c] = onLeft
        leftSquares += onLeft * onLeft
        rightSquares += onRight * onRight
        leftWeight += weight
        leftCount += sum - weight * unit
      }
      if (g < 0 || leftCount < minSamplesLeaf) continue
      if (n - leftCount < minSamplesLeaf) return
      const here = groupBins[g]!
      // After the last group of values all others would go left: the last bin stands for that.
      const next = g + 1 < nValueGroups ? groupBins[g + 1]! : STRIDE
      if (only >= 0 && (only < here || only >= next)) continue
      const score = leftSquares / leftWeight + rightSquares / (this.#weight - leftWeight)
      if (score > best.score) this.take(score, column, here, next, missingLeft, only)
    }
  }
}
