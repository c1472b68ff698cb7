import type { RandomState } from '../../table/random.ts'
import type { KernelMemory } from '../kernels/kernel-memory.ts'
import type { BinMapper } from '../tree/bin.ts'
import { type CategoryRules, columnKinds, considerCategories } from './category-split.ts'
import type { PackedGradients } from './histogram.ts'
import { boundedScore, boundedValue, type LeafBounds, NO_BOUNDS } from './monotone.ts'
import {
  leafScore,
  MIN_HESSIAN_LEAF,
  MIN_RELATIVE_GAIN,
  noSplit,
  type Split,
  type SplitRules,
  shrink,
} from './split-rules.ts'

/** LightGBM's. */
const CATEGORY_DEFAULTS = {
  categorySmoothing: 10,
  categoryL2: 10,
  maxCategoriesPerSplit: 32,
  maxCategoriesOneVsRest: 4,
  minSamplesPerGroup: 100,
}

/** Finds the best split of nodes from their histograms. */
export class SplitFinder {
  readonly #mapper: BinMapper
  readonly #rules: SplitRules & Partial<CategoryRules>
  readonly #packed: PackedGradients
  readonly #memory: KernelMemory | null
  /** Direction of each column, shape (nColumns); null where no split need keep to any. */
  readonly #directions: Int8Array | null

  /**
   * @param memory Where the histograms and the mapper's `offsets` and `hasMissing` lie, for the kernel to look through them;
   * null for plain TypeScript.
   */
  constructor(
    mapper: BinMapper,
    rules: SplitRules & Partial<CategoryRules>,
    packed: PackedGradients,
    memory: KernelMemory | null = null,
    directions: Int8Array | null = null,
  ) {
    this.#directions = directions
    this.#mapper = mapper
    this.#rules = rules
    this.#packed = packed
    this.#memory = memory
  }

