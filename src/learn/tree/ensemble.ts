import type { Matrix } from '../../table/matrix.ts'
import type { State } from '../../table/state.ts'
import type { StateReader } from '../read-state.ts'
import { type CategorySplits, categoryGoesLeft, SET_WORDS } from './category-splits.ts'
import { type LeafFormat, packLeaves, unpackLeaves } from './leaf-format.ts'

/**
 * Fitted trees, flattened: the nodes of all trees in arrays of their own, a tree's after the one before. A node's
 * children lie side by side and after it. Thresholds are float64 and compared with the values as they come.
 *
 *   a row with value x of column feature[node] goes to child[node]      iff x <= threshold[node], or x is NaN and missingLeft[node]
 *                                              and to child[node] + 1   otherwise
 *
 * At a split on a category column, which `categories` knows, the value is a code and goes to child[node] iff the node's set
 * holds it; the threshold there is NaN, so that no value is at or below it.
 */
export interface TreeEnsemble {
  readonly nColumns: number
  /** Sums that the trees make: raw scores of boosting, class shares of a forest. */
  readonly nOutputs: number
  /** Outputs that one leaf adds to: 1 in boosting, where tree t adds to output t % nOutputs; nOutputs in a forest. */
  readonly width: number
  /** Where each tree's nodes begin, its root first; shape (nTrees + 1), the last is nNodes. */
  readonly roots: Int32Array
  /** Column of the split, or -1 for a leaf; shape (nNodes). */
  readonly feature: Int32Array
  readonly threshold: Float64Array
  /** Index of the left child; of a leaf, its index in `values`. */
  readonly child: Int32Array
  readonly missingLeft: Uint8Array
  /** Sum of the weights of the training rows that came by, above 0; shape (nNodes). */
  readonly cover: Float64Array
  /** shape (nLeaves * width) */
  readonly values: Float64Array
  /** Sets of codes of the splits on category columns; left out where there is no such split. */
  readonly categories?: CategorySplits
  /** How a file keeps `values`, which are such that nothing is lost; float64 where left out. */
  readonly leafFormat?: LeafFormat
}

/** Whether a value of the node's column goes to its left child. */
export function goesLeft(trees: TreeEnsemble, node: number, value: number): boolean {
  if (value <= trees.threshold[node]!) return true
  const missingLeft = trees.missingLeft[node]!
  const { categories } = trees
  if (categories && categories.set[node]! >= 0) {
    return categoryGoesLeft(categories, categories.set[node]!, value, missingLeft)
  }
  return Number.isNaN(value) && missingLeft === 1
}

/** The leaf of a tree that a row of the matrix comes to; its values begin at leaf * width. */
export function leafOfRow(trees: TreeEnsemble, tree: number, x: Matrix, row: number): number {
  const { feature, child } = trees
  let node = trees.roots[tree]!
  for (let column = feature[node]!; column >= 0; column = feature[node]!) {
    node = child[node]! + (goesLeft(trees, node, x.data[column * x.nRows + row]!) ? 0 : 1)
  }
  return child[node]!
}

export function treeCount(trees: TreeEnsemble): number {
  return trees.roots.length - 1
}

/** The first output that tree `t` adds to. */
export function firstOutput(trees: TreeEnsemble, t: number): number {
  return (t * trees.width) % trees.nOutputs
}

export function ensembleState(trees: TreeEnsemble): State {
  const { nColumns, nOutputs, width, roots, feature, threshold, child, missingLeft, cover, values, categories } = trees
  const { leafFormat } = trees
  const kept: Record<string, State> = leafFormat ? { values: packLeaves(values, leafFormat), leafFormat } : { values }
  const state = { nColumns, nOutputs, width, roots, feature, threshold, child, missingLeft, cover, ...kept }
  // Trees without such splits have the state that they had before there were any.
  return categories ? { ...state, categorySets: categories.set, categoryWords: categories.words } : state
}

/**
 * Trees from their state, checked so that no damage can lead a row astray: every path ends at a leaf.
 * @throws MODEL_STATE_INVALID
 */
export function restoreEnsemble(state: StateReader): TreeEnsemble {
  const nColumns = state.count('nColumns')
  const nOutputs = state.count('nOutputs', 1)
  const width = state.count('width', 1)
  const roots = state.int32('roots')
  const feature = state.int32('feature')
  const nNodes = feature.length
  const threshold = state.float64('threshold', nNodes)
  const child = state.int32('child', nNodes)
  const missingLeft = state.raw('missingLeft')
  if (!(missingLeft instanceof Uint8Array) || missingLeft.length !== nNodes) {
    return state.fail('missingLeft', `a Uint8Array of length ${nNodes}`)
  }
  const cover = state.float64('cover', nNodes)
  const leafFormat = state.has('leafFormat') ? state.text('leafFormat') : null
  const values = leafFormat === null ? state.float64('values') : unpackLeaves(state, 'values', leafFormat)
  if (width !== 1 && width !== nOutputs) return state.fail('width', `1 or ${nOutputs}`)
  if (roots.length < 1 || roots[0] !== 0 || roots[roots.length - 1] !== nNodes) {
    return state.fail('roots', `from 0 to ${nNodes}`)
  }
  const nLeaves = values.length / width
  for (let t = 0; t + 1 < roots.length; t++) {
    const end = roots[t + 1]!
    if (end <= roots[t]!) return state.fail('roots', 'ascending')
    for (let node = roots[t]!; node < end; node++) {
      const next = child[node]!
      const good = feature[node]! < 0 ? next >= 0 && next < nLeaves : next > node && next + 1 < end
      if (!good) return state.fail('child', 'indexes of later nodes of the same tree, or of leaves')
      if (feature[node]! >= nColumns) return state.fail('feature', `below ${nColumns}`)
      if (!(cover[node]! > 0)) return state.fail('cover', 'above 0')
    }
  }
  const categories = restoreCategories(state, feature)
  const trees = { nColumns, nOutputs, width, roots, feature, threshold, child, missingLeft, cover, values }
  return {
    ...trees,
    ...(categories ? { categories } : {}),
    ...(leafFormat === null ? {} : { leafFormat: leafFormat as LeafFormat }),
  }
}

function restoreCategories(state: StateReader, feature: Int32Array): CategorySplits | null {
  if (!state.has('categorySets')) return null
  const set = state.int32('categorySets', feature.length)
  const words = state.raw('categoryWords')
  if (!(words instanceof Uint32Array)) return state.fail('categoryWords', 'a Uint32Array')
  for (let node = 0; node < set.length; node++) {
    const good =
      set[node]! >= -1 && (set[node]! + 1) * SET_WORDS <= words.length && (set[node]! < 0 || feature[node]! >= 0)
    if (!good) return state.fail('categorySets', 'indexes of sets at splits, else -1')
  }
  return { set, words }
}
