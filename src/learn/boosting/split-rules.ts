/** Least sum of hessians in a leaf, as LightGBM: keeps leaf values bounded where probabilities are near 0 or 1. */
export const MIN_HESSIAN_LEAF = 1e-3

/** A gain below this share of the node's own score is rounding, not knowledge: a pure node is not split. */
export const MIN_RELATIVE_GAIN = 1e-10

/** What the two children of a split must be, and how its gain is counted. */
export interface SplitRules {
  readonly minSamplesLeaf: number
  readonly l2Regularization: number
  readonly l1Regularization: number
}

/** The best split of a node found so far. `column` is -1 while there is none. */
export interface Split {
  gain: number
  column: number
  /** Bins up to this one go left. */
  bin: number
  missingLeft: boolean
  /** Sums of the left child, packed as in histograms. */
  leftGradient: number
  leftHessianAndCount: number
  /** Of a split on categories: 1 for each bin that goes left, shape (256); `bin` is -1 then. */
  leftBins?: Uint8Array
  /** L2 of the two children's values where it is not that of the rules. */
  childL2?: number
}

export function noSplit(): Split {
  return { gain: 0, column: -1, bin: 0, missingLeft: false, leftGradient: 0, leftHessianAndCount: 0 }
}

/** G^2 / (H + l2), with l1 taken off |G| first: twice the loss that the best leaf value saves. */
export function leafScore(gradient: number, hessian: number, rules: SplitRules): number {
  const shrunk = shrink(gradient, rules.l1Regularization)
  return (shrunk * shrunk) / (hessian + rules.l2Regularization)
}

/** The leaf value of least loss, to second order: -G / (H + l2), with l1 taken off |G| first. */
export function leafValue(gradient: number, hessian: number, rules: SplitRules): number {
  return -shrink(gradient, rules.l1Regularization) / (hessian + rules.l2Regularization)
}

/** A sum of gradients with l1 taken off its magnitude, 0 at least. */
export function shrink(gradient: number, l1: number): number {
  if (l1 === 0) return gradient
  return gradient > l1 ? gradient - l1 : gradient < -l1 ? gradient + l1 : 0
}
