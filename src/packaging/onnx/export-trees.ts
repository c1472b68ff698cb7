import { setHas } from '../../learn/tree/category-splits.ts'
import { firstOutput, type TreeEnsemble, treeCount } from '../../learn/tree/ensemble.ts'
import type { FeatureTensor } from './export-features.ts'
import type { GraphBuilder, TensorName } from './graph-builder.ts'

/** float32 has 24 bits; sums of so many quanta are exact in it. */
const FLOAT_BITS = 24

/** Sums that need more than float32 holds: what the answer jumps with, such as steps of an isotonic curve, must not depend on rounding. */
export type TreePrecision = 'single' | 'double'

/**
 * The sums that trees make, double, shape (N, nOutputs). Thresholds and inputs are compared as doubles, so that every record ends in
 * the leaf that it ends in here; a missing value goes where it learnt to go. The operator gives float32: with `double`, leaf values are
 * split into a multiple of a power of two, whose sums float32 holds exactly, and a small rest.
 */
export function exportTrees(
  builder: GraphBuilder,
  features: FeatureTensor,
  trees: TreeEnsemble,
  precision: TreePrecision,
): TensorName {
  const { nOutputs } = trees
  const split = precision === 'double' ? quantumOf(trees) : null
  const { tensor, position, sets } = withSetColumns(builder, features, trees)
  const nodes = treeNodes(trees, position, sets)
  const leaves = leafWeights(trees, split)
  const nTargets = split === null ? nOutputs : 2 * nOutputs
  const sums = builder.mlNode('TreeEnsembleRegressor', [tensor], {
    n_targets: { int: nTargets },
    aggregate_function: { string: 'SUM' },
    post_transform: { string: 'NONE' },
    ...nodes,
    ...leaves,
  })
  const wide = builder.cast(sums, 'double')
  if (split === null) return wide
  const part = (first: number) =>
    builder.node('Gather', [wide, builder.integers(Array.from({ length: nOutputs }, (_, k) => first + k))], {
      axis: { int: 1 },
    })
  return builder.node('Add', [part(0), part(nOutputs)])
}

/** Codes of categories, and one more for what is none. */
const N_CODES = 256

/**
 * The features with a column for each set of categories that a split sends left: 0 for its codes, 1 for others, NaN for what is no
 * code, so that "at most 0.5" is the split. A column's sets are looked up in one table.
 */
function withSetColumns(builder: GraphBuilder, features: FeatureTensor, trees: TreeEnsemble) {
  const { tensor, position } = features
  const sets = new Map<number, number>()
  const { categories } = trees
  if (!categories) return { tensor, position, sets }
  const byColumn = new Map<number, number[]>()
  for (const [node, set] of categories.set.entries()) {
    if (set < 0) continue
    const nodes = byColumn.get(trees.feature[node]!) ?? []
    byColumn.set(trees.feature[node]!, nodes)
    nodes.push(node)
  }
  const pieces = [tensor]
  let at = position.length
  for (const [column, nodes] of byColumn) {
    const table = new Float64Array((N_CODES + 1) * nodes.length)
    nodes.forEach((node, i) => {
      for (let code = 0; code < N_CODES; code++) {
        table[code * nodes.length + i] = setHas(categories.words, categories.set[node]!, code) ? 0 : 1
      }
      table[N_CODES * nodes.length + i] = Number.NaN
      sets.set(node, at + i)
    })
    const code = builder.node('Gather', [tensor, builder.integers([position[column]!])], { axis: { int: 1 } })
    const row = builder.node('Reshape', [codeRow(builder, code), builder.integers([-1])])
    const lookUp = builder.doubles(table, [N_CODES + 1, nodes.length])
    pieces.push(builder.node('Gather', [lookUp, row], { axis: { int: 0 } }))
    at += nodes.length
  }
  return { tensor: builder.concat(pieces), position, sets }
}

