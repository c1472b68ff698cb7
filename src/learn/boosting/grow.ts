import type { RandomState } from '../../table/random.ts'
import { type KernelMemory, roomFor } from '../kernels/kernel-memory.ts'
import { type BinMapper, type BinnedMatrix, thresholdAfter } from '../tree/bin.ts'
import type { EnsembleWriter } from '../tree/ensemble-writer.ts'
import { drawColumns } from '../tree/feature-sampler.ts'
import { partitionRows } from '../tree/partition.ts'
import { partitionCategories } from '../tree/partition-categories.ts'
import { wordsOf } from './category-split.ts'
import { addToHistogram, packedGradients, packGradients, subtractHistogram } from './histogram.ts'
import type { GradientBoostingOptions } from './options.ts'
import { leafValue, type Split, SplitFinder } from './split.ts'

/** A leaf while the tree grows: its rows, its sums, and the best split it could get. */
interface Leaf {
  readonly node: number
  readonly begin: number
  readonly end: number
  readonly depth: number
  /** Sum of gradients, and of hessians with the count, packed as in histograms. */
  readonly gradient: number
  readonly hessianAndCount: number
  /** null where the leaf can't be split any more; then it needs none. */
  readonly histogram: Float64Array | null
  readonly split: Split | null
  /** L2 of its value where it is not that of the options. */
  readonly l2?: number | undefined
}

/** The inputs of one tree. */
export interface TreeInput {
  /** shape (nRows) of the binned matrix; in the grower's memory where it has one, as hessians and rows */
  readonly gradients: Float64Array
  readonly hessians: Float64Array
  /** Rows that the tree learns from, ascending; they are reordered by leaf. In the grower's memory where it has one. */
  readonly rows: Uint32Array
  /** Columns that the tree may split on, ascending. */
  readonly columns: Int32Array
  /** For thresholds and columns drawn at random. */
  readonly random: RandomState
}

/** A tree's leaves as slices of its rows: rows[begins[i]] to rows[begins[i + 1] - 1] lie in a leaf of values[i]. */
export interface GrownTree {
  readonly begins: Uint32Array
  readonly values: Float64Array
}

/**
 * Grows trees leaf-wise: the leaf whose best split gains most is split next, until there are `maxLeaves` or no split
 * gains. Of two children only the smaller one's histogram is added up from its rows; the other's is the parent's less that.
 * Buffers are kept from tree to tree.
 */
export class TreeGrower {
  readonly #binned: BinnedMatrix
  readonly #options: GradientBoostingOptions
  readonly #weights: Float64Array
  readonly #packed
  readonly #finder: SplitFinder
  readonly #scratch: Uint32Array
  readonly #memory: KernelMemory | null
  readonly #spareHistograms: Float64Array[] = []
  /** Gain of all splits so far by column, shape (nColumns). */
  readonly gains: Float64Array

  /** Bytes that a grower takes of its memory. */
  static roomFor(mapper: BinMapper, nRows: number, options: GradientBoostingOptions): number {
    const histogram = roomFor(16 * mapper.offsets[mapper.nColumns]!)
    // Leaves that hold a histogram share out the rows, each with enough to be split; one more is being made.
    const held = Math.min(options.maxLeaves, Math.floor(nRows / (2 * options.minSamplesLeaf)))
    const columns = roomFor(4 * mapper.nColumns)
    return 2 * roomFor(8 * nRows) + roomFor(4 * nRows) + columns + (held + 1) * histogram
  }

  /**
   * @param weights Weight of each row, shape (nRows): what the nodes' cover counts.
   * @param memory Where `binned` lies, for the kernels to do the work; null for plain TypeScript. Same trees to the last bit.
   */
  constructor(
    binned: BinnedMatrix,
    weights: Float64Array,
    options: GradientBoostingOptions,
    memory: KernelMemory | null = null,
  ) {
    this.#binned = binned
    this.#options = options
    this.#weights = weights
    this.#memory = memory
    this.#packed = packedGradients(binned.nRows, memory)
    this.#finder = new SplitFinder(binned, options, this.#packed, memory)
    this.#scratch = memory ? memory.uint32(binned.nRows) : new Uint32Array(binned.nRows)
    this.gains = new Float64Array(binned.nColumns)
  }

