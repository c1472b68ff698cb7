import { type KernelMemory, roomFor } from '../kernels/kernel-memory.ts'
import { type TreeEnsemble, treeCount } from './ensemble.ts'

/** Rows that go through all trees together: their values stay in the nearest cache, and a tree's nodes are reused. */
export const BLOCK_ROWS = 64

/** The first arguments of the kernel `addTreeOutputs`: nodes, leaves, roots, nTrees, values, width. */
export type PackedTrees = readonly [number, number, number, number, number, number]

/** Bytes that `packTrees` takes. */
export function roomForTrees({ feature, roots, values }: TreeEnsemble): number {
  const nodes = roomFor(16 * feature.length) + roomFor(4 * feature.length)
  return nodes + roomFor(4 * roots.length) + roomFor(8 * values.length)
}

/** Bytes of the place where a thread lays out a block of rows. */
export function roomForBlock(nColumns: number): number {
  return roomFor(8 * (8 + BLOCK_ROWS * nColumns))
}

/** Lays trees out as the kernel reads them: a node takes 16 bytes, as assembly/predict.ts says. */
export function packTrees(trees: TreeEnsemble, memory: KernelMemory): PackedTrees {
  const { width, feature, threshold, child, missingLeft } = trees
  const nodes = memory.float64(2 * feature.length)
  const links = new Int32Array(nodes.buffer, nodes.byteOffset, 4 * feature.length)
  const leaves = memory.int32(feature.length)
  for (let node = 0; node < feature.length; node++) {
    const leaf = feature[node]! < 0
    nodes[2 * node] = leaf ? Number.POSITIVE_INFINITY : threshold[node]!
    links[4 * node + 2] = feature[node]!
    links[4 * node + 3] = leaf ? 2 * node + 1 : 2 * child[node]! + missingLeft[node]!
    leaves[node] = leaf ? child[node]! * width : 0
  }
  const roots = memory.int32(trees.roots.length)
  roots.set(trees.roots)
  const values = memory.float64(trees.values.length)
  values.set(trees.values)
  return [nodes.byteOffset, leaves.byteOffset, roots.byteOffset, treeCount(trees), values.byteOffset, width]
}
