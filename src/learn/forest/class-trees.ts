import { deriveSeed } from '../../table/random.ts'
import { throwIfCancelled } from '../check-fit-input.ts'
import { type KernelMemory, roomFor } from '../kernels/kernel-memory.ts'
import { runTasks, threadsOf } from '../kernels/run-parts.ts'
import { type BinMapper, type BinnedMatrix, thresholdAfter } from '../tree/bin.ts'
import { layOutChunks, roomForChunks } from '../tree/chunk-bins.ts'
import type { EnsembleWriter } from '../tree/ensemble-writer.ts'
import { bitsFor } from '../tree/fixed-point.ts'
import { ClassTreeRoom, type ClassTreeSize } from './class-tree-room.ts'
import type { ForestTreeRules } from './grow.ts'

/** A row's class goes with its number in one word of 32 bits. */
const MAX_ROWS = 2 ** 24
const MAX_CLASSES = 256

/** Whether the kernel that grows whole trees takes such a problem. */
export function classTreesFit(nRows: number, nClasses: number): boolean {
  return nRows <= MAX_ROWS && nClasses <= MAX_CLASSES
}

/** Bytes that `growClassTrees` takes of its memory. */
export function roomForClassTrees(mapper: BinMapper, size: ClassTreeSize, nThreads: number): number {
  const { nRows } = size
  const table =
    roomForChunks(mapper.nColumns, nRows) + roomFor(8 * nRows) + roomFor(nRows) + 2 * roomFor(4 * mapper.nColumns)
  return table + nThreads * ClassTreeRoom.roomFor(size)
}

/** The inputs of a forest of classes. */
export interface ClassTreesInput {
  readonly binned: BinnedMatrix
  readonly codes: Int32Array
  readonly nClasses: number
  /** What each row weighs, above 0; shape (nRows). */
  readonly weights: Float64Array
  /** Columns that can be split. */
  readonly usable: Int32Array
  readonly rules: ForestTreeRules & { readonly bootstrap: boolean; readonly nEstimators: number }
  readonly seed: number
  readonly signal?: AbortSignal | undefined
}

/**
 * Grows the trees of a forest of classes in the kernel, as many at a time as there are threads: the trees that `growForestTree` grows,
 * to the last bit, since each has a random stream of its own.
 * @param onTree Called for each tree, in order, once it is in `writer`.
 * @throws CANCELLED
 */
export function growClassTrees(
  input: ClassTreesInput,
  memory: KernelMemory,
  writer: EnsembleWriter,
  onTree: (tree: { readonly gains: Float64Array; readonly bag: Float64Array }) => void,
): void {
  const { binned, nClasses, rules, seed, signal } = input
  const { nRows, nColumns } = binned
  const chunks = layOutChunks(binned, memory)
  const weights = memory.float64(nRows)
  weights.set(input.weights)
  const codes = memory.uint8(nRows)
  codes.set(input.codes)
  const nBins = memory.int32(nColumns)
  nBins.set(binned.nBins)
  const usable = memory.int32(nColumns)
  usable.set(input.usable)
  const size = { nRows, nColumns, nClasses, minSamplesLeaf: rules.minSamplesLeaf }
  const rooms = Array.from({ length: threadsOf(memory) }, () => new ClassTreeRoom(size, memory))
  const thresholds = new Float64Array(256 * nColumns)
  for (let i = 0; i < thresholds.length; i++) thresholds[i] = thresholdAfter(binned, i >> 8, i & 255)
  for (let first = 0; first < rules.nEstimators; ) {
    throwIfCancelled(signal)
    const count = Math.min(memory.team?.present ?? 1, rules.nEstimators - first)
    const tasks = Array.from({ length: count }, (_, i) => [
      deriveSeed(seed, 'forest', 'tree', first + i),
      rules.bootstrap ? 1 : 0,
      weights.byteOffset,
      nRows,
      bitsFor(nRows),
      binned.bins.byteOffset,
      chunks.byteOffset,
      binned.hasMissing.byteOffset,
      nBins.byteOffset,
      nColumns,
      usable.byteOffset,
      input.usable.length,
      codes.byteOffset,
      nClasses,
      rules.nFeatures,
      rules.maxDepth ?? 0,
      rules.minSamplesSplit,
      rules.minSamplesLeaf,
      rules.extraTrees ? 1 : 0,
      rooms[i]!.pointer,
    ])
    for (const [i, nNodes] of runTasks(memory, 'growClassTree', tasks).entries()) {
      const room = rooms[i]!
      const { feature, bin, child, missingLeft, cover, values, nLeaves } = room
      writer.append({ nNodes, nLeaves, feature, bin, thresholds, child, missingLeft, cover, values })
      onTree(room)
    }
    // The trees of a forest are about as large as each other.
    if (first === 0) reserveForRest(writer, rooms[0]!.nLeaves, rules.nEstimators - count)
    first += count
  }
}

function reserveForRest(writer: EnsembleWriter, nLeaves: number, nTrees: number): void {
  const likely = Math.ceil(1.05 * nLeaves * nTrees)
  writer.reserve(2 * likely, likely)
}
