import { type KernelMemory, roomFor } from '../kernels/kernel-memory.ts'
import { type BinMapper, type BinnedMatrix, thresholdAfter } from '../tree/bin.ts'
import { layOutChunks, roomForChunks } from '../tree/chunk-bins.ts'
import type { EnsembleWriter } from '../tree/ensemble-writer.ts'
import { shareOf } from './grow.ts'
import { roomForPacked } from './histogram.ts'
import type { BoostingSettings } from './options.ts'
import type { SampledRows } from './sample-rows.ts'

/** Bytes of a leaf while the tree grows (assembly/boosted-tree.ts). */
const LEAF_BYTES = 72

/** Places of the number of sampled rows and of the rest, which change from round to round. */
const SAMPLE = 39

/** Leaves up to which the kernel puts them in order by moving them. */
const MOST_LEAVES = 512

/** Histograms that leaves hold at once: they share out the rows, each with enough to be split; one more is being made. */
function histogramsFor(nRows: number, { maxLeaves, minSamplesLeaf }: BoostingSettings): number {
  return Math.min(maxLeaves, Math.floor(nRows / (2 * minSamplesLeaf))) + 2
}

/** What the tree grows from, in the memory. */
export interface TreeRoomInput {
  readonly binned: BinnedMatrix
  /** Weight of each row, shape (nRows). */
  readonly weights: Float64Array
  readonly options: BoostingSettings
  /** Columns that can be split, ascending. */
  readonly usable: Int32Array
  readonly gradients: Float64Array
  readonly hessians: Float64Array
}

/** Where one kernel grows whole trees of boosting, as `TreeGrower` does call by call. */
export class TreeRoom {
  readonly #memory: KernelMemory
  /** What assembly/boosted-tree.ts reads, by place. */
  readonly #room: Float64Array
  readonly #thresholds: Float64Array
  readonly #tree
  /** Gain of all splits so far by column, shape (nColumns). */
  readonly gains: Float64Array

  /** Whether the kernel takes such a fit: numbers whose scores are free, leaf values from gradients. */
  static fits(mapper: BinMapper, options: BoostingSettings, directed: boolean, renewed: boolean): boolean {
    return !mapper.categories && !directed && !renewed && options.maxLeaves <= MOST_LEAVES
  }

  /** Bytes that one takes of its memory. */
  static roomFor(mapper: BinMapper, nRows: number, options: BoostingSettings): number {
    const { nColumns, offsets } = mapper
    const sizes = sizesOf(nRows, nColumns, offsets[nColumns]!, options)
    const parts = Object.values(sizes).reduce((sum, bytes) => sum + roomFor(bytes), 0)
    return parts + roomFor(8 * PLACES) + roomForChunks(nColumns, nRows) + roomForPacked(nRows, 1) + roomFor(8 * nRows)
  }

  constructor({ binned, weights, options, usable, gradients, hessians }: TreeRoomInput, memory: KernelMemory) {
    this.#memory = memory
    const { nRows, nColumns, offsets } = binned
    const nBins = offsets[nColumns]!
    const sizes = sizesOf(nRows, nColumns, nBins, options)
    const at = (bytes: number) => memory.uint8(bytes).byteOffset
    const weighted = weights.some((weight) => weight !== 1) ? memory.float64(nRows) : null
    weighted?.set(weights)
    const columns = memory.int32(nColumns)
    columns.set(usable)
    const nTreeColumns = options.featureFraction < 1 ? shareOf(usable.length, options.featureFraction) : 0
    const nFrom = nTreeColumns || usable.length
    const nNodeColumns = options.featureFractionByNode < 1 ? shareOf(nFrom, options.featureFractionByNode) : 0
    const drawn = memory.uint8(sizes.drawn).fill(0)
    const nNodes = 2 * options.maxLeaves - 1
    const tree = {
      values: memory.float64(options.maxLeaves),
      feature: memory.int32(nNodes),
      bin: memory.uint8(nNodes),
      child: memory.int32(nNodes),
      missingLeft: memory.uint8(nNodes),
      cover: memory.float64(nNodes),
    }
    this.#tree = tree
    this.gains = memory.float64(nColumns).fill(0)
    this.#thresholds = new Float64Array(256 * nColumns)
    for (let i = 0; i < this.#thresholds.length; i++) this.#thresholds[i] = thresholdAfter(binned, i >> 8, i & 255)
    const chunks = layOutChunks(binned, memory).byteOffset
    this.#room = memory.float64(PLACES)
    this.#room.set([
      ...[chunks, binned.bins.byteOffset, nRows, nBins, binned.offsets.byteOffset, binned.hasMissing.byteOffset],
      ...[columns.byteOffset, usable.length, nTreeColumns, nNodeColumns],
      ...[at(sizes.treeColumns), at(sizes.nodeColumns), at(sizes.order), drawn.byteOffset],
      ...[options.maxLeaves, options.maxDepth ?? 0, options.minSamplesLeaf],
      ...[options.l1Regularization, options.l2Regularization, options.learningRate, options.extraTrees ? 1 : 0],
      ...[weighted?.byteOffset ?? 0, at(sizes.rows), at(sizes.spare), at(sizes.pairs)],
      ...[at(sizes.histograms), histogramsFor(nRows, options), at(sizes.idle), at(sizes.leaves), at(sizes.begins)],
      ...[
        tree.values,
        tree.feature,
        tree.bin,
        tree.child,
        tree.missingLeft,
        tree.cover,
        this.gains,
        gradients,
        hessians,
      ].map(({ byteOffset }) => byteOffset),
    ])
  }

  /** The rows of the trees that come next. */
  learnFrom({ sample, others }: SampledRows): void {
    this.#room.set([sample.byteOffset, sample.length, others.byteOffset, others.length], SAMPLE)
  }

  /**
   * Grows a tree from the gradients into `writer`, and adds its values to the scores of all rows.
   * @param seed Of the tree's stream.
   * @param raw Scores of the output, shape (nRows), in the memory.
   * @returns How many splits it has.
   */
  grow(seed: number, raw: Float64Array, writer: EnsembleWriter): number {
    const nNodes = this.#memory.kernels.growBoostedTree(this.#room.byteOffset, seed, raw.byteOffset)
    const nLeaves = (nNodes + 1) / 2
    writer.append({ nNodes, nLeaves, thresholds: this.#thresholds, ...this.#tree })
    return nLeaves - 1
  }
}

/** Places of the room. */
const PLACES = 43

/** Bytes of what the kernel works with. */
function sizesOf(nRows: number, nColumns: number, nBins: number, options: BoostingSettings) {
  const { maxLeaves } = options
  const nHistograms = histogramsFor(nRows, options)
  const nNodes = 2 * maxLeaves - 1
  return {
    columns: 4 * nColumns,
    // One more than there are: a column that is not chosen is overwritten by the next.
    treeColumns: 4 * (nColumns + 1),
    nodeColumns: 4 * (nColumns + 1),
    order: 4 * nColumns,
    drawn: nColumns,
    rows: 4 * nRows,
    spare: 4 * nRows,
    pairs: 16 * nRows,
    histograms: 16 * nBins * nHistograms,
    idle: 4 * nHistograms,
    leaves: LEAF_BYTES * (maxLeaves + 1),
    begins: 4 * (maxLeaves + 1),
    values: 8 * maxLeaves,
    feature: 4 * nNodes,
    bin: nNodes,
    child: 4 * nNodes,
    missingLeft: nNodes,
    cover: 8 * nNodes,
    gains: 8 * nColumns,
  }
}
