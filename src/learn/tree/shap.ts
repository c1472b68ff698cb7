import type { Matrix } from '../../table/matrix.ts'
import { firstOutput, goesLeft, type TreeEnsemble, treeCount } from './ensemble.ts'

/**
 * Exact path-dependent TreeSHAP. For each column the Shapley value of the game v(S) = what a tree says when only the
 * columns in S are known: at a split on an unknown column both sides are taken, each with its share of the cover.
 *   v(all columns) - v(none) = sum of contributions
 * @returns base = v(none) and contributions, shape (nColumns), both summed over the trees of that output.
 * @see Lundberg, Erion and Lee (2018), Consistent Individualized Feature Attribution for Tree Ensembles, algorithm 2,
 *   https://arxiv.org/abs/1802.03888
 */
export function treeShap(
  trees: TreeEnsemble,
  x: Matrix,
  row: number,
  output: number,
): { base: number; contributions: Float64Array } {
  const values = new Float64Array(x.nColumns)
  for (let column = 0; column < x.nColumns; column++) values[column] = x.data[column * x.nRows + row]!
  const walk = new Walk(trees, values)
  let base = 0
  for (let t = 0; t < treeCount(trees); t++) {
    const within = output - firstOutput(trees, t)
    if (within < 0 || within >= trees.width) continue
    base += walk.tree(trees.roots[t]!, within)
  }
  return { base, contributions: walk.contributions }
}

/**
 * One row's way through the trees. The path to a node is a list of the distinct columns split on, each with
 *   zero: share of the cover that goes this way when the column is unknown,
 *   one:  1 when the row itself goes this way at all its splits, else 0,
 *   part: permutation weights of the subsets by their number of known columns.
 * Item 0 stands for the empty path. Paths lie one above the other on a stack: a node's begins where its parent's ends.
 */
class Walk {
  readonly contributions: Float64Array
  readonly #trees: TreeEnsemble
  readonly #x: Float64Array
  #column = new Int32Array(512)
  #zero = new Float64Array(512)
  #one = new Uint8Array(512)
  #part = new Float64Array(512)
  /** Which of the values of a leaf is meant. */
  #within = 0

  constructor(trees: TreeEnsemble, x: Float64Array) {
    this.#trees = trees
    this.#x = x
    this.contributions = new Float64Array(trees.nColumns)
  }

  /** Adds one tree's contributions. Returns its base value: what it says with no column known. */
  tree(root: number, within: number): number {
    this.#within = within
    return this.#visit(root, 0, 0, 1, 1, -1, 1)
  }

  /**
   * @param start Where this node's path may be written; its parent's path is the `length` items before.
   * @param zero, one, column What the step into this node adds to the path.
   * @param share Share of the root's cover that comes here, as the product of the shares on the way.
   * @returns The node's part of the base value.
   */
  #visit(
    node: number,
    start: number,
    length: number,
    zero: number,
    one: number,
    column: number,
    share: number,
  ): number {
    this.#makeRoom(start + length + 1)
    const column_ = this.#column
    const zero_ = this.#zero
    const one_ = this.#one
    const part = this.#part
    for (let i = 0, from = start - length; i < length; i++, from++) {
      column_[start + i] = column_[from]!
      zero_[start + i] = zero_[from]!
      one_[start + i] = one_[from]!
      part[start + i] = part[from]!
    }
    let size = length
    let stepZero = zero
    let stepOne = one
    // A column met before is taken out of the path and put back with both its splits.
    for (let i = 1; i < size; i++) {
      if (column_[start + i]! !== column) continue
      stepZero *= zero_[start + i]!
      stepOne *= one_[start + i]!
      this.#unwind(start, size, i)
      size--
      break
    }
    this.#extend(start, size, stepZero, stepOne, column)
    size++

    const trees = this.#trees
    const split = trees.feature[node]!
    if (split < 0) {
      const value = trees.values[trees.child[node]! * trees.width + this.#within]!
      this.#credit(start, size, value)
      return share * value
    }
    const left = trees.child[node]!
    const isLeft = goesLeft(trees, node, this.#x[split]!)
    const cover = trees.cover[node]!
    const leftShare = trees.cover[left]! / cover
    const rightShare = trees.cover[left + 1]! / cover
    const next = start + size
    const a = this.#visit(left, next, size, leftShare, isLeft ? 1 : 0, split, share * leftShare)
    const b = this.#visit(left + 1, next, size, rightShare, isLeft ? 0 : 1, split, share * rightShare)
    return a + b
  }

  /** Puts a step at the end of a path of `size` items. */
  #extend(start: number, size: number, zero: number, one: number, column: number): void {
    const part = this.#part
    const end = start + size
    this.#column[end] = column
    this.#zero[end] = zero
    this.#one[end] = one
    part[end] = size === 0 ? 1 : 0
    for (let i = size - 1; i >= 0; i--) {
      if (one === 1) part[start + i + 1]! += (part[start + i]! * (i + 1)) / (size + 1)
      part[start + i] = (zero * part[start + i]! * (size - i)) / (size + 1)
    }
  }

  /** Takes item `index` out of a path of `size` items; the reverse of `extend`. */
  #unwind(start: number, size: number, index: number): void {
    const part = this.#part
    const last = size - 1
    const zero = this.#zero[start + index]!
    if (this.#one[start + index] === 1) {
      let next = part[start + last]!
      for (let i = last - 1; i >= 0; i--) {
        const kept = part[start + i]!
        part[start + i] = (next * size) / (i + 1)
        next = kept - (part[start + i]! * zero * (last - i)) / size
      }
    } else {
      for (let i = last - 1; i >= 0; i--) part[start + i] = (part[start + i]! * size) / (zero * (last - i))
    }
    for (let i = index; i < last; i++) {
      this.#column[start + i] = this.#column[start + i + 1]!
      this.#zero[start + i] = this.#zero[start + i + 1]!
      this.#one[start + i] = this.#one[start + i + 1]!
    }
  }

  /** Shares a leaf's value among the columns of the path to it. */
  #credit(start: number, size: number, value: number): void {
    const part = this.#part
    const last = size - 1
    // For a column at which the row turned away, the weights unwound add up to `away / zero`, and its credit is
    // (0 - zero) * away / zero: the same for all of them, so it is summed once.
    let away = 0
    for (let i = last - 1; i >= 0; i--) away += part[start + i]! / (last - i)
    away *= size
    for (let item = 1; item < size; item++) {
      const column = this.#column[start + item]!
      if (this.#one[start + item] === 0) {
        this.contributions[column]! -= away * value
        continue
      }
      const zero = this.#zero[start + item]!
      let next = part[start + last]!
      let total = 0
      for (let i = last - 1; i >= 0; i--) {
        const unwound = next / (i + 1)
        total += unwound
        next = part[start + i]! - unwound * zero * (last - i)
      }
      this.contributions[column]! += total * size * (1 - zero) * value
    }
  }

  #makeRoom(length: number): void {
    if (length <= this.#part.length) return
    const size = 2 * length
    const column = new Int32Array(size)
    column.set(this.#column)
    this.#column = column
    const zero = new Float64Array(size)
    zero.set(this.#zero)
    this.#zero = zero
    const one = new Uint8Array(size)
    one.set(this.#one)
    this.#one = one
    const part = new Float64Array(size)
    part.set(this.#part)
    this.#part = part
  }
}
