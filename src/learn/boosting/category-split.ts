import type { RandomState } from '../../table/random.ts'
import type { BinMapper } from '../tree/bin.ts'
import type { PackedGradients } from './histogram.ts'
import { boundedScore, type LeafBounds, NO_BOUNDS } from './monotone.ts'
import { leafScore, MIN_HESSIAN_LEAF, MIN_RELATIVE_GAIN, type Split, type SplitRules } from './split-rules.ts'

/** What splits on category columns keep to; names of LightGBM in brackets. */
export interface CategoryRules extends SplitRules {
  /** Added to a category's hessian when categories are put in order; rarer ones are not moved left (cat_smooth). */
  readonly categorySmoothing: number
  /** Added to the hessian of both children of a split into sets (cat_l2). */
  readonly categoryL2: number
  /** Categories that a split may send left (max_cat_threshold). */
  readonly maxCategoriesPerSplit: number
  /** Up to so many categories, one is told from all others instead (max_cat_to_onehot). */
  readonly maxCategoriesOneVsRest: number
  /** Rows that must come between two sets that are tried, and stay on the right (min_data_per_group). */
  readonly minSamplesPerGroup: number
}

/** A node whose best split is looked for. */
export interface SplitNode {
  readonly histogram: Float64Array
  /** Its sums, packed as in histograms. */
  readonly gradient: number
  readonly hessianAndCount: number
  /** Of the values of its leaves; none when left out. */
  readonly bounds?: LeafBounds
}

/**
 * Looks for the best set of categories to send left. The best of all sets, by loss to second order, begins the order by G / H
 * (Fisher 1958); so only beginnings are tried, from either end. Missing values are a category like the others.
 *   order: G / (H + categorySmoothing), categories of fewer than categorySmoothing rows left out (they go right)
 *   gain:  GL^2 / (HL + l2 + categoryL2) + GR^2 / (HR + l2 + categoryL2) - G^2 / (H + l2)
 * @param random Where given, one beginning drawn at random is tried instead of all.
 * @param best Taken into where the gain is larger, or as large as a later column's.
 * @see Fisher (1958), On Grouping for Maximum Homogeneity; LightGBM, docs/Features.rst, "Optimal Split for Categorical Features"
 */
export function considerCategories(
  node: SplitNode,
  column: number,
  mapper: BinMapper,
  packed: PackedGradients,
  rules: CategoryRules,
  random: RandomState | null,
  best: Split,
): void {
  const { categorySmoothing, categoryL2, maxCategoriesPerSplit, maxCategoriesOneVsRest, minSamplesPerGroup } = rules
  const { histogram, bounds = NO_BOUNDS } = node
  const { countUnit, gradientScale, hessianScale } = packed
  const first = mapper.offsets[column]! * 2
  const nBins = mapper.nBins[column]!
  const oneVsRest = nBins <= maxCategoriesOneVsRest
  const hessianOf = (both: number) => Math.floor(both / countUnit)
  const countOf = (both: number) => both - hessianOf(both) * countUnit
  const order: number[] = []
  for (let bin = 0; bin < nBins; bin++) {
    const count = countOf(histogram[first + 2 * bin + 1]!)
    if (count > 0 && (oneVsRest || count >= categorySmoothing)) order.push(bin)
  }
  const childRules = oneVsRest ? rules : { ...rules, l2Regularization: rules.l2Regularization + categoryL2 }
  const total = hessianOf(node.hessianAndCount)
  const nRows = countOf(node.hessianAndCount)
  const parent = leafScore(node.gradient / gradientScale, total / hessianScale, rules)

  /** Takes the first `length` bins of `sorted`, whose sums are given, if they are allowed and better. */
  const consider = (sorted: readonly number[], length: number, gradient: number, both: number): void => {
    const hl = hessianOf(both) / hessianScale
    const hr = (total - hessianOf(both)) / hessianScale
    if (hl < MIN_HESSIAN_LEAF || hr < MIN_HESSIAN_LEAF) return
    const gain =
      boundedScore(gradient / gradientScale, hl, childRules, bounds) +
      boundedScore((node.gradient - gradient) / gradientScale, hr, childRules, bounds) -
      parent
    // Of equal gains the first column's stays, though those of numbers were looked at before.
    const better = gain > best.gain || (gain === best.gain && column < best.column)
    if (!(better && gain > parent * MIN_RELATIVE_GAIN)) return
    const leftBins = new Uint8Array(256)
    for (let i = 0; i < length; i++) leftBins[sorted[i]!] = 1
    best.gain = gain
    best.column = column
    best.bin = -1
    best.missingLeft = mapper.hasMissing[column] === 1 && leftBins[nBins - 1] === 1
    best.leftGradient = gradient
    best.leftHessianAndCount = both
    best.leftBins = leftBins
    best.childL2 = childRules.l2Regularization
  }

  const { minSamplesLeaf } = rules
  if (oneVsRest) {
    const tried = random && order.length > 0 ? [order[random.randint(order.length)]!] : order
    for (const bin of tried) {
      const both = histogram[first + 2 * bin + 1]!
      const count = countOf(both)
      if (count < minSamplesLeaf || nRows - count < minSamplesLeaf) continue
      consider([bin], 1, histogram[first + 2 * bin]!, both)
    }
    return
  }
  const ratio = new Map<number, number>()
  for (const bin of order) {
    const hessian = hessianOf(histogram[first + 2 * bin + 1]!) / hessianScale
    ratio.set(bin, histogram[first + 2 * bin]! / gradientScale / (hessian + categorySmoothing))
  }
  order.sort((a, b) => ratio.get(a)! - ratio.get(b)! || a - b)
  const most = Math.min(maxCategoriesPerSplit, (order.length + 1) >> 1)
  const only = random && most > 0 ? random.randint(most) : -1
  for (const sorted of [order, order.toReversed()]) {
    let gradient = 0
    let both = 0
    let sinceTried = 0
    for (let i = 0; i < most; i++) {
      const at = first + 2 * sorted[i]!
      gradient += histogram[at]!
      both += histogram[at + 1]!
      sinceTried += countOf(histogram[at + 1]!)
      const count = countOf(both)
      if (count < minSamplesLeaf) continue
      if (nRows - count < Math.max(minSamplesLeaf, minSamplesPerGroup)) break
      if (sinceTried < minSamplesPerGroup) continue
      sinceTried = 0
      if (only >= 0 && i < only) continue
      consider(sorted, i + 1, gradient, both)
      if (only >= 0) break
    }
  }
}

/** Splits a list of columns into those of numbers and those of categories, each in the order it had. */
export function columnKinds(mapper: BinMapper, columns: Int32Array): { numbers: Int32Array; categories: Int32Array } {
  const { categories } = mapper
  if (!categories) return { numbers: columns, categories: new Int32Array(0) }
  return {
    numbers: columns.filter((column) => categories[column] === 0),
    categories: columns.filter((column) => categories[column] === 1),
  }
}

/** A set of bins as the 8 words of a tree's node; a code is its bin. */
export function wordsOf(leftBins: Uint8Array, nCategories: number): Uint32Array {
  const words = new Uint32Array(8)
  for (let code = 0; code < nCategories; code++) if (leftBins[code]) words[code >> 5]! |= 1 << (code & 31)
  return words
}
