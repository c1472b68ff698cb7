import type { Matrix } from '../../table/matrix.ts'
import { KernelMemory, roomFor } from '../kernels/kernel-memory.ts'
import { firstOutput, goesLeft, type TreeEnsemble, treeCount } from './ensemble.ts'

/** Rows that go through all trees together: their values stay in the nearest cache, and a tree's nodes are reused. */
const BLOCK_ROWS = 64

/**
 * Adds to each row's outputs what the trees say, tree by tree, so that a row's sums are the same to the last bit
 * whatever rows come with it.
 * in:  `x`, as wide as the one learnt from, any values; infinities compare as very large numbers
 * out: `outputs`, row-major, shape (nRows * nOutputs)
 */
export function addTreeOutputs(trees: TreeEnsemble, x: Matrix, outputs: Float64Array): void {
  if (trees.categories) {
    addCategoryTreeOutputs(trees, x, outputs)
    return
  }
  const memory = worthPacking(trees, x.nRows) ? KernelMemory.take(roomForTrees(trees)) : null
  if (!memory) {
    addTreeOutputsPlainly(trees, x, outputs)
    return
  }
  try {
    addTreeOutputsByKernel(trees, x, outputs, memory)
  } finally {
    memory.free()
  }
}

/** Whether the kernel gains more on so many rows than laying the nodes out for it costs. */
function worthPacking(trees: TreeEnsemble, nRows: number): boolean {
  return nRows >= BLOCK_ROWS && 8 * nRows * treeCount(trees) > trees.feature.length
}

function roomForTrees(trees: TreeEnsemble): number {
  const { nColumns, nOutputs, feature, values } = trees
  const block = roomFor(8 * BLOCK_ROWS * nColumns) + roomFor(8 * BLOCK_ROWS * nOutputs)
  return roomFor(16 * feature.length) + roomFor(4 * treeCount(trees)) + roomFor(8 * values.length) + block
}

function addTreeOutputsByKernel(trees: TreeEnsemble, x: Matrix, outputs: Float64Array, memory: KernelMemory): void {
  const { nColumns, nOutputs, width, feature, threshold, child, missingLeft } = trees
  const nTrees = treeCount(trees)
  // A node takes 16 bytes, as assembly/predict.ts says.
  const nodes = memory.float64(2 * feature.length)
  const links = new Int32Array(nodes.buffer, nodes.byteOffset, 4 * feature.length)
  for (let node = 0; node < feature.length; node++) {
    nodes[2 * node] = threshold[node]!
    links[4 * node + 2] = feature[node]!
    links[4 * node + 3] = feature[node]! < 0 ? child[node]! * width : 2 * child[node]! + missingLeft[node]!
  }
  const roots = memory.int32(nTrees)
  roots.set(trees.roots.subarray(0, nTrees))
  const values = memory.float64(trees.values.length)
  values.set(trees.values)
  const rows = memory.float64(BLOCK_ROWS * nColumns)
  const sums = memory.float64(BLOCK_ROWS * nOutputs)
  for (let begin = 0; begin < x.nRows; begin += BLOCK_ROWS) {
    const nRows = Math.min(BLOCK_ROWS, x.nRows - begin)
    gatherRows(x, begin, nRows, rows)
    const part = outputs.subarray(begin * nOutputs, (begin + nRows) * nOutputs)
    sums.set(part)
    memory.kernels.addTreeOutputs(
      nodes.byteOffset,
      roots.byteOffset,
      nTrees,
      values.byteOffset,
      width,
      rows.byteOffset,
      nRows,
      nColumns,
      sums.byteOffset,
      nOutputs,
    )
    part.set(sums.subarray(0, part.length))
  }
}

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