  /** Grows one tree into `writer`. Its leaf values have the learning rate in them. */
  grow(input: TreeInput, writer: EnsembleWriter): GrownTree {
    const leaves = this.#growLeaves(input, writer)
    leaves.sort((a, b) => a.begin - b.begin)
    const begins = new Uint32Array(leaves.length + 1)
    const values = new Float64Array(leaves.length)
    for (let i = 0; i < leaves.length; i++) {
      const leaf = leaves[i]!
      this.#release(leaf.histogram)
      begins[i + 1] = leaf.end
      const value = leaves.length === 1 ? 0 : this.#valueOf(leaf, input)
      values[i] = value
      const at = writer.leaf(leaf.node)
      writer.values[at] = value
    }
    return { begins, values }
  }

  #growLeaves(input: TreeInput, writer: EnsembleWriter): Leaf[] {
    const { rows } = input
    packGradients(input.gradients, input.hessians, rows, this.#packed, this.#memory)
    let gradient = 0
    let hessianAndCount = 0
    let cover = 0
    for (let i = 0; i < rows.length; i++) {
      const row = rows[i]!
      gradient += this.#packed.gradients[row]!
      hessianAndCount += this.#packed.hessiansAndCounts[row]!
      cover += this.#weights[row]!
    }
    const node = writer.beginTree(cover)
    const root = { node, begin: 0, end: rows.length, depth: 0, gradient, hessianAndCount, histogram: null, split: null }
    const leaves: Leaf[] = [root]
    if (this.#canSplit(root.depth, rows.length, 1)) {
      const histogram = this.#takeHistogram()
      addToHistogram(this.#binned, input.columns, rows, 0, rows.length, this.#packed, histogram, this.#memory)
      leaves[0] = this.#withSplit(root, histogram, input)
    }
    while (leaves.length < this.#options.maxLeaves) {
      const next = bestLeaf(leaves)
      if (next < 0) break
      const [left, right] = this.#split(leaves[next]!, leaves.length + 1, input, writer)
      leaves[next] = left
      leaves.push(right)
    }
    return leaves
  }

  /** Whether a leaf is worth a look: it could be split by the rules, and there is room in the tree. */
  #canSplit(depth: number, nRows: number, nLeaves: number): boolean {
    const { maxDepth, maxLeaves, minSamplesLeaf } = this.#options
    return (maxDepth === null || depth < maxDepth) && nRows >= 2 * minSamplesLeaf && nLeaves < maxLeaves
  }

