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

/** Rows up to which a node reads bins side by side: what one column brings into the nearest caches is there for the next. */
const NEAR_ROWS = 4096

/** Whether a kernel that grows whole trees takes such a problem. */
export function classTreesFit(nRows: number, nClasses: number): boolean {
  return nRows <= MAX_ROWS && nClasses <= MAX_CLASSES
}

/** Bytes that `growClassTrees` takes of its memory. */
export function roomForClassTrees(mapper: BinMapper, size: Omit<ClassTreeSize, 'lanes'>, nThreads: number): number {
  const { nRows, nClasses } = size
  const weights = roomFor(8 * Math.max(nRows, nClasses))
  const table = roomForChunks(mapper.nColumns, nRows) + weights + roomFor(nRows) + 2 * roomFor(4 * mapper.nColumns)
  const ofTree = (lanes: boolean) => ClassTreeRoom.roomFor({ ...size, lanes })
  return table + nThreads * Math.max(ofTree(false), ofTree(true))
}

/** Whether one whole number of 64 bits holds the draws of the rows class by class: 32 bits each, or 21, which is two million. */
function lanesFit(nRows: number, nClasses: number): boolean {
  return nClasses === 2 || (nClasses === 3 && nRows < 2 ** 21)
}

/** Weight of the rows of each class, shape (nClasses), 1 for one without rows; null where they differ within a class. */
function classWeights({ codes, nClasses, weights }: ClassTreesInput): Float64Array | null {
  const byClass = new Float64Array(nClasses)
  for (let row = 0; row < codes.length; row++) {
    const known = byClass[codes[row]!]!
    if (known === 0) byClass[codes[row]!] = weights[row]!
    else if (known !== weights[row]) return null
  }
  return byClass.map((weight) => weight || 1)
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
  /** Number of the first tree to grow: those before it are in the writer already. */
  readonly firstTree: number
  readonly seed: number
  readonly signal?: AbortSignal | undefined
}

/**
 * Grows the trees of a forest of classes in a kernel, as many at a time as there are threads: the trees that `growForestTree` grows,
 * to the last bit, since each has a random stream of its own.
 * @param onTree Called for each tree, in order, once it is in `writer`.
 * @throws CANCELLED
 */
export function growClassTrees(
  input: ClassTreesInput,
  memory: KernelMemory,
  writer: EnsembleWriter,
  onTree: (tree: { readonly gains: Float64Array; readonly times: ArrayLike<number> }) => void,
): void {
  const { binned, nClasses, rules, firstTree, seed, signal } = input
  const { nRows, nColumns } = binned
  const chunks = layOutChunks(binned, memory)
  const byClass = lanesFit(nRows, nClasses) ? classWeights(input) : null
  const weights = memory.float64(byClass ? nClasses : nRows)
  weights.set(byClass ?? input.weights)
  const codes = memory.uint8(nRows)
  codes.set(input.codes)
  const nBins = memory.int32(nColumns)
  nBins.set(binned.nBins)
  const usable = memory.int32(nColumns)
  usable.set(input.usable)
  const size = { nRows, nColumns, nClasses, minSamplesLeaf: rules.minSamplesLeaf, lanes: byClass !== null }
  const rooms = Array.from({ length: threadsOf(memory) }, () => new ClassTreeRoom(size, memory))
  const thresholds = new Float64Array(256 * nColumns)
  for (let i = 0; i < thresholds.length; i++) thresholds[i] = thresholdAfter(binned, i >> 8, i & 255)
  for (let first = firstTree; first < rules.nEstimators; ) {
    throwIfCancelled(signal)
    const count = Math.min(memory.team?.present ?? 1, rules.nEstimators - first)
    const tasks = Array.from({ length: count }, (_, i) => {
      const draw = [deriveSeed(seed, 'forest', 'tree', first + i), rules.bootstrap ? 1 : 0]
      const table = [binned.hasMissing.byteOffset, nBins.byteOffset, nColumns, usable.byteOffset, input.usable.length]
      const kinds = [codes.byteOffset, nClasses]
      const rest = [
        ...[rules.nFeatures, rules.maxDepth ?? 0, rules.minSamplesSplit, rules.minSamplesLeaf],
        ...[rules.extraTrees ? 1 : 0, rooms[i]!.pointer],
      ]
      const size = [nRows, bitsFor(nRows), binned.bins.byteOffset, chunks.byteOffset]
      return byClass
        ? [...draw, ...size, NEAR_ROWS, ...table, ...kinds, weights.byteOffset, ...rest]
        : [...draw, weights.byteOffset, ...size, ...table, ...kinds, ...rest]
    })
    for (const [i, nNodes] of runTasks(memory, byClass ? 'growLaneTree' : 'growClassTree', tasks).entries()) {
      // Less likely than one in 10^80: a row would have to be drawn 64 times in as many draws as there are rows.
      if (nNodes === 0) throw new Error('A row was drawn more than 63 times for one tree.')
      const room = rooms[i]!
      const { feature, bin, child, missingLeft, cover, values, nLeaves } = room
      writer.append({ nNodes, nLeaves, feature, bin, thresholds, child, missingLeft, cover, values })
      onTree(room)
    }
    // The trees of a forest are about as large as each other.
    if (first === firstTree) reserveForRest(writer, rooms[0]!.nLeaves, rules.nEstimators - first - count)
    first += count
  }
}

function reserveForRest(writer: EnsembleWriter, nLeaves: number, nTrees: number): void {
  const likely = Math.ceil(1.05 * nLeaves * nTrees)
  writer.reserve(2 * likely, likely)
}
