import type { RandomState } from '../../table/random.ts'
import { type KernelMemory, roomFor } from '../kernels/kernel-memory.ts'
import { threadsOf } from '../kernels/run-parts.ts'
import { type BinMapper, type BinnedMatrix, thresholdAfter } from '../tree/bin.ts'
import { layOutChunks, roomForChunks } from '../tree/chunk-bins.ts'
import type { EnsembleWriter } from '../tree/ensemble-writer.ts'
import { drawColumns } from '../tree/feature-sampler.ts'
import { partitionRows, partitionScratch } from '../tree/partition.ts'
import { partitionCategories } from '../tree/partition-categories.ts'
import { wordsOf } from './category-split.ts'
import {
  addToHistogram,
  HistogramKernel,
  packedGradients,
  packGradients,
  roomForPacked,
  subtractHistogram,
} from './histogram.ts'
import { sumLeaves } from './leaves.ts'
import { boundedValue, childBounds, type DirectedSplit, type LeafBounds, NO_BOUNDS } from './monotone.ts'
import type { BoostingSettings } from './options.ts'
import { SplitFinder } from './split.ts'
import { leafValue, type Split, type SplitRules } from './split-rules.ts'

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
  /** What its value must lie between, learning rate left aside; none when left out. */
  readonly bounds?: LeafBounds
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

/** A tree's leaves as slices of its rows: rows[begins[i]] to rows[begins[i + 1] - 1] lie in a leaf of values[i]. Good until the next tree. */
export interface GrownTree {
  readonly begins: Uint32Array
  readonly values: Float64Array
  /** Splits on columns with a direction, parents before children. */
  readonly directed: readonly DirectedSplit[]
}

/**
 * Grows trees leaf-wise: the leaf whose best split gains most is split next, until there are `maxLeaves` or no split
 * gains. Of two children only the smaller one's histogram is added up from its rows; the other's is the parent's less that.
 * Buffers are kept from tree to tree.
 */
export class TreeGrower {
  readonly #binned: BinnedMatrix
  readonly #options: BoostingSettings
  readonly #weights: Float64Array
  readonly #packed
  readonly #finder: SplitFinder
  readonly #scratch: Uint32Array
  /** null without a memory. */
  readonly #kernel: HistogramKernel | null
  readonly #begins: Uint32Array
  readonly #values: Float64Array
  readonly #sums: Float64Array
  /** Whether there is a weight other than 1. */
  readonly #weighsRows: boolean
  readonly #memory: KernelMemory | null
  readonly #directions: Int8Array | null
  #directed: DirectedSplit[] = []
  readonly #spareHistograms: Float64Array[] = []
  /** Gain of all splits so far by column, shape (nColumns). */
  readonly gains: Float64Array

  /** Bytes that a grower takes of its memory. */
  static roomFor(mapper: BinMapper, nRows: number, options: BoostingSettings, nThreads = 1): number {
    const nBins = mapper.offsets[mapper.nColumns]!
    const histogram = roomFor(16 * nBins)
    // Leaves that hold a histogram share out the rows, each with enough to be split; one more is being made.
    const held = Math.min(options.maxLeaves, Math.floor(nRows / (2 * options.minSamplesLeaf)))
    const rows = roomForChunks(mapper.nColumns, nRows) + roomFor(4 * partitionScratch(nRows, nThreads))
    const leaves =
      roomFor(4 * (options.maxLeaves + 1)) + roomFor(8 * options.maxLeaves) + roomFor(16 * options.maxLeaves)
    const histograms = (held + 1) * histogram + HistogramKernel.roomFor(nBins, nThreads)
    return rows + roomForPacked(nRows, nThreads) + leaves + roomFor(4 * mapper.nColumns) + histograms
  }

  /**
   * @param weights Weight of each row, shape (nRows): what the nodes' cover counts.
   * @param memory Where `binned` lies, for the kernels to do the work; null for plain TypeScript. Same trees to the last bit.
   * @param directions 1 for columns that the score may only rise with, -1 for fall, 0 for the others; null where it is free.
   */
  constructor(
    binned: BinnedMatrix,
    weights: Float64Array,
    options: BoostingSettings,
    memory: KernelMemory | null = null,
    directions: Int8Array | null = null,
  ) {
    this.#directions = directions
    this.#binned = binned
    this.#options = options
    this.#weights = weights
    this.#memory = memory
    this.#packed = packedGradients(binned.nRows, memory)
    this.#finder = new SplitFinder(binned, options, this.#packed, memory, directions)
    const scratchSize = partitionScratch(binned.nRows, memory ? threadsOf(memory) : 1)
    this.#scratch = memory ? memory.uint32(scratchSize) : new Uint32Array(scratchSize)
    this.#kernel = memory && new HistogramKernel(binned, layOutChunks(binned, memory), memory)
    const { maxLeaves } = options
    this.#begins = memory ? memory.uint32(maxLeaves + 1) : new Uint32Array(maxLeaves + 1)
    this.#values = memory ? memory.float64(maxLeaves) : new Float64Array(maxLeaves)
    this.#sums = memory ? memory.float64(2 * maxLeaves) : new Float64Array(2 * maxLeaves)
    this.#weighsRows = weights.some((weight) => weight !== 1)
    this.gains = new Float64Array(binned.nColumns)
  }

