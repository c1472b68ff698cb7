import type { Matrix } from '../../table/matrix.ts'
import { KernelMemory, roomFor } from '../kernels/kernel-memory.ts'
import { kernelsAvailable } from '../kernels/load-kernels.ts'
import { type TreeEnsemble, treeCount } from './ensemble.ts'
import { type PackedTrees, packTrees, roomForBlock, roomForTrees } from './packed-trees.ts'

/** Rows of one question that kept trees answer. */
const MOST_ROWS = 256

/** Ensembles that are kept at once: models that a server answers with, and a blend's parts. */
const MOST_KEPT = 8

/** Bytes that one may take, its rows included. */
const MOST_BYTES = 8 * 2 ** 20

/** Trees laid out for the kernel, and room for some rows, between one question and the next. */
export interface KeptTrees {
  readonly trees: TreeEnsemble
  readonly packed: PackedTrees
  readonly kernels: KernelMemory['kernels']
  /** Room for MOST_ROWS rows. */
  readonly columns: Float64Array
  readonly outputs: Float64Array
  readonly block: number
}

/** The one asked last stands first. They live as long as others do not take their place: at most 64 MiB. */
const kept: KeptTrees[] = []

/** Rows that were answered without, times trees. */
const walked = new WeakMap<TreeEnsemble, number>()

/**
 * The trees as they are kept from earlier questions; null where there are too many rows or no kernels, and until questions with few rows
 * have walked as many nodes as there are to lay out, so that it pays whatever comes next.
 */
export function keptTrees(trees: TreeEnsemble, nRows: number): KeptTrees | null {
  if (nRows > MOST_ROWS || !kernelsAvailable()) return null
  for (let i = 0; i < kept.length; i++) {
    const found = kept[i]!
    if (found.trees !== trees) continue
    if (i > 0) {
      kept.splice(i, 1)
      kept.unshift(found)
    }
    return found
  }
  const walks = (walked.get(trees) ?? 0) + nRows * treeCount(trees)
  walked.set(trees, walks)
  if (8 * walks <= trees.feature.length) return null
  const made = keep(trees)
  if (made === null) return null
  // Once it has to go it is to be earned again.
  walked.delete(trees)
  kept.unshift(made)
  if (kept.length > MOST_KEPT) kept.pop()
  return made
}

function keep(trees: TreeEnsemble): KeptTrees | null {
  const { nColumns, nOutputs } = trees
  const rows = roomFor(8 * MOST_ROWS * nColumns) + roomFor(8 * MOST_ROWS * nOutputs)
  const room = roomForTrees(trees) + rows + roomForBlock(nColumns)
  // Not `take`, which hands out a memory that the next fit uses again.
  const memory = room > MOST_BYTES ? null : KernelMemory.make(room)
  if (memory === null) return null
  return {
    trees,
    packed: packTrees(trees, memory),
    kernels: memory.kernels,
    columns: memory.float64(MOST_ROWS * nColumns),
    outputs: memory.float64(MOST_ROWS * nOutputs),
    block: memory.uint8(roomForBlock(nColumns)).byteOffset,
  }
}

/** As `addTreeOutputs`, for at most as many rows as `keptTrees` was asked for. */
export function addByKeptTrees(
  { trees, packed, kernels, columns, outputs: sums, block }: KeptTrees,
  x: Matrix,
  outputs: Float64Array,
): void {
  const { nRows, nColumns, data } = x
  const [nodes, leaves, roots, nTrees, values, width] = packed
  const { nOutputs } = trees
  columns.set(data)
  sums.set(outputs)
  const [at, to] = [columns.byteOffset, sums.byteOffset]
  // biome-ignore format: the trees in one line, the rows in the other
  kernels.addTreeOutputs(
    nodes, leaves, roots, nTrees, values, width,
    at, nRows, nColumns, 0, nRows, block, to, nOutputs,
  )
  outputs.set(sums.subarray(0, outputs.length))
}
