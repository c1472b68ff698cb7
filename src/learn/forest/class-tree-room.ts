import { type KernelMemory, roomFor } from '../kernels/kernel-memory.ts'

/** Bins of a column in a histogram, used or not. */
const STRIDE = 256

/** What a room is made for. */
export interface ClassTreeSize {
  readonly nRows: number
  readonly nColumns: number
  readonly nClasses: number
  readonly minSamplesLeaf: number
  /** Whether `growLaneTree` works in it, where a row is one whole number; else `growClassTree`. */
  readonly lanes: boolean
}

/** Bytes of what a kernel works with, in the order in which assembly/lane-tree.ts and assembly/class-tree.ts take their pointers. */
function work({ nRows, nColumns, nClasses, lanes }: ClassTreeSize): number[] {
  const [times, rows, spareRows, columns] = [4 * (nRows + 1), 4 * nRows, 4 * nRows, 4 * nColumns]
  if (lanes) {
    // Four columns' histograms, of every other row each; groups are written four at a time.
    const [histogram, groupSums, groupBins] = [8 * 8 * STRIDE, 8 * (STRIDE + 4), STRIDE + 4]
    // What rows count as, in two kinds of lanes; rows by bin.
    const [words, counts] = [2 * 8 * 256, 4 * STRIDE]
    return [times, rows, spareRows, columns, histogram, groupSums, groupBins, words, counts]
  }
  const [entries, spareEntries, totals, lefts] = [8 * nRows, 8 * nRows, 8 * nClasses, 8 * nClasses]
  const [histogram, groupSums, groupBins, noted] = [8 * STRIDE * nClasses, 8 * STRIDE * nClasses, 4 * STRIDE, 32]
  return [
    ...[times, rows, entries, spareRows, spareEntries, columns],
    ...[histogram, groupSums, groupBins, noted, totals, lefts],
  ]
}

/** Bytes of the nodes to do and of the tree, which follow that. */
function tree({ nRows, nColumns, nClasses, minSamplesLeaf, lanes }: ClassTreeSize): number[] {
  const nLeaves = Math.max(1, Math.floor(nRows / minSamplesLeaf))
  const nNodes = 2 * nLeaves - 1
  // A node that is done leaves room for its two children: never more wait than there can be leaves.
  const stack = (16 + 8 * (lanes ? 1 : nClasses)) * (nLeaves + 1)
  const nodes = [4 * nNodes, nNodes, 4 * nNodes, nNodes, 8 * nNodes]
  return [stack, ...nodes, 8 * nClasses * nLeaves, 8 * nColumns, 4]
}

/** Where one tree of a forest of classes grows at a time, in a kernel's memory. */
export class ClassTreeRoom {
  /** Pointers to the parts. */
  readonly pointer: number
  /** How often each row was drawn for the tree, shape (nRows). */
  readonly times: Uint32Array
  readonly feature: Int32Array
  readonly bin: Uint8Array
  readonly child: Int32Array
  readonly missingLeft: Uint8Array
  readonly cover: Float64Array
  readonly values: Float64Array
  /** Gain of the splits by column. */
  readonly gains: Float64Array
  readonly #nLeaves: Int32Array

  /** Bytes that one takes of a memory. */
  static roomFor(size: ClassTreeSize): number {
    const sizes = [...work(size), ...tree(size)]
    return sizes.reduce((sum, bytes) => sum + roomFor(bytes), roomFor(4 * sizes.length))
  }

  constructor(size: ClassTreeSize, memory: KernelMemory) {
    const own = work(size)
    const arrays = [...own, ...tree(size)].map((bytes) => memory.uint8(bytes))
    const pointers = memory.uint32(arrays.length)
    pointers.set(arrays.map(({ byteOffset }) => byteOffset))
    this.pointer = pointers.byteOffset
    const [times, , ...rest] = [arrays[0]!, ...arrays.slice(own.length)]
    this.times = new Uint32Array(times.buffer, times.byteOffset, size.nRows)
    const [feature, bin, child, missingLeft, cover, values, gains, nLeaves] = rest as TreeArrays
    const float64 = ({ buffer, byteOffset, length }: Uint8Array) => new Float64Array(buffer, byteOffset, length / 8)
    const int32 = ({ buffer, byteOffset, length }: Uint8Array) => new Int32Array(buffer, byteOffset, length / 4)
    this.feature = int32(feature)
    this.bin = bin
    this.child = int32(child)
    this.missingLeft = missingLeft
    this.cover = float64(cover)
    this.values = float64(values)
    this.gains = float64(gains)
    this.#nLeaves = int32(nLeaves)
  }

  /** Leaves of the tree grown last. */
  get nLeaves(): number {
    return this.#nLeaves[0]!
  }
}

/** The parts of `tree` but the nodes to do. */
type TreeArrays = [
  feature: Uint8Array,
  bin: Uint8Array,
  child: Uint8Array,
  missingLeft: Uint8Array,
  cover: Uint8Array,
  values: Uint8Array,
  gains: Uint8Array,
  nLeaves: Uint8Array,
]
