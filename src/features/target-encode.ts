import { RandomState } from '../table/random.ts'
import { type Target, targetLength } from '../table/target.ts'

/** How rare categories are pulled to the mean of all rows: that many rows, or from the variances. */
export type Smooth = 'auto' | number

/** Targets as numbers: one 0/1 array per class, for two classes the second alone, or the values of a regression. Each of shape (nRows). */
export function targetParts(target: Target): Float64Array[] {
  if (target.task === 'regression') return [target.values]
  const { codes, classes } = target
  const wanted = classes.length === 2 ? [1] : classes.map((_, code) => code)
  return wanted.map((wantedCode) => Float64Array.from(codes, (code) => (code === wantedCode ? 1 : 0)))
}

/**
 * scikit-learn's `TargetEncoder` on some rows: what each category stands for, and the mean of all those rows for categories without any.
 *   auto:      λ·mean_c + (1 - λ)·mean,  λ = var·n_c / (var·n_c + SSD_c / n_c)
 *   smooth m:  (sum_c + m·mean) / (n_c + m)
 * where SSD_c is the sum of squared distances from the category's mean.
 * @param codes  Category of each row, shape (nRows), from 0 to nCategories - 1.
 * @param y      Target of each row, shape (nRows).
 * @param except Leaves out the rows of one fold; `foldOf` has the fold of each row, shape (nRows). At least one row must remain.
 * @returns Encodings, shape (nCategories), and the mean.
 * @see Micci-Barreca (2001), A preprocessing scheme for high-cardinality categorical attributes.
 */
export function encodeTarget(
  codes: Int32Array,
  y: Float64Array,
  nCategories: number,
  smooth: Smooth,
  except?: { readonly foldOf: Int32Array; readonly fold: number },
): { readonly encodings: Float64Array; readonly mean: number } {
  const foldOf = except?.foldOf
  const fold = except?.fold
  const counts = new Float64Array(nCategories)
  const sums = new Float64Array(nCategories)
  let nRows = 0
  let total = 0
  for (let row = 0; row < y.length; row++) {
    if (foldOf && foldOf[row] === fold) continue
    counts[codes[row]!]!++
    sums[codes[row]!]! += y[row]!
    total += y[row]!
    nRows++
  }
  const mean = total / nRows
  const encodings = new Float64Array(nCategories)
  if (smooth !== 'auto') {
    for (let c = 0; c < nCategories; c++) {
      encodings[c] = counts[c]! + smooth === 0 ? mean : (sums[c]! + smooth * mean) / (counts[c]! + smooth)
    }
    return { encodings, mean }
  }
  const means = sums.map((sum, c) => sum / counts[c]!)
  const distances = new Float64Array(nCategories)
  let variance = 0
  for (let row = 0; row < y.length; row++) {
    if (foldOf && foldOf[row] === fold) continue
    distances[codes[row]!]! += (y[row]! - means[codes[row]!]!) ** 2
    variance += (y[row]! - mean) ** 2
  }
  variance /= nRows
  for (let c = 0; c < nCategories; c++) {
    const n = counts[c]!
    const weight = (variance * n) / (variance * n + distances[c]! / n)
    encodings[c] = Number.isNaN(weight) ? mean : weight * means[c]! + (1 - weight) * mean
  }
  return { encodings, mean }
}

/**
 * Encodings for the training rows themselves: each row gets what the rows of the other folds say of its category, so that its own target
 * is not in it. A category that the other folds lack gets their mean.
 * @param foldOf Fold of each row, shape (nRows).
 * @returns shape (nRows)
 */
export function crossFitTarget(
  codes: Int32Array,
  y: Float64Array,
  foldOf: Int32Array,
  nCategories: number,
  smooth: Smooth,
): Float64Array {
  const encoded = new Float64Array(codes.length)
  for (const fold of new Set(foldOf)) {
    // A table of one row, or of one fold, has no others to learn from: then all rows get the plain mean.
    const alone = foldOf.every((other) => other === fold)
    const { encodings, mean } = encodeTarget(codes, y, nCategories, smooth, alone ? undefined : { foldOf, fold })
    for (let row = 0; row < codes.length; row++) {
      if (foldOf[row] === fold) encoded[row] = alone ? mean : encodings[codes[row]!]!
    }
  }
  return encoded
}

/**
 * Folds for cross-fitting: rows in random order, sorted by class, dealt out one by one, so that each fold has its share of each class.
 * Never fails: with fewer rows than folds, some folds are empty.
 * @returns Fold of each row, shape (nRows).
 */
export function crossFitFolds(target: Target, nFolds: number, seed: number): Int32Array {
  const nRows = targetLength(target)
  const order = Array.from(new RandomState(seed).permutation(nRows))
  if (target.task === 'classification') order.sort((a, b) => target.codes[a]! - target.codes[b]!)
  const foldOf = new Int32Array(nRows)
  order.forEach((row, i) => {
    foldOf[row] = i % nFolds
  })
  return foldOf
}
