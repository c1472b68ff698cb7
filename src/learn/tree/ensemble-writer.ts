import type { Matrix } from '../../table/matrix.ts'
import { categoryGoesLeft, SET_WORDS } from './category-splits.ts'
import type { TreeEnsemble } from './ensemble.ts'

/** A typed array with room to grow. */
type Growable = Int32Array | Uint32Array | Float64Array | Uint8Array

/** A tree grown elsewhere; arrays may be longer than it needs. */
export interface WholeTree {
  readonly nNodes: number
  readonly nLeaves: number
  /** -1 for a leaf */
  readonly feature: Int32Array
  readonly bin: Uint8Array
  /** Threshold after each bin, that of (column, bin) at 256 column + bin. */
  readonly thresholds: Float64Array
  /** Index of the left child; of a leaf, its number. */
  readonly child: Int32Array
  readonly missingLeft: Uint8Array
  readonly cover: Float64Array
  readonly values: Float64Array
}

/** Collects nodes while trees grow; `finish` gives them as a `TreeEnsemble`. */
export class EnsembleWriter {
  readonly #nColumns: number
  readonly #nOutputs: number
  readonly #width: number
  readonly #roots: number[] = []
  /** Number of leaves when each tree began. */
  readonly #leavesBefore: number[] = []
  #nNodes = 0
  #nLeaves = 0
  #feature = new Int32Array(256)
  #threshold = new Float64Array(256)
  #child = new Int32Array(256)
  #missingLeft = new Uint8Array(256)
  #cover = new Float64Array(256)
  #values: Float64Array
  /** Each node's set of codes, -1 for none; made with the first split on categories. */
  #set: Int32Array | null = null
  #words = new Uint32Array(0)
  #nSets = 0
  /** Number of sets when each tree began. */
  readonly #setsBefore: number[] = []

  constructor(nColumns: number, nOutputs: number, width: number) {
    this.#nColumns = nColumns
    this.#nOutputs = nOutputs
    this.#width = width
    this.#values = new Float64Array(128 * width)
  }

  get nTrees(): number {
    return this.#roots.length
  }

  /** Takes over the trees of an ensemble of the same shape; only while there are none. */
  adopt(trees: TreeEnsemble): void {
    const { roots, feature, categories } = trees
    const nTrees = roots.length - 1
    this.#nNodes = feature.length
    this.#feature = trees.feature.slice()
    this.#threshold = trees.threshold.slice()
    this.#child = trees.child.slice()
    this.#missingLeft = trees.missingLeft.slice()
    this.#cover = trees.cover.slice()
    this.#values = trees.values.slice()
    if (categories) {
      this.#set = categories.set.slice()
      this.#words = categories.words.slice()
    }
    for (let t = 0; t < nTrees; t++) {
      this.#roots.push(roots[t]!)
      this.#leavesBefore.push(this.#nLeaves)
      this.#setsBefore.push(this.#nSets)
      for (let node = roots[t]!; node < roots[t + 1]!; node++) {
        if (feature[node]! < 0) this.#nLeaves++
        else if (categories && categories.set[node]! >= 0) this.#nSets++
      }
    }
  }

  /** Begins a tree with its root, for now without split or value. Returns the root's index. */
  beginTree(cover: number): number {
    this.#roots.push(this.#nNodes)
    this.#leavesBefore.push(this.#nLeaves)
    this.#setsBefore.push(this.#nSets)
    return this.#addNode(cover)
  }

  /** Makes a node a split and adds its two children. Returns the left one's index; the right one's is 1 more. */
  split(
    node: number,
    feature: number,
    threshold: number,
    missingLeft: boolean,
    leftCover: number,
    rightCover: number,
  ): number {
    const left = this.#addNode(leftCover)
    this.#addNode(rightCover)
    this.#feature[node] = feature
    this.#threshold[node] = threshold
    this.#missingLeft[node] = missingLeft ? 1 : 0
    this.#child[node] = left
    return left
  }

