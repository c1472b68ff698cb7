import type { Matrix } from '../../table/matrix.ts'
import { firstOutput, type TreeEnsemble, treeCount } from './ensemble.ts'

/** Rows that go through all trees together: their values stay in the nearest cache, and a tree's nodes are reused. */
const BLOCK_ROWS = 64

/**
 * Adds to each row's outputs what the trees say, tree by tree, so that a row's sums are the same to the last bit
 * whatever rows come with it.
 * in:  `x`, as wide as the one learnt from, any values; infinities compare as very large numbers
 * out: `outputs`, row-major, shape (nRows * nOutputs)
 */
export function addTreeOutputs(trees: TreeEnsemble, x: Matrix, outputs: Float64Array): void {
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

/** Rows of a column-major matrix laid out one after the other. */
function gatherRows(x: Matrix, begin: number, nRows: number, block: Float64Array): void {
  const { nColumns, data } = x
  for (let column = 0; column < nColumns; column++) {
    const from = column * x.nRows + begin
    for (let i = 0; i < nRows; i++) block[i * nColumns + column] = data[from + i]!
  }
}