  /**
   * Looks at every threshold of the columns, with missing values on either side. A gain must be above rounding; of equal ones
   * the first found stays. Between two bins that hold rows of this node, the split lies at the middle empty one.
   * @param gradient, hessianAndCount The node's sums, packed as in histograms.
   */
  find(
    histogram: Float64Array,
    columns: Int32Array,
    gradient: number,
    hessianAndCount: number,
    bounds: LeafBounds = NO_BOUNDS,
  ): Split {
    if (this.#directions) {
      const { numbers, categories } = columnKinds(this.#mapper, columns)
      const best = noSplit()
      for (const column of numbers) this.#scanDirected(histogram, column, gradient, hessianAndCount, bounds, best)
      this.#considerCategories(histogram, categories, gradient, hessianAndCount, null, best, bounds)
      return best
    }
    if (this.#mapper.categories) {
      const { numbers, categories } = columnKinds(this.#mapper, columns)
      const best = this.#findNumbers(histogram, numbers, gradient, hessianAndCount)
      this.#considerCategories(histogram, categories, gradient, hessianAndCount, null, best)
      return best
    }
    return this.#findNumbers(histogram, columns, gradient, hessianAndCount)
  }

  #findNumbers(histogram: Float64Array, columns: Int32Array, gradient: number, hessianAndCount: number): Split {
    if (this.#memory) return this.#findByKernel(this.#memory, histogram, columns, gradient, hessianAndCount)
    const best = noSplit()
    for (let i = 0; i < columns.length; i++) {
      const column = columns[i]!
      const missing = this.#missingEntry(column)
      const anyMissing = missing >= 0 && histogram[missing + 1]! > 0
      this.#scan(histogram, column, gradient, hessianAndCount, anyMissing, false, best)
      if (anyMissing) this.#scan(histogram, column, gradient, hessianAndCount, true, true, best)
    }
    return best
  }

  #considerCategories(
    histogram: Float64Array,
    columns: Int32Array,
    gradient: number,
    hessianAndCount: number,
    random: RandomState | null,
    best: Split,
    bounds: LeafBounds = NO_BOUNDS,
  ): void {
    const rules = { ...CATEGORY_DEFAULTS, ...this.#rules }
    const node = { histogram, gradient, hessianAndCount, bounds }
    for (const column of columns) considerCategories(node, column, this.#mapper, this.#packed, rules, random, best)
  }

  /** As `find`, but with one threshold per column, drawn from those between the node's smallest and largest bin. */
  findRandom(
    histogram: Float64Array,
    columns: Int32Array,
    gradient: number,
    hessianAndCount: number,
    random: RandomState,
    bounds: LeafBounds = NO_BOUNDS,
  ): Split {
    const best = noSplit()
    const { offsets, thresholds } = this.#mapper
    const { numbers, categories } = columnKinds(this.#mapper, columns)
    for (let i = 0; i < numbers.length; i++) {
      const column = numbers[i]!
      const first = offsets[column]! * 2
      const nValueBins = thresholds[column]!.length + 1
      let low = 0
      while (low < nValueBins && histogram[first + 2 * low + 1] === 0) low++
      let high = nValueBins - 1
      while (high > low && histogram[first + 2 * high + 1] === 0) high--
      const missing = this.#missingEntry(column)
      const anyMissing = missing >= 0 && histogram[missing + 1]! > 0
      // With missing values, "all others against them" is one threshold more.
      const nThresholds = high - low + (anyMissing ? 1 : 0)
      if (low >= nValueBins || nThresholds < 1) continue
      const bin = low + random.randint(nThresholds)
      let leftGradient = 0
      let left = 0
      for (let b = low; b <= bin; b++) {
        leftGradient += histogram[first + 2 * b]!
        left += histogram[first + 2 * b + 1]!
      }
      this.#consider(
        column,
        bin === high ? nValueBins - 1 : bin,
        false,
        leftGradient,
        left,
        gradient,
        hessianAndCount,
        best,
        bounds,
      )
      if (!anyMissing || bin === high) continue
      leftGradient += histogram[missing]!
      left += histogram[missing + 1]!
      this.#consider(column, bin, true, leftGradient, left, gradient, hessianAndCount, best, bounds)
    }
    this.#considerCategories(histogram, categories, gradient, hessianAndCount, random, best, bounds)
    return best
  }

  /** `find` step by step in the kernel: the same numbers to the last bit. */
  #findByKernel(
    memory: KernelMemory,
    histogram: Float64Array,
    columns: Int32Array,
    gradient: number,
    hessianAndCount: number,
  ): Split {
    const { offsets, hasMissing } = this.#mapper
    const { minSamplesLeaf, l1Regularization, l2Regularization } = this.#rules
    const { countUnit, gradientScale, hessianScale } = this.#packed
    const column = memory.kernels.findSplit(
      histogram.byteOffset,
      offsets.byteOffset,
      hasMissing.byteOffset,
      memory.columns(columns),
      columns.length,
      gradient,
      hessianAndCount,
      countUnit,
      gradientScale,
      hessianScale,
      minSamplesLeaf,
      l1Regularization,
      l2Regularization,
    )
    return column < 0 ? noSplit() : memory.splitFound()
  }

  /** Where the sums of the column's missing values are in a histogram; -1 when it had none. */
  #missingEntry(column: number): number {
    return this.#mapper.hasMissing[column] ? (this.#mapper.offsets[column + 1]! - 1) * 2 : -1
  }

  /** All thresholds of a column, missing values (if any) on the side given. */
  #scan(
    histogram: Float64Array,
    column: number,
    gradient: number,
    hessianAndCount: number,
    anyMissing: boolean,
    missingLeft: boolean,
    best: Split,
  ): void {
    const { countUnit, gradientScale, hessianScale } = this.#packed
    const { minSamplesLeaf, l1Regularization: l1, l2Regularization: l2 } = this.#rules
    const perCount = 1 / countUnit
    const perGradient = 1 / gradientScale
    const perHessian = 1 / hessianScale
    const first = this.#mapper.offsets[column]! * 2
    const nValueBins = this.#mapper.thresholds[column]!.length + 1
    const parentHessian = Math.floor(hessianAndCount * perCount)
    const count = hessianAndCount - parentHessian * countUnit
    const parent = leafScore(gradient * perGradient, parentHessian * perHessian, this.#rules)
    let leftGradient = 0
    let left = 0
    if (missingLeft) {
      const missing = this.#missingEntry(column)
      leftGradient = histogram[missing]!
      left = histogram[missing + 1]!
    }
    let found = -1
    let bestGain = Math.max(best.gain, parent * MIN_RELATIVE_GAIN)
    // The threshold after the last bin with rows is looked at when the next such bin is met; the end counts as one
    // where missing values lie to the right.
    const end = anyMissing && !missingLeft ? nValueBins : nValueBins - 1
    for (let bin = 0; bin < end; bin++) {
      const entry = histogram[first + 2 * bin + 1]!
      if (entry === 0) continue
      leftGradient += histogram[first + 2 * bin]!
      left += entry
      const leftHessian = Math.floor(left * perCount)
      const leftCount = left - leftHessian * countUnit
      if (leftCount < minSamplesLeaf) continue
      if (count - leftCount < minSamplesLeaf) break
      const hl = leftHessian * perHessian
      const hr = (parentHessian - leftHessian) * perHessian
      if (hl < MIN_HESSIAN_LEAF || hr < MIN_HESSIAN_LEAF) continue
      const gl = shrink(leftGradient * perGradient, l1)
      const gr = shrink((gradient - leftGradient) * perGradient, l1)
      const gain = (gl * gl) / (hl + l2) + (gr * gr) / (hr + l2) - parent
      if (gain > bestGain) {
        bestGain = gain
        found = bin
        best.leftGradient = leftGradient
        best.leftHessianAndCount = left
      }
    }
    if (found < 0) return
    best.gain = bestGain
    best.column = column
    best.missingLeft = missingLeft
    best.bin = middleOfGap(histogram, first, found, nValueBins)
  }

  /** Takes the split into `best` if it is allowed and better. */
  #consider(
    column: number,
    bin: number,
    missingLeft: boolean,
    leftGradient: number,
    left: number,
    gradient: number,
    hessianAndCount: number,
    best: Split,
    bounds: LeafBounds = NO_BOUNDS,
  ): boolean {
    const { countUnit, gradientScale, hessianScale } = this.#packed
    const parentHessian = Math.floor(hessianAndCount / countUnit)
    const leftHessian = Math.floor(left / countUnit)
    const leftCount = left - leftHessian * countUnit
    const rightCount = hessianAndCount - parentHessian * countUnit - leftCount
    if (leftCount < this.#rules.minSamplesLeaf || rightCount < this.#rules.minSamplesLeaf) return false
    const hl = leftHessian / hessianScale
    const hr = (parentHessian - leftHessian) / hessianScale
    if (hl < MIN_HESSIAN_LEAF || hr < MIN_HESSIAN_LEAF) return false
    const gl = leftGradient / gradientScale
    const gr = (gradient - leftGradient) / gradientScale
    const direction = this.#directions?.[column] ?? 0
    if (direction !== 0) {
      const rise = boundedValue(gr, hr, this.#rules, bounds) - boundedValue(gl, hl, this.#rules, bounds)
      if (direction * rise < 0) return false
    }
    const parent = leafScore(gradient / gradientScale, parentHessian / hessianScale, this.#rules)
    const gain = boundedScore(gl, hl, this.#rules, bounds) + boundedScore(gr, hr, this.#rules, bounds) - parent
    if (!(gain > best.gain && gain > parent * MIN_RELATIVE_GAIN)) return false
    best.gain = gain
    best.column = column
    best.bin = bin
    best.missingLeft = missingLeft
    best.leftGradient = leftGradient
    best.leftHessianAndCount = left
    return true
  }

  /** As `#scan` for missing values on either side, each threshold weighed within the node's bounds. */
  #scanDirected(
    histogram: Float64Array,
    column: number,
    gradient: number,
    hessianAndCount: number,
    bounds: LeafBounds,
    best: Split,
  ): void {
    const first = this.#mapper.offsets[column]! * 2
    const nValueBins = this.#mapper.thresholds[column]!.length + 1
    const missing = this.#missingEntry(column)
    const anyMissing = missing >= 0 && histogram[missing + 1]! > 0
    for (const missingLeft of anyMissing ? [false, true] : [false]) {
      let leftGradient = missingLeft ? histogram[missing]! : 0
      let left = missingLeft ? histogram[missing + 1]! : 0
      const end = anyMissing && !missingLeft ? nValueBins : nValueBins - 1
      let found = -1
      for (let bin = 0; bin < end; bin++) {
        const entry = histogram[first + 2 * bin + 1]!
        if (entry === 0) continue
        leftGradient += histogram[first + 2 * bin]!
        left += entry
        if (this.#consider(column, bin, missingLeft, leftGradient, left, gradient, hessianAndCount, best, bounds))
          found = bin
      }
      if (found >= 0) best.bin = middleOfGap(histogram, first, found, nValueBins)
    }
  }
}

/**
 * Halfway between a bin with rows and the next one, so that unseen values between them are shared out evenly. After the
 * last bin with rows only missing values are told apart: all others go left.
 */
function middleOfGap(histogram: Float64Array, first: number, bin: number, nValueBins: number): number {
  let next = bin + 1
  while (next < nValueBins && histogram[first + 2 * next + 1] === 0) next++
  return next < nValueBins ? (bin + next - 1) >> 1 : nValueBins - 1
}