  /** Grows one tree into `writer`. Its leaf values have the learning rate in them. */
  grow(input: TreeInput, writer: EnsembleWriter): GrownTree {
    this.#directed = []
    const leaves = this.#growLeaves(input, writer)
    leaves.sort((a, b) => a.begin - b.begin)
    const begins = this.#begins.subarray(0, leaves.length + 1)
    const values = this.#values.subarray(0, leaves.length)
    begins[0] = 0
    for (const [i, leaf] of leaves.entries()) {
      this.#release(leaf.histogram)
      begins[i + 1] = leaf.end
    }
    const sums = this.#sums.subarray(0, 2 * leaves.length)
    sumLeaves(input.gradients, input.hessians, input.rows, begins, sums, this.#memory)
    for (const [i, leaf] of leaves.entries()) {
      const value = leaves.length === 1 ? 0 : this.#valueOf(leaf, sums[2 * i]!, sums[2 * i + 1]!)
      values[i] = value
      const at = writer.leaf(leaf.node)
      writer.values[at] = value
    }
    return { begins, values, directed: this.#directed }
  }

  #growLeaves(input: TreeInput, writer: EnsembleWriter): Leaf[] {
    const { rows } = input
    const sums = packGradients(input.gradients, input.hessians, rows, this.#packed, this.#memory)
    const node = writer.beginTree(this.#coverOf(rows, 0, rows.length))
    const root = { node, begin: 0, end: rows.length, depth: 0, ...sums, histogram: null, split: null }
    const leaves: Leaf[] = [root]
    if (this.#canSplit(root.depth, rows.length, 1)) {
      const histogram = this.#takeHistogram()
      this.#addToHistogram(input, 0, rows.length, histogram)
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
    const { rows } = input
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

    const [leftBounds, rightBounds] = this.#childBounds(leaf, split)
    const direction = this.#directions?.[column] ?? 0
    if (direction !== 0) this.#directed.push({ begin, middle, end, direction })
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
      ...leftBounds,
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
      ...rightBounds,
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
    this.#addToHistogram(input, from, to, small)
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
      ? this.#finder.findRandom(histogram, columns, gradient, hessianAndCount, random, leaf.bounds)
      : this.#finder.find(histogram, columns, gradient, hessianAndCount, leaf.bounds)
    if (split.column >= 0) return { ...leaf, histogram, split }
    this.#release(histogram)
    return leaf
  }

  #addToHistogram(input: TreeInput, begin: number, end: number, histogram: Float64Array): void {
    const { columns, rows } = input
    if (this.#kernel) this.#kernel.add(columns, rows, begin, end, this.#packed, histogram)
    else addToHistogram(this.#binned, columns, rows, begin, end, this.#packed, histogram)
  }

  #valueOf(leaf: Leaf, gradient: number, hessian: number): number {
    const rules = this.#rulesOf(leaf.l2)
    const value = leaf.bounds
      ? boundedValue(gradient, hessian, rules, leaf.bounds)
      : leafValue(gradient, hessian, rules)
    return this.#options.learningRate * value
  }

  #rulesOf(l2: number | undefined): SplitRules {
    return l2 === undefined ? this.#options : { ...this.#options, l2Regularization: l2 }
  }

  /** Bounds of a leaf's children, of which the second has what the first leaves; none where the score is free. */
  #childBounds(leaf: Leaf, split: Split): readonly [{ bounds?: LeafBounds }, { bounds?: LeafBounds }] {
    if (!this.#directions) return [{}, {}]
    const { countUnit, gradientScale, hessianScale } = this.#packed
    const rules = this.#rulesOf(split.childL2)
    const bounds = leaf.bounds ?? NO_BOUNDS
    const childValue = (gradient: number, hessian: number) =>
      boundedValue(gradient / gradientScale, hessian / hessianScale, rules, bounds)
    const hessian = Math.floor(split.leftHessianAndCount / countUnit)
    const all = Math.floor(leaf.hessianAndCount / countUnit)
    const [left, right] = childBounds(
      bounds,
      this.#directions[split.column]!,
      childValue(split.leftGradient, hessian),
      childValue(leaf.gradient - split.leftGradient, all - hessian),
    )
    return [{ bounds: left }, { bounds: right }]
  }

  #coverOf(rows: Uint32Array, begin: number, end: number): number {
    if (!this.#weighsRows) return end - begin
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

/** How many a share of the columns is: at least one where there is one. */
export function shareOf(nColumns: number, share: number): number {
  return Math.min(nColumns, Math.max(1, Math.round(share * nColumns)))
}

/** A share of the columns drawn at random; ascending. Reorders its argument. */
export function drawShare(columns: Int32Array, share: number, random: RandomState): Int32Array {
  return drawColumns(columns, shareOf(columns.length, share), random)
}