/** Whole numbers from 0 to 255 as they are, all else 256; int64. */
function codeRow(builder: GraphBuilder, code: TensorName): TensorName {
  const whole = builder.node('Equal', [code, builder.node('Floor', [code])])
  const within = builder.node('And', [
    builder.node('GreaterOrEqual', [code, builder.number(0)]),
    builder.node('Less', [code, builder.number(N_CODES)]),
  ])
  return builder.cast(builder.where(builder.node('And', [whole, within]), code, builder.number(N_CODES)), 'int64')
}

/** The smallest power of two whose multiples, as many as the trees' largest sum has, float32 counts exactly. */
function quantumOf(trees: TreeEnsemble): number {
  let largest = 0
  for (const value of trees.values) largest = Math.max(largest, Math.abs(value))
  const bound = largest * Math.max(1, treeCount(trees))
  return bound === 0 ? 1 : 2 ** (Math.ceil(Math.log2(bound)) + 1 - FLOAT_BITS)
}

function treeNodes(trees: TreeEnsemble, position: Int32Array, sets: ReadonlyMap<number, number>) {
  const { roots, feature, threshold, child, missingLeft } = trees
  const nNodes = feature.length
  const ids = { tree: new Int32Array(nNodes), node: new Int32Array(nNodes), feature: new Int32Array(nNodes) }
  const left = new Int32Array(nNodes)
  const right = new Int32Array(nNodes)
  const missing = new Int32Array(nNodes)
  const values = new Float64Array(nNodes)
  const modes: string[] = new Array(nNodes)
  for (let tree = 0; tree < treeCount(trees); tree++) {
    const root = roots[tree]!
    for (let node = root; node < roots[tree + 1]!; node++) {
      ids.tree[node] = tree
      ids.node[node] = node - root
      modes[node] = feature[node]! < 0 ? 'LEAF' : 'BRANCH_LEQ'
      if (feature[node]! < 0) continue
      const set = sets.get(node)
      ids.feature[node] = set ?? position[feature[node]!]!
      values[node] = set === undefined ? threshold[node]! : 0.5
      left[node] = child[node]! - root
      right[node] = child[node]! + 1 - root
      missing[node] = missingLeft[node]!
    }
  }
  return {
    nodes_treeids: { ints: ids.tree },
    nodes_nodeids: { ints: ids.node },
    nodes_featureids: { ints: ids.feature },
    nodes_modes: { strings: modes },
    nodes_values_as_tensor: { tensor: { type: 'double', dims: [nNodes], values } },
    nodes_truenodeids: { ints: left },
    nodes_falsenodeids: { ints: right },
    nodes_missing_value_tracks_true: { ints: missing },
  } as const
}

/** What leaves add to which output; a leaf that adds nothing to an output is not listed for it, unless for nothing at all. */
function leafWeights(trees: TreeEnsemble, quantum: number | null) {
  const { roots, feature, child, values, width, nOutputs } = trees
  const treeIds: number[] = []
  const nodeIds: number[] = []
  const targets: number[] = []
  const weights: number[] = []
  for (let tree = 0; tree < treeCount(trees); tree++) {
    const root = roots[tree]!
    const output = firstOutput(trees, tree)
    for (let node = root; node < roots[tree + 1]!; node++) {
      if (feature[node]! >= 0) continue
      const add = (target: number, weight: number) => {
        treeIds.push(tree)
        nodeIds.push(node - root)
        targets.push(target)
        weights.push(weight)
      }
      const before = weights.length
      for (let j = 0; j < width; j++) {
        const value = values[child[node]! * width + j]!
        const coarse = quantum === null ? value : Math.round(value / quantum) * quantum
        if (coarse !== 0) add(output + j, coarse)
        if (value !== coarse) add(nOutputs + output + j, value - coarse)
      }
      if (weights.length === before) add(output, 0)
    }
  }
  return {
    target_treeids: { ints: treeIds },
    target_nodeids: { ints: nodeIds },
    target_ids: { ints: targets },
    target_weights_as_tensor: { tensor: { type: 'double', dims: [weights.length], values: weights } },
  } as const
}
