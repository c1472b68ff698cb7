import { type Matrix, matrixRows } from '../../table/matrix.ts'
import { firstOutput, goesLeft, type TreeEnsemble, treeCount } from './ensemble.ts'

/** Rows times trees whose leaves are kept, at 4 bytes each, and 8 for each output of what they add. */
const MOST_KEPT = 2 ** 25

/**
 * What trees say of the same rows again and again, each time with other values in a few columns. The leaf of each row in each tree is kept;
 * a row leaves it only if a decision on the way there is about a changed column and now falls the other way, which few do. Sums are
 * made tree by tree as `addTreeOutputs` makes them, and are the same to the last bit.
 *
 *   way to a leaf       0 --right--> 2 --left--> 5 --right--> leaf 8
 *   column of the node  a            b           a
 *   a changed: nodes 5 and 0 are asked again; b changed: node 2 alone; another column: none
 */
export class ChangedColumnOutputs {
  readonly #trees: TreeEnsemble
  readonly #nRows: number
  /** The rows as they are, row-major, shape (nRows * nColumns). */
  readonly #rows: Float64Array
  /** Node of the leaf that a row falls into in a tree, shape (nTrees * nRows), tree by tree. */
  readonly #leaves: Int32Array
  /** What those leaves add, shape (nTrees * width * nRows), tree by tree. */
  readonly #values: Float64Array

  /** Whether so many rows' leaves are few enough to keep. */
  static fits(trees: TreeEnsemble, nRows: number): boolean {
    return nRows * treeCount(trees) * trees.width <= MOST_KEPT
  }

