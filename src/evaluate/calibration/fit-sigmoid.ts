/** p = 1 / (1 + exp(a f + b)), with Platt's signs: a is negative where larger f means likelier. */
export interface Sigmoid {
  readonly a: number
  readonly b: number
}

const MAX_STEPS = 100
const MAX_HALVINGS = 40

/** p = 1 / (1 + exp(a f + b)), in [0, 1]; NaN for NaN. */
export function sigmoidAt({ a, b }: Sigmoid, f: number): number {
  return logistic(-(a * f + b))
}

/**
 * a and b that minimise the cross entropy to targets a little inside of 0 and 1 (Platt's prior), so that the optimum is finite
 * even where f separates the classes:
 *   t = (n1 + 1) / (n1 + 2) for rows of the class, 1 / (n0 + 2) for the others     n1, n0 their weight
 * Newton's method with halved steps, from a = 0, to rounding. Where all f are equal a and b are not determined: the one
 * nearest to where it starts.
 * @param f shape (nRows), finite
 * @param truth 1 for rows of the class, 0 for the others; shape (nRows)
 * @param weights shape (nRows), above 0
 * @see Lin, Lin and Weng (2007), A note on Platt's probabilistic outputs, https://doi.org/10.1007/s10994-007-5018-6
 */
export function fitSigmoid(f: Float64Array, truth: Float64Array, weights: Float64Array): Sigmoid {
  let n0 = 0
  let n1 = 0
  for (let i = 0; i < f.length; i++) {
    if (truth[i]! > 0) n1 += weights[i]!
    else n0 += weights[i]!
  }
  const targets = truth.map((is) => (is > 0 ? (n1 + 1) / (n1 + 2) : 1 / (n0 + 2)))
  const total = n0 + n1

  let slope = 0
  let offset = Math.log((n1 + 1) / (n0 + 1))
  let before = Number.POSITIVE_INFINITY
  for (let step = 0; step < MAX_STEPS; step++) {
    const { along, decrement } = newtonStep(f, targets, weights, slope, offset)
    const isNear = decrement < 1e-10 * total
    if (!(decrement > 0) || (isNear && decrement >= before)) break
    before = decrement
    // So near the optimum the loss can't tell any more, and whole steps are right until they no longer get smaller.
    const size = isNear ? 1 : fallingStep(f, targets, weights, { slope, offset }, along, decrement)
    if (size === 0) break
    slope += size * along.slope
    offset += size * along.offset
  }
  return { a: -slope, b: -offset }
}

interface Line {
  readonly slope: number
  readonly offset: number
}

/** The largest of 1, 1/2, 1/4, … of a step by which the loss falls as much as its slope says (Armijo); 0 when none does. */
function fallingStep(
  f: Float64Array,
  targets: Float64Array,
  weights: Float64Array,
  from: Line,
  along: Line,
  decrement: number,
): number {
  const loss = crossEntropy(f, targets, weights, from)
  for (let halving = 0, size = 1; halving < MAX_HALVINGS; halving++, size /= 2) {
    const to = { slope: from.slope + size * along.slope, offset: from.offset + size * along.offset }
    if (crossEntropy(f, targets, weights, to) <= loss - 1e-4 * size * decrement) return size
  }
  return 0
}

/**
 * Newton's step in slope and offset. Scores are taken from their mean (weighed by curvature), where the Hessian is diagonal,
 * so that it stays exact for scores that hardly differ.
 */
function newtonStep(
  f: Float64Array,
  targets: Float64Array,
  weights: Float64Array,
  slope: number,
  offset: number,
): { along: Line; decrement: number } {
  const n = f.length
  const errors = new Float64Array(n)
  const curvatures = new Float64Array(n)
  let gradient = 0
  let curvature = 0
  let weighed = 0
  let largest = 0
  for (let i = 0; i < n; i++) {
    const p = logistic(slope * f[i]! + offset)
    errors[i] = weights[i]! * (p - targets[i]!)
    curvatures[i] = weights[i]! * p * (1 - p)
    gradient += errors[i]!
    curvature += curvatures[i]!
    weighed += curvatures[i]! * f[i]!
    largest = Math.max(largest, Math.abs(f[i]!))
  }
  if (!(curvature > 0)) return { along: { slope: 0, offset: 0 }, decrement: 0 }
  const mean = weighed / curvature
  let spread = 0
  let tilt = 0
  for (let i = 0; i < n; i++) {
    const d = f[i]! - mean
    spread += curvatures[i]! * d * d
    tilt += errors[i]! * d
  }
  if (spread <= curvature * (1e-14 * largest) ** 2) {
    const length = -gradient / (curvature * (1 + mean * mean))
    return { along: { slope: length * mean, offset: length }, decrement: gradient ** 2 / curvature }
  }
  const turn = -tilt / spread
  return {
    along: { slope: turn, offset: -gradient / curvature - mean * turn },
    decrement: tilt ** 2 / spread + gradient ** 2 / curvature,
  }
}

/** Σ w (ln(1 + e^z) - t z), z = slope f + offset. */
function crossEntropy(f: Float64Array, targets: Float64Array, weights: Float64Array, { slope, offset }: Line): number {
  let sum = 0
  for (let i = 0; i < f.length; i++) {
    const z = slope * f[i]! + offset
    sum += weights[i]! * (Math.max(z, 0) + Math.log1p(Math.exp(-Math.abs(z))) - targets[i]! * z)
  }
  return sum
}

/** 1 / (1 + e^-z) without overflow. */
function logistic(z: number): number {
  const small = Math.exp(-Math.abs(z))
  return z >= 0 ? 1 / (1 + small) : small / (1 + small)
}
