import { BellwetherError } from '../../errors.ts'
import type { Matrix } from '../../table/matrix.ts'
import { nearest } from '../../table/nearest.ts'
import type { Target } from '../../table/target.ts'
import { leafScore, leafValue, type SplitRules, shrink } from './split-rules.ts'

/** What the value of a leaf must lie between, learning rate left aside. */
export interface LeafBounds {
  readonly low: number
  readonly high: number
}

export const NO_BOUNDS: LeafBounds = { low: Number.NEGATIVE_INFINITY, high: Number.POSITIVE_INFINITY }

/**
 * The direction of each matrix column: 1 rising, -1 falling, 0 free; shape (nColumns). null where none is asked for.
 * @throws ESTIMATOR_OPTIONS_INVALID for a column that is not in the matrix or holds categories, and for three classes or more
 */
export function monotoneColumns(
  monotone: Readonly<Record<string, 1 | -1>>,
  x: Pick<Matrix, 'names' | 'nColumns' | 'categories'>,
  target: Target,
): Int8Array | null {
  const wanted = Object.entries(monotone)
  if (wanted.length === 0) return null
  const refuse = (path: string, message: string): never => {
    throw new BellwetherError('ESTIMATOR_OPTIONS_INVALID', `Options of "gradient-boosting": ${path}: ${message}`, {
      details: [{ path, message }],
    })
  }
  if (target.task === 'classification' && target.classes.length > 2)
    refuse('monotone', `a score can rise with a column for two classes or a number, not for ${target.classes.length}`)
  const directions = new Int8Array(x.nColumns)
  for (const [name, direction] of wanted) {
    const column = x.names.indexOf(name)
    if (column < 0) {
      const near = nearest(name, x.names)
      refuse(`monotone.${name}`, `there is no such column of numbers${near ? `; did you mean "${near}"?` : ''}`)
    }
    if (x.categories && x.categories[column]! > 0)
      refuse(`monotone.${name}`, 'the column holds categories, which have no order')
    directions[column] = direction
  }
  return directions
}

/** The value of a leaf of least loss within its bounds. */
export function boundedValue(gradient: number, hessian: number, rules: SplitRules, { low, high }: LeafBounds): number {
  return Math.min(high, Math.max(low, leafValue(gradient, hessian, rules)))
}

/** Twice the loss, to second order, that a leaf value within the bounds saves: `leafScore` where they do not bind. */
export function boundedScore(gradient: number, hessian: number, rules: SplitRules, bounds: LeafBounds): number {
  const best = leafValue(gradient, hessian, rules)
  if (best >= bounds.low && best <= bounds.high) return leafScore(gradient, hessian, rules)
  const value = Math.min(bounds.high, Math.max(bounds.low, best))
  return -(2 * shrink(gradient, rules.l1Regularization) + (hessian + rules.l2Regularization) * value) * value
}

/**
 * Bounds of the two children of a split. On a column with a direction each keeps to its side of the middle of their two values
 * (LightGBM's method `basic`), so that whatever comes below cannot cross it.
 */
export function childBounds(
  bounds: LeafBounds,
  direction: number,
  leftValue: number,
  rightValue: number,
): readonly [LeafBounds, LeafBounds] {
  if (direction === 0) return [bounds, bounds]
  const middle = (leftValue + rightValue) / 2
  const below = { low: bounds.low, high: middle }
  const above = { low: middle, high: bounds.high }
  return direction > 0 ? [below, above] : [above, below]
}

/** A split on a column with a direction: rows[begin] to rows[middle - 1] went left, rows[middle] to rows[end - 1] right. */
export interface DirectedSplit {
  readonly begin: number
  readonly middle: number
  readonly end: number
  readonly direction: number
}

/**
 * Puts leaf values right that were renewed after the tree had grown: from the root down, the leaves on either side of a directed split
 * are kept to their side of the middle between the means of the two sides. What a split further up settled stays so.
 * in:  `splits`, parents before children; `begins`, shape (nLeaves + 1), where each leaf's rows begin
 * in, out: `values`, shape (nLeaves)
 */
export function keepDirections(splits: readonly DirectedSplit[], begins: Uint32Array, values: Float64Array): void {
  for (const { begin, middle, end, direction } of splits) {
    const from = begins.indexOf(begin)
    const to = begins.indexOf(middle)
    const left = values.subarray(from, to)
    const right = values.subarray(to, begins.indexOf(end))
    const [lower, upper] = direction > 0 ? [left, right] : [right, left]
    if (Math.max(...lower) <= Math.min(...upper)) continue
    const mean = (part: Float64Array) => part.reduce((sum, value) => sum + value, 0) / part.length
    const between = (mean(lower) + mean(upper)) / 2
    for (let i = 0; i < lower.length; i++) lower[i] = Math.min(lower[i]!, between)
    for (let i = 0; i < upper.length; i++) upper[i] = Math.max(upper[i]!, between)
  }
}
