import { choleskyFactor, solveLower, solveUpper } from './cholesky.ts'
import type { Penalties, Quadratic } from './coordinate-descent.ts'

/** A quadratic function whose second derivatives by any two coordinates can be asked for. */
export interface HessianQuadratic extends Quadratic {
  /** Fastest where the first coordinate stays. */
  product(i: number, j: number): number
}

/**
 * A slope costs nothing, a move as much as there are coordinates.
 * @param hessian Symmetric, shape (size, size); read only.
 * @param slopes At the present point, shape (size); written over with every move.
 */
export function hessianQuadratic(hessian: Float64Array, slopes: Float64Array): HessianQuadratic {
  const size = slopes.length
  return {
    curvatures: Float64Array.from(slopes, (_, j) => Math.max(0, hessian[j * size + j]!)),
    product: (i, j) => hessian[i * size + j]!,
    slope: (j) => slopes[j]!,
    move(j, step) {
      const from = j * size
      for (let k = 0; k < size; k++) slopes[k]! += step * hessian[from + k]!
    },
  }
}

/** Supports up to this size are solved for. */
const MAX_SUPPORT = 1000
const RANK_TOLERANCE = 1e-13
/** Share of the second derivatives that is added to them where columns are collinear. */
const COLLINEAR_DAMPING = 1e-9

/**
 * Goes from the present point to the minimum over the coefficients that are not 0 (or not penalised by l1), with their
 * signs given:
 *   (H + l2) step = -(slope + l2 * w + l1 * sign)
 * Where a sign would turn on the way, it stops there, leaves that coefficient 0, and goes on with the others, `maxTurns`
 * times at most. The objective falls all the way. Does nothing where there are too many coefficients.
 * in/out: `point` (size), the quadratic's present point
 */
export function solveSupport(
  quadratic: HessianQuadratic,
  point: Float64Array,
  penalties: Penalties,
  maxTurns: number,
): void {
  const { l1, l2 } = penalties
  for (let turns = 0; turns < maxTurns; turns++) {
    const support = Int32Array.from(point.keys()).filter((j) => point[j] !== 0 || l1[j] === 0)
    if (support.length === 0 || support.length > MAX_SUPPORT) return
    const factor = supportFactor(quadratic, support, l2)
    if (!factor) return
    const step = Float64Array.from(
      support,
      (j) => -quadratic.slope(j) - l2[j]! * point[j]! - l1[j]! * Math.sign(point[j]!),
    )
    solveLower(factor, step)
    solveUpper(factor, step)
    let share = 1
    let turning = -1
    for (const [i, j] of support.entries()) {
      if (l1[j] === 0 || (point[j]! + share * step[i]!) * point[j]! > 0) continue
      share = -point[j]! / step[i]!
      turning = j
    }
    for (const [i, j] of support.entries()) {
      const target = j === turning ? 0 : point[j]! + share * step[i]!
      quadratic.move(j, target - point[j]!)
      point[j] = target
    }
    if (turning < 0) return
  }
}

/**
 * Cholesky factor of the second derivatives by the coefficients of the support. Where columns are collinear, with a little
 * added to the diagonal: the step then goes far along what changes no prediction but the L1 penalty, until a sign turns.
 */
function supportFactor(quadratic: HessianQuadratic, support: Int32Array, l2: Float64Array): Float64Array | null {
  const n = support.length
  const second = new Float64Array(n * n)
  for (let i = 0; i < n; i++) {
    for (let j = 0; j <= i; j++) second[i * n + j] = quadratic.product(support[i]!, support[j]!)
    second[i * n + i]! += l2[support[i]!]!
  }
  const factor = second.slice()
  if (choleskyFactor(factor, n, RANK_TOLERANCE)) return factor
  for (let i = 0; i < n; i++) second[i * n + i]! *= 1 + COLLINEAR_DAMPING
  return choleskyFactor(second, n, 0) ? second : null
}