  #split(leaf: Leaf, nLeaves: number, input: TreeInput, writer: EnsembleWriter): [Leaf, Leaf] {
    const { rows, columns } = input
    const { begin, end } = leaf
    const split = leaf.split!
    const { column } = split
    const binned = this.#binned
    const missingBin = binned.hasMissing[column] ? binned.nBins[column]! - 1 : -1
    const base = column * binned.nRows
    const { leftBins, childL2: l2 } = split
    const middle = leftBins
      ? partitionCategories(rows, begin, end, binned.bins, base, leftBins, this.#scratch)
      : partitionRows(
          rows,
          begin,
          end,
          binned.bins,
          base,
          split.bin,
          missingBin,
          split.missingLeft,
          this.#scratch,
          this.#memory,
        )
    this.gains[column]! += split.gain
    const leftCover = this.#coverOf(rows, begin, middle)
    const rightCover = this.#coverOf(rows, middle, end)
    // Where the node had no missing value, one that comes later takes the side that more rows took.
    const missingSeen = missingBin >= 0 && leaf.histogram![(binned.offsets[column]! + missingBin) * 2 + 1]! > 0
    const missingLeft = missingSeen ? split.missingLeft : leftCover >= rightCover
    const node = leftBins
      ? writer.splitCategories(
          leaf.node,
          column,
          wordsOf(leftBins, binned.thresholds[column]!.length + 1),
          missingLeft,
          leftCover,
          rightCover,
        )
      : writer.split(leaf.node, column, thresholdAfter(binned, column, split.bin), missingLeft, leftCover, rightCover)

    const depth = leaf.depth + 1
    let left: Leaf = {
      node,
      begin,
      end: middle,
      depth,
      gradient: split.leftGradient,
      hessianAndCount: split.leftHessianAndCount,
      histogram: null,
      split: null,
      l2,
    }
    let right: Leaf = {
      node: node + 1,
      begin: middle,
      end,
      depth,
      gradient: leaf.gradient - split.leftGradient,
      hessianAndCount: leaf.hessianAndCount - split.leftHessianAndCount,
      histogram: null,
      split: null,
      l2,
    }
    const needLeft = this.#canSplit(depth, middle - begin, nLeaves)
    const needRight = this.#canSplit(depth, end - middle, nLeaves)
    const large = leaf.histogram!
    if (!needLeft && !needRight) {
      this.#release(large)
      return [left, right]
    }
    const leftIsSmall = middle - begin <= end - middle
    const small = this.#takeHistogram()
    const from = leftIsSmall ? begin : middle
    const to = leftIsSmall ? middle : end
    addToHistogram(binned, columns, rows, from, to, this.#packed, small, this.#memory)
    if (leftIsSmall ? needRight : needLeft) subtractHistogram(large, small, this.#memory)
    const leftHistogram = leftIsSmall ? small : large
    const rightHistogram = leftIsSmall ? large : small
    if (needLeft) left = this.#withSplit(left, leftHistogram, input)
    else this.#release(leftHistogram)
    if (needRight) right = this.#withSplit(right, rightHistogram, input)
    else this.#release(rightHistogram)
    return [left, right]
  }

  #withSplit(leaf: Leaf, histogram: Float64Array, input: TreeInput): Leaf {
    const { extraTrees, featureFractionByNode } = this.#options
    const { random } = input
    const columns =
      featureFractionByNode < 1 ? drawShare(input.columns.slice(), featureFractionByNode, random) : input.columns
    const { gradient, hessianAndCount } = leaf
    const split = extraTrees
      ? this.#finder.findRandom(histogram, columns, gradient, hessianAndCount, random)
      : this.#finder.find(histogram, columns, gradient, hessianAndCount)
    if (split.column >= 0) return { ...leaf, histogram, split }
    this.#release(histogram)
    return leaf
  }

  /** From the gradients as they are, not in fixed point, in the order of the rows. */
  #valueOf(leaf: Leaf, input: TreeInput): number {
    let gradient = 0
    let hessian = 0
    for (let i = leaf.begin; i < leaf.end; i++) {
      const row = input.rows[i]!
      gradient += input.gradients[row]!
      hessian += input.hessians[row]!
    }
    const rules = leaf.l2 === undefined ? this.#options : { ...this.#options, l2Regularization: leaf.l2 }
    return this.#options.learningRate * leafValue(gradient, hessian, rules)
  }

  #coverOf(rows: Uint32Array, begin: number, end: number): number {
    let cover = 0
    for (let i = begin; i < end; i++) cover += this.#weights[rows[i]!]!
    return cover
  }

  /** A histogram of zeros. */
  #takeHistogram(): Float64Array {
    const spare = this.#spareHistograms.pop()
    if (spare) return spare.fill(0)
    const size = 2 * this.#binned.offsets[this.#binned.nColumns]!
    return this.#memory ? this.#memory.float64(size).fill(0) : new Float64Array(size)
  }

  #release(histogram: Float64Array | null): void {
    if (histogram) this.#spareHistograms.push(histogram)
  }
}

/** The leaf whose split gains most, the earliest of equals; -1 when none has a split. */
function bestLeaf(leaves: readonly Leaf[]): number {
  let best = -1
  let gain = 0
  for (let i = 0; i < leaves.length; i++) {
    const split = leaves[i]!.split
    if (split && split.gain > gain) {
      gain = split.gain
      best = i
    }
  }
  return best
}

/** A share of the columns drawn at random, at least one where there is one; ascending. Reorders its argument. */
export function drawShare(columns: Int32Array, share: number, random: RandomState): Int32Array {
  const count = Math.min(columns.length, Math.max(1, Math.round(share * columns.length)))
  return drawColumns(columns, count, random)
}