  /** @param x The rows as they are, as wide as the matrix learnt from. */
  constructor(trees: TreeEnsemble, x: Matrix) {
    const { nRows } = x
    const nTrees = treeCount(trees)
    this.#trees = trees
    this.#nRows = nRows
    this.#rows = matrixRows(x)
    this.#leaves = new Int32Array(nTrees * nRows)
    const { width } = trees
    this.#values = new Float64Array(nTrees * width * nRows)
    for (let t = 0; t < nTrees; t++) {
      for (let row = 0; row < nRows; row++) {
        const leaf = leafFrom(trees, trees.roots[t]!, this.#rows, row * x.nColumns)
        this.#leaves[t * nRows + row] = leaf
        for (let j = 0; j < width; j++) {
          this.#values[(t * width + j) * nRows + row] = trees.values[trees.child[leaf]! * width + j]!
        }
      }
    }
  }

  /**
   * @param changed Columns of the matrix.
   * @param versions Matrices of the same rows that differ from them in those columns alone.
   * @param initial What each sum begins with, shape (nOutputs).
   * @returns Of each version, row-major, shape (nRows * nOutputs).
   */
  outputs(changed: readonly number[], versions: readonly Matrix[], initial: Float64Array): Float64Array[] {
    const { nOutputs, width } = this.#trees
    const nRows = this.#nRows
    const questions = new ChangedQuestions(this.#trees, this.#rows, changed, versions)
    // Output by output, so that a tree's values are added to rows that lie side by side.
    const sums = versions.map(() => {
      const own = new Float64Array(nOutputs * nRows)
      for (let k = 0; k < nOutputs; k++) own.fill(initial[k]!, k * nRows, (k + 1) * nRows)
      return own
    })
    const replaced = new Float64Array(nRows)
    const asked = new Int32Array(nRows)
    const instead = new Int32Array(nRows)
    for (let t = 0; t < treeCount(this.#trees); t++) {
      const leaves = this.#leaves.subarray(t * nRows, (t + 1) * nRows)
      const nAsked = questions.asked(leaves, asked)
      const output = firstOutput(this.#trees, t)
      for (const [version, own] of sums.entries()) {
        for (let i = 0; i < nAsked; i++) instead[i] = questions.leafInstead(leaves[asked[i]!]!, asked[i]!, version)
        for (let j = 0; j < width; j++) {
          const kept = this.#values.subarray((t * width + j) * nRows, (t * width + j + 1) * nRows)
          const values = nAsked === 0 ? kept : replaced
          if (nAsked > 0) {
            replaced.set(kept)
            this.#putValues(asked, instead, nAsked, j, replaced)
          }
          addTo(own, (output + j) * nRows, values)
        }
      }
    }
    return sums.map((own) => {
      const rowByRow = new Float64Array(nRows * nOutputs)
      for (let k = 0; k < nOutputs; k++) {
        for (let row = 0; row < nRows; row++) rowByRow[row * nOutputs + k] = own[k * nRows + row]!
      }
      return rowByRow
    })
  }

  /** in: the first `n` of some rows and their leaves; out: `into`, what they add to output `j` of their tree, shape (nRows) */
  #putValues(rows: Int32Array, leaves: Int32Array, n: number, j: number, into: Float64Array): void {
    const { child, values, width } = this.#trees
    for (let i = 0; i < n; i++) into[rows[i]!] = values[child[leaves[i]!]! * width + j]!
  }
}

/** By fours: V8 spends as long on the loop as on the sum. */
function addTo(sums: Float64Array, from: number, values: Float64Array): void {
  let i = 0
  for (let to = from; i + 3 < values.length; i += 4, to += 4) {
    sums[to]! += values[i]!
    sums[to + 1]! += values[i + 1]!
    sums[to + 2]! += values[i + 2]!
    sums[to + 3]! += values[i + 3]!
  }
  for (; i < values.length; i++) sums[from + i]! += values[i]!
}

/** The leaf that a row falls into, from a node on. */
function leafFrom(trees: TreeEnsemble, from: number, rows: Float64Array, rowBegin: number): number {
  const { feature, child } = trees
  let node = from
  for (let column = feature[node]!; column >= 0; column = feature[node]!) {
    node = child[node]! + (goesLeft(trees, node, rows[rowBegin + column]!) ? 0 : 1)
  }
  return node
}

/** Which decisions of the trees are about changed columns, and how they fall for the versions of a row. */
class ChangedQuestions {
  /** The nearest node above that asks for a changed column, as 2 * node, and 1 more if it sent the way to the right; -1 for none. Shape (nNodes). */
  readonly #above: Int32Array
  readonly #trees: TreeEnsemble
  readonly #rows: Float64Array
  readonly #nChanged: number
  readonly #nVersions: number
  /** Place of a column among the changed ones, or -1; shape (nColumns). */
  readonly #slot: Int32Array
  /** The changed values, shape (nRows * nVersions * nChanged). */
  readonly #values: Float64Array

  constructor(trees: TreeEnsemble, rows: Float64Array, changed: readonly number[], versions: readonly Matrix[]) {
    this.#trees = trees
    this.#rows = rows
    this.#nChanged = changed.length
    this.#nVersions = versions.length
    this.#slot = new Int32Array(trees.nColumns).fill(-1)
    this.#values = new Float64Array((rows.length / trees.nColumns) * versions.length * changed.length)
    for (const [slot, column] of changed.entries()) {
      this.#slot[column] = slot
      for (const [version, { data, nRows }] of versions.entries()) {
        for (let row = 0; row < nRows; row++) {
          this.#values[(row * versions.length + version) * changed.length + slot] = data[column * nRows + row]!
        }
      }
    }
    const { feature, child } = trees
    this.#above = new Int32Array(feature.length).fill(-1)
    // A node's children stand behind it.
    for (let node = 0; node < feature.length; node++) {
      const column = feature[node]!
      if (column < 0) continue
      const asks = this.#slot[column]! >= 0
      this.#above[child[node]!] = asks ? 2 * node : this.#above[node]!
      this.#above[child[node]! + 1] = asks ? 2 * node + 1 : this.#above[node]!
    }
  }

  /** out: `into`, the rows whose way to their leaf has such a decision. Returns how many there are. */
  asked(leaves: Int32Array, into: Int32Array): number {
    const above = this.#above
    let n = 0
    for (let row = 0; row < leaves.length; row++) if (above[leaves[row]!]! >= 0) into[n++] = row
    return n
  }

  /** The leaf that a version of a row falls into, `kept` being that of the row as it is. */
  leafInstead(kept: number, row: number, version: number): number {
    const trees = this.#trees
    const { feature, child } = trees
    const above = this.#above
    const slots = this.#slot
    const values = this.#values
    const from = (row * this.#nVersions + version) * this.#nChanged
    // The uppermost node at which the two part; from there on it goes another way.
    let parting = -1
    for (let way = above[kept]!; way >= 0; way = above[way >> 1]!) {
      const node = way >> 1
      const right = goesLeft(trees, node, values[from + slots[feature[node]!]!]!) ? 0 : 1
      if (right !== (way & 1)) parting = child[node]! + right
    }
    if (parting < 0) return kept
    const rowBegin = row * trees.nColumns
    let node = parting
    for (let column = feature[node]!; column >= 0; column = feature[node]!) {
      const slot = slots[column]!
      const value = slot >= 0 ? values[from + slot]! : this.#rows[rowBegin + column]!
      node = child[node]! + (goesLeft(trees, node, value) ? 0 : 1)
    }
    return node
  }
}
