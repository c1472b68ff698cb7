import type { RandomState } from '../../table/random.ts'
import type { KernelMemory } from '../kernels/kernel-memory.ts'
import type { BinnedMatrix } from '../tree/bin.ts'
import { orderingIsFaster } from './bin-order.ts'

/** Bins of a column in a histogram, used or not. */
export const STRIDE = 256

/** Rows from which on a histogram is worth the call of a kernel. */
export const MIN_KERNEL_ROWS = 16

/** The best split of the current node found so far. `column` is -1 while there is none. */
export interface NodeSplit {
  /** Larger is better; comparable within one node only. */
  score: number
  column: number
  /** Bins up to this one go left. */
  bin: number
  missingLeft: boolean
}

/**
 * What a forest's tree makes smaller. It looks at one node at a time: `enter` it, `consider` columns, then either take
 * `best` or write the node's leaf. Weights are whole numbers in fixed point, so that sums are exact: a pure node is known
 * to be pure, and two children weigh exactly what their parent does.
 *
 * For each column the node's rows are first summed up by bin, through a histogram (four columns at a time) or, where few
 * rows would leave most of it empty, by putting them in order. Either way gives groups: the bins that hold rows,
 * ascending, each with its sums, one per channel. The splits lie between groups.
 */
export abstract class Criterion {
  /** Values of one leaf: a share per class, or one mean. */
  abstract readonly width: number
  readonly best: NodeSplit = { score: 0, column: -1, bin: 0, missingLeft: false }
  protected readonly binned: BinnedMatrix
  protected readonly minSamplesLeaf: number
  /** Sums kept for each bin. */
  protected readonly nChannels: number
  /** Four columns' histograms: (slot, bin, channel) at (slot * 256 + bin) * nChannels + channel. */
  protected readonly histogram: Float64Array
  protected readonly groupBins = new Int32Array(STRIDE)
  /** Sums of a group at group * nChannels + channel. */
  protected readonly groupSums: Float64Array
  protected readonly keys = new Int32Array(STRIDE)
  protected readonly memory: KernelMemory | null

  // The node entered: its slice of the rows.
  protected rows: Uint32Array = new Uint32Array(0)
  protected begin = 0
  protected end = 0

  /** @param memory Where `binned` and the rows entered lie, for the kernels; null for plain TypeScript. */
  constructor(binned: BinnedMatrix, nChannels: number, minSamplesLeaf: number, memory: KernelMemory | null) {
    this.memory = memory
    this.binned = binned
    this.nChannels = nChannels
    this.minSamplesLeaf = minSamplesLeaf
    const size = 4 * nChannels * STRIDE
    this.histogram = memory ? memory.float64(size) : new Float64Array(size)
    this.groupSums = new Float64Array(nChannels * STRIDE)
  }

  /** Weight of the node entered. */
  abstract get cover(): number
  /** By how much `best` lowers the node's impurity, times its weight; not negative, comparable within one tree. */
  abstract gain(): number
  /** Writes the node's leaf. out: `values` from `at` on, shape (width) */
  abstract writeLeaf(values: Float64Array, at: number): void
  /** Sums up the node entered. Returns whether there is anything to tell apart. */
  protected abstract sumUp(): boolean
  /** Adds the node's rows to the histograms of columns[from] to columns[to - 1], four at most, zero before. */
  protected abstract fillHistograms(columns: Int32Array, from: number, to: number): void
  /** The groups of a column, from its histogram in `slot`. out: `groupBins`, `groupSums`; returns their number. */
  protected abstract groupsFromHistogram(column: number, slot: number): number
  /** The same, from the rows put in order. */
  protected abstract groupsFromOrder(column: number): number
  /**
   * Goes through the groups from the left, missing values on the side given, and takes what is better into `best`.
   * @param nValueGroups Groups but that of the missing values, which is the last where there are any.
   * @param only The one threshold to look at, as a bin; -1 for all.
   */
  protected abstract scan(
    column: number,
    nValueGroups: number,
    anyMissing: boolean,
    missingLeft: boolean,
    only: number,
  ): void

  /** Takes up the rows of a node and forgets the one before. Returns whether there is anything to tell apart. */
  enter(rows: Uint32Array, begin: number, end: number): boolean {
    this.rows = rows
    this.begin = begin
    this.end = end
    this.best.column = -1
    this.best.score = Number.NEGATIVE_INFINITY
    return this.sumUp()
  }

  /**
   * Looks for the best split on columns[from] to columns[to - 1].
   * @param random Where given, one random threshold per column is tried instead of all.
   * @returns How many of the columns are not constant in the node.
   */
  consider(columns: Int32Array, from: number, to: number, random: RandomState | null): number {
    const { nBins } = this.binned
    const n = this.end - this.begin
    let nVarying = 0
    let i = from
    while (i < to) {
      let next = i
      while (next < to && next - i < 4 && !orderingIsFaster(n, nBins[columns[next]!]! * this.nChannels)) next++
      if (next === i) {
        const column = columns[i++]!
        if (this.#choose(column, this.groupsFromOrder(column), random)) nVarying++
        continue
      }
      this.#clearHistograms(columns, i, next)
      this.fillHistograms(columns, i, next)
      for (let slot = 0; i + slot < next; slot++) {
        const column = columns[i + slot]!
        if (this.#choose(column, this.groupsFromHistogram(column, slot), random)) nVarying++
      }
      i = next
    }
    return nVarying
  }

  /** Takes a split between the bin `here` and the next one with rows, `next`, into `best`. */
  protected take(score: number, column: number, here: number, next: number, missingLeft: boolean, only: number): void {
    const nValueBins = this.binned.thresholds[column]!.length + 1
    this.best.score = score
    this.best.column = column
    // The middle one of the bins between, so that unseen values are shared out evenly. After the last bin with rows only
    // missing values are told apart: all others go left.
    this.best.bin = next >= nValueBins ? nValueBins - 1 : only >= 0 ? only : (here + next - 1) >> 1
    this.best.missingLeft = missingLeft
  }

  #clearHistograms(columns: Int32Array, from: number, to: number): void {
    const { nBins } = this.binned
    for (let slot = 0; from + slot < to; slot++) {
      const start = slot * this.nChannels * STRIDE
      this.histogram.fill(0, start, start + this.nChannels * nBins[columns[from + slot]!]!)
    }
  }

  /** Looks at the splits of a column between its groups. Returns whether there are two groups or more. */
  #choose(column: number, nGroups: number, random: RandomState | null): boolean {
    if (nGroups < 2) return false
    const nValueBins = this.binned.thresholds[column]!.length + 1
    const anyMissing = this.groupBins[nGroups - 1]! >= nValueBins
    const nValueGroups = anyMissing ? nGroups - 1 : nGroups
    let only = -1
    if (random) {
      const low = this.groupBins[0]!
      // With missing values, "all others against them" is one threshold more.
      only = low + random.randint(this.groupBins[nValueGroups - 1]! - low + (anyMissing ? 1 : 0))
    }
    this.scan(column, nValueGroups, anyMissing, false, only)
    if (anyMissing) this.scan(column, nValueGroups, true, true, only)
    return true
  }
}