  /** As `split`, on a category column: codes in the set, 8 words as in `CategorySplits`, go left. */
  splitCategories(
    node: number,
    feature: number,
    words: Uint32Array,
    missingLeft: boolean,
    leftCover: number,
    rightCover: number,
  ): number {
    const left = this.split(node, feature, Number.NaN, missingLeft, leftCover, rightCover)
    this.#set ??= new Int32Array(this.#feature.length).fill(-1)
    const at = this.#nSets * SET_WORDS
    if (at + SET_WORDS > this.#words.length) {
      const larger = new Uint32Array(Math.max(32 * SET_WORDS, 2 * this.#words.length))
      larger.set(this.#words)
      this.#words = larger
    }
    this.#words.set(words, at)
    this.#set[node] = this.#nSets++
    return left
  }

  /** Makes room for so many nodes and leaves beyond those there are, so that arrays need not grow step by step. */
  reserve(nNodes: number, nLeaves: number): void {
    const [nodes, values] = [this.#nNodes + nNodes, (this.#nLeaves + nLeaves) * this.#width]
    if (this.#feature.length < nodes) this.#growNodes(nodes)
    if (this.#values.length < values) this.#values = grown(this.#values, values)
  }

  /** Adds a whole tree whose nodes and leaves are counted from 0. */
  append(tree: WholeTree): void {
    const { nNodes, nLeaves } = tree
    const first = this.beginTree(tree.cover[0]!)
    this.reserve(nNodes - 1, nLeaves)
    this.#feature.set(tree.feature.subarray(0, nNodes), first)
    this.#cover.set(tree.cover.subarray(0, nNodes), first)
    this.#missingLeft.set(tree.missingLeft.subarray(0, nNodes), first)
    this.#values.set(tree.values.subarray(0, nLeaves * this.#width), this.#nLeaves * this.#width)
    const { feature, bin, thresholds, child } = tree
    const threshold = this.#threshold
    const children = this.#child
    const firstLeaf = this.#nLeaves
    for (let node = 0; node < nNodes; node++) {
      const column = feature[node]!
      threshold[first + node] = column < 0 ? 0 : thresholds[256 * column + bin[node]!]!
      children[first + node] = child[node]! + (column < 0 ? firstLeaf : first)
    }
    this.#set?.fill(-1, first, first + nNodes)
    this.#nNodes = first + nNodes
    this.#nLeaves += nLeaves
  }

  /** Makes a node a leaf. Returns where its values, shape (width), are to be written in `values`. */
  leaf(node: number): number {
    const at = this.#nLeaves * this.#width
    if (at + this.#width > this.#values.length) this.#values = grown(this.#values)
    this.#feature[node] = -1
    this.#child[node] = this.#nLeaves++
    return at
  }

  /** Values of all leaves so far. Growth replaces the array: ask again after `leaf`. */
  get values(): Float64Array {
    return this.#values
  }

  /** Values of the latest tree's leaves, in the order in which they became leaves; shape (nLeaves * width). */
  latestValues(): Float64Array {
    const before = this.#leavesBefore[this.#leavesBefore.length - 1]!
    return this.#values.subarray(before * this.#width, this.#nLeaves * this.#width)
  }

  /** What the latest tree says of one row; for leaves of one value. */
  latestValue(x: Matrix, row: number): number {
    return this.#values[this.latestLeaf(x, row)]!
  }

  /** The leaf of the latest tree that one row comes to; its values begin at leaf * width. */
  latestLeaf(x: Matrix, row: number): number {
    let node = this.#roots[this.#roots.length - 1]!
    let column = this.#feature[node]!
    while (column >= 0) {
      const value = x.data[column * x.nRows + row]!
      const set = this.#set ? this.#set[node]! : -1
      if (set >= 0) {
        const left = categoryGoesLeft({ set: this.#set!, words: this.#words }, set, value, this.#missingLeft[node]!)
        node = this.#child[node]! + (left ? 0 : 1)
      } else if (value <= this.#threshold[node]!) node = this.#child[node]!
      else if (Number.isNaN(value)) node = this.#child[node]! + 1 - this.#missingLeft[node]!
      else node = this.#child[node]! + 1
      column = this.#feature[node]!
    }
    return this.#child[node]!
  }

  /** Forgets the trees from the given one on. */
  truncate(nTrees: number): void {
    if (nTrees >= this.#roots.length) return
    this.#nNodes = this.#roots[nTrees]!
    this.#nLeaves = this.#leavesBefore[nTrees]!
    this.#nSets = this.#setsBefore[nTrees]!
    this.#setsBefore.length = nTrees
    this.#roots.length = nTrees
    this.#leavesBefore.length = nTrees
  }

  finish(): TreeEnsemble {
    const nNodes = this.#nNodes
    const categories =
      this.#set && this.#nSets > 0
        ? { set: this.#set.slice(0, nNodes), words: this.#words.slice(0, this.#nSets * SET_WORDS) }
        : null
    return {
      nColumns: this.#nColumns,
      nOutputs: this.#nOutputs,
      width: this.#width,
      roots: Int32Array.from([...this.#roots, nNodes]),
      feature: this.#feature.slice(0, nNodes),
      threshold: this.#threshold.slice(0, nNodes),
      child: this.#child.slice(0, nNodes),
      missingLeft: this.#missingLeft.slice(0, nNodes),
      cover: this.#cover.slice(0, nNodes),
      values: this.#values.slice(0, this.#nLeaves * this.#width),
      ...(categories ? { categories } : {}),
    }
  }

  #addNode(cover: number): number {
    const node = this.#nNodes++
    if (node >= this.#feature.length) this.#growNodes()
    if (this.#set) this.#set[node] = -1
    this.#feature[node] = -1
    this.#threshold[node] = 0
    this.#child[node] = 0
    this.#missingLeft[node] = 0
    this.#cover[node] = cover
    return node
  }

  #growNodes(least = 0): void {
    this.#feature = grown(this.#feature, least)
    this.#threshold = grown(this.#threshold, least)
    this.#child = grown(this.#child, least)
    this.#missingLeft = grown(this.#missingLeft, least)
    this.#cover = grown(this.#cover, least)
    if (this.#set) this.#set = grown(this.#set, least)
  }
}

/** A copy with twice the room, or `least`. */
function grown<A extends Growable>(array: A, least = 0): A {
  const length = Math.max(2 * array.length, least, 64)
  const larger = new (array.constructor as new (length: number) => A)(length)
  larger.set(array)
  return larger
}
