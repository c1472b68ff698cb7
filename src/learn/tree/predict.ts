import type { Matrix } from '../../table/matrix.ts'
import { KernelMemory, roomFor } from '../kernels/kernel-memory.ts'
import { type FitThreads, threadCount } from '../kernels/kernel-team.ts'
import { runParts, threadsOf } from '../kernels/run-parts.ts'
import { firstOutput, goesLeft, type TreeEnsemble, treeCount } from './ensemble.ts'
import { addByKeptTrees, keptTrees } from './kept-trees.ts'
import { BLOCK_ROWS, packTrees, roomForBlock, roomForTrees } from './packed-trees.ts'

/**
 * Adds to each row's outputs what the trees say, tree by tree, so that a row's sums are the same to the last bit
 * whatever rows come with it.
 * in:  `x`, as wide as the one learnt from, any values; infinities compare as very large numbers
 * out: `outputs`, row-major, shape (nRows * nOutputs)
 * @param threads Threads that help with many rows; the same answers with and without.
 */
export function addTreeOutputs(
  trees: TreeEnsemble,
  x: Matrix,
  outputs: Float64Array,
  threads: FitThreads | null = null,
): void {
  if (trees.categories) {
    addCategoryTreeOutputs(trees, x, outputs)
    return
  }
  const kept = keptTrees(trees, x.nRows)
  if (kept) {
    addByKeptTrees(kept, x, outputs)
    return
  }
  // Threads take longer to start than few answers take.
  const helpers = x.nRows * treeCount(trees) >= MIN_WALKS_FOR_THREADS ? threads : null
  const nThreads = threadCount(helpers)
  const slabRows = rowsOfSlab(x, nThreads)
  const room = roomForTrees(trees) + roomForSlab(trees, slabRows, nThreads)
  const memory = worthPacking(trees, x.nRows) ? KernelMemory.take(room, helpers) : null
  if (!memory) {
    addTreeOutputsPlainly(trees, x, outputs)
    return
  }
  try {
    addTreeOutputsByKernel(trees, x, outputs, slabRows, memory)
  } finally {
    memory.free()
  }
}

/** Rows times trees from which on helper threads are started. */
const MIN_WALKS_FOR_THREADS = 5_000_000

/** Rows that a thread is handed at a time, and bytes that they may take. */
const SLAB_ROWS = 4096
const SLAB_BYTES = 4 * 2 ** 20

/** Rows that are brought to the kernel together. */
function rowsOfSlab(x: Matrix, nThreads: number): number {
  const most = Math.max(BLOCK_ROWS, Math.floor(SLAB_BYTES / (8 * Math.max(1, x.nColumns))))
  return Math.min(x.nRows, nThreads * Math.min(SLAB_ROWS, most))
}

/** Whether the kernel gains more on so many rows than laying the nodes out for it costs. */
function worthPacking(trees: TreeEnsemble, nRows: number): boolean {
  return nRows >= BLOCK_ROWS && 8 * nRows * treeCount(trees) > trees.feature.length
}

function roomForSlab({ nColumns, nOutputs }: TreeEnsemble, nRows: number, nThreads: number): number {
  return roomFor(8 * nRows * nColumns) + roomFor(8 * nRows * nOutputs) + nThreads * roomForBlock(nColumns)
}

function addTreeOutputsByKernel(
  trees: TreeEnsemble,
  x: Matrix,
  outputs: Float64Array,
  slabRows: number,
  memory: KernelMemory,
): void {
  const { nColumns, nOutputs } = trees
  const nTrees = treeCount(trees)
  const packed = packTrees(trees, memory)
  const columns = memory.float64(slabRows * nColumns)
  const sums = memory.float64(slabRows * nOutputs)
  const blocks = Array.from({ length: threadsOf(memory) }, () => memory.float64(8 + BLOCK_ROWS * nColumns).byteOffset)
  for (let begin = 0; begin < x.nRows; begin += slabRows) {
    const nRows = Math.min(slabRows, x.nRows - begin)
    for (let column = 0; column < nColumns; column++) {
      const from = column * x.nRows + begin
      columns.set(x.data.subarray(from, from + nRows), column * nRows)
    }
    const part = outputs.subarray(begin * nOutputs, (begin + nRows) * nOutputs)
    sums.set(part)
    runParts(memory, 'addTreeOutputs', nRows, nRows * nTrees >= MIN_TEAM_WALKS, (first, last, thread) => [
      ...packed,
      columns.byteOffset,
      nRows,
      nColumns,
      first,
      last,
      blocks[thread]!,
      sums.byteOffset,
      nOutputs,
    ])
    part.set(sums.subarray(0, part.length))
  }
}

/** Rows times trees from which on threads share them out: below, waiting for each other costs more. */
const MIN_TEAM_WALKS = 20_000

/** The plain twin of the kernel, and the faster of the two for a few rows. */
function addTreeOutputsPlainly(trees: TreeEnsemble, x: Matrix, outputs: Float64Array): void {
  const { nColumns, nOutputs, width, roots, feature, threshold, child, missingLeft, values } = trees
  const nTrees = treeCount(trees)
  const block = new Float64Array(Math.min(BLOCK_ROWS, x.nRows) * nColumns)
  for (let begin = 0; begin < x.nRows; begin += BLOCK_ROWS) {
    const nRows = Math.min(BLOCK_ROWS, x.nRows - begin)
    gatherRows(x, begin, nRows, block)
    for (let t = 0; t < nTrees; t++) {
      const root = roots[t]!
      const output = firstOutput(trees, t)
      for (let i = 0; i < nRows; i++) {
        const row = i * nColumns
        let node = root
        let column = feature[node]!
        while (column >= 0) {
          const value = block[row + column]!
          if (value <= threshold[node]!) node = child[node]!
          else if (Number.isNaN(value)) node = child[node]! + 1 - missingLeft[node]!
          else node = child[node]! + 1
          column = feature[node]!
        }
        const leaf = child[node]! * width
        const to = (begin + i) * nOutputs + output
        for (let j = 0; j < width; j++) outputs[to + j]! += values[leaf + j]!
      }
    }
  }
}

/** The same for trees that split on categories too, which the kernel does not know. */
function addCategoryTreeOutputs(trees: TreeEnsemble, x: Matrix, outputs: Float64Array): void {
  const { nColumns, nOutputs, width, roots, feature, child, values } = trees
  const block = new Float64Array(Math.min(BLOCK_ROWS, x.nRows) * nColumns)
  for (let begin = 0; begin < x.nRows; begin += BLOCK_ROWS) {
    const nRows = Math.min(BLOCK_ROWS, x.nRows - begin)
    gatherRows(x, begin, nRows, block)
    for (let t = 0; t < treeCount(trees); t++) {
      const output = firstOutput(trees, t)
      for (let i = 0; i < nRows; i++) {
        let node = roots[t]!
        while (feature[node]! >= 0) {
          node = child[node]! + (goesLeft(trees, node, block[i * nColumns + feature[node]!]!) ? 0 : 1)
        }
        const to = (begin + i) * nOutputs + output
        for (let j = 0; j < width; j++) outputs[to + j]! += values[child[node]! * width + j]!
      }
    }
  }
}

/** Rows of a column-major matrix laid out one after the other. */
function gatherRows(x: Matrix, begin: number, nRows: number, block: Float64Array): void {
  const { nColumns, data } = x
  for (let column = 0; column < nColumns; column++) {
    const from = column * x.nRows + begin
    for (let i = 0; i < nRows; i++) block[i * nColumns + column] = data[from + i]!
  }
}
