import { type KernelMemory, roomFor } from '../kernels/kernel-memory.ts'

/** Bins of a column in a histogram, used or not. */
const STRIDE = 256

/** What a room is made for. */
export interface ClassTreeSize {
  readonly nRows: number
  readonly nColumns: number
  readonly nClasses: number
  readonly minSamplesLeaf: number
}

/** Bytes of each part of a room, in the order in which assembly/class-tree.ts takes their pointers. */
function parts({ nRows, nColumns, nClasses, minSamplesLeaf }: ClassTreeSize): number[] {
  const nLeaves = Math.max(1, Math.floor(nRows / minSamplesLeaf))
  const nNodes = 2 * nLeaves - 1
  const bag = 8 * nRows
  const [rows, entries, spareRows, spareEntries] = [4 * nRows, 8 * nRows, 4 * nRows, 8 * nRows]
  const [histogram, groupSums, groupBins, noted] = [8 * STRIDE * nClasses, 8 * STRIDE * nClasses, 4 * STRIDE, 32]
  const [columns, totals, lefts] = [4 * nColumns, 8 * nClasses, 8 * nClasses]
  // A node that is done leaves room for its two children: never more wait than there can be leaves.
  const stack = (16 + 8 * nClasses) * (nLeaves + 1)
  const nodes = [4 * nNodes, nNodes, 4 * nNodes, nNodes, 8 * nNodes]
  return [
    ...[bag, rows, entries, spareRows, spareEntries, columns, histogram, groupSums, groupBins, noted, totals, lefts],
    ...[stack, ...nodes, 8 * nClasses * nLeaves, 8 * nColumns, 4],
  ]
}

/** Where one tree of a forest of classes grows at a time, in a kernel's memory. */
export class ClassTreeRoom {
  /** Pointers to the parts. */
  readonly pointer: number
  /** What each row weighed in the tree, shape (nRows). */
  readonly bag: Float64Array
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
    const sizes = parts(size)
    return sizes.reduce((sum, bytes) => sum + roomFor(bytes), roomFor(4 * sizes.length))
  }

  constructor(size: ClassTreeSize, memory: KernelMemory) {
    const arrays = parts(size).map((bytes) => memory.uint8(bytes))
    const pointers = memory.uint32(arrays.length)
    pointers.set(arrays.map(({ byteOffset }) => byteOffset))
    this.pointer = pointers.byteOffset
    const at = (part: number) => arrays[part]!
    const float64 = (part: number) => new Float64Array(at(part).buffer, at(part).byteOffset, at(part).length / 8)
    const int32 = (part: number) => new Int32Array(at(part).buffer, at(part).byteOffset, at(part).length / 4)
    this.bag = float64(0)
    this.feature = int32(13)
    this.bin = at(14)
    this.child = int32(15)
    this.missingLeft = at(16)
    this.cover = float64(17)
    this.values = float64(18)
    this.gains = float64(19)
    this.#nLeaves = int32(20)
  }

  /** Leaves of the tree grown last. */
  get nLeaves(): number {
    return this.#nLeaves[0]!
  }
}
