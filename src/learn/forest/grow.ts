import type { RandomState } from '../../table/random.ts'
import type { KernelMemory } from '../kernels/kernel-memory.ts'
import { type BinnedMatrix, thresholdAfter } from '../tree/bin.ts'
import type { EnsembleWriter } from '../tree/ensemble-writer.ts'
import { partitionRows } from '../tree/partition.ts'
import type { Criterion } from './criterion.ts'

/** When a node becomes a leaf, and what it is looked at with. */
export interface ForestTreeRules {
  /** Columns drawn for each split. */
  readonly nFeatures: number
  readonly maxDepth: number | null
  readonly minSamplesSplit: number
  readonly minSamplesLeaf: number
  readonly extraTrees: boolean
}

/** One tree's inputs. */
export interface ForestTreeInput {
  readonly binned: BinnedMatrix
  readonly criterion: Criterion
  /** Rows that the tree learns from, ascending; they are reordered by leaf. In the memory where there is one. */
  readonly rows: Uint32Array
  /** Columns with two bins or more; they are reordered as they are drawn. */
  readonly columns: Int32Array
  readonly rules: ForestTreeRules
  readonly random: RandomState
  /** Where `binned`, `rows` and what the criterion holds lie, for the kernels; null for plain arrays. */
  readonly memory: KernelMemory | null
}

/**
 * Grows one tree into `writer`, depth first, left before right, until nodes are pure or the rules stop it. As in
 * scikit-learn the draw of columns goes on past `nFeatures` until one is found that varies in the node, and a split that
 * lowers no impurity is still made (what it parts may be told apart further down).
 * @returns Gain of its splits by column, shape (nColumns).
 */
export function growForestTree(input: ForestTreeInput, writer: EnsembleWriter): Float64Array {
  const { binned, criterion, rows, columns, rules, random, memory } = input
  const gains = new Float64Array(binned.nColumns)
  const scratch = memory ? memory.uint32(rows.length) : new Uint32Array(rows.length)
  // Nodes still to do: node, begin, end, depth.
  const stack: number[] = []
  criterion.enter(rows, 0, rows.length)
  stack.push(writer.beginTree(criterion.cover), 0, rows.length, 0)
  while (stack.length > 0) {
    const depth = stack.pop()!
    const end = stack.pop()!
    const begin = stack.pop()!
    const node = stack.pop()!
    const n = end - begin
    const varied = criterion.enter(rows, begin, end)
    const maySplit =
      varied &&
      n >= rules.minSamplesSplit &&
      n >= 2 * rules.minSamplesLeaf &&
      (rules.maxDepth === null || depth < rules.maxDepth)
    if (maySplit) searchSplit(criterion, columns, rules, random)
    const { column, bin } = criterion.best
    if (!maySplit || column < 0) {
      const at = writer.leaf(node)
      criterion.writeLeaf(writer.values, at)
      continue
    }
    gains[column]! += criterion.gain()
    const cover = criterion.cover
    const missingBin = binned.hasMissing[column] ? binned.nBins[column]! - 1 : -1
    const base = column * binned.nRows
    const missingSeen = missingBin >= 0 && anyInBin(rows, begin, end, binned.bins, base, missingBin)
    const { missingLeft } = criterion.best
    const middle = partitionRows(rows, begin, end, binned.bins, base, bin, missingBin, missingLeft, scratch, memory)
    criterion.enter(rows, begin, middle)
    const leftCover = criterion.cover
    const rightCover = cover - leftCover
    // Where the node had no missing value, one that comes later takes the heavier side.
    const left = writer.split(
      node,
      column,
      thresholdAfter(binned, column, bin),
      missingSeen ? missingLeft : leftCover >= rightCover,
      leftCover,
      rightCover,
    )
    stack.push(left + 1, middle, end, depth + 1)
    stack.push(left, begin, middle, depth + 1)
  }
  return gains
}

/** Draws columns without replacement, puts them to the front and looks at them. */
function searchSplit(criterion: Criterion, columns: Int32Array, rules: ForestTreeRules, random: RandomState): void {
  const nColumns = columns.length
  const thresholds = rules.extraTrees ? random : null
  let drawn = 0
  let nVarying = 0
  while (drawn < nColumns && (drawn < rules.nFeatures || nVarying === 0)) {
    const from = drawn
    const to = Math.min(nColumns, drawn < rules.nFeatures ? rules.nFeatures : drawn + 1)
    for (; drawn < to; drawn++) {
      const j = drawn + random.randint(nColumns - drawn)
      const column = columns[j]!
      columns[j] = columns[drawn]!
      columns[drawn] = column
    }
    nVarying += criterion.consider(columns, from, to, thresholds)
  }
}

function anyInBin(rows: Uint32Array, begin: number, end: number, bins: Uint8Array, base: number, bin: number): boolean {
  for (let i = begin; i < end; i++) if (bins[base + rows[i]!] === bin) return true
  return false
}
