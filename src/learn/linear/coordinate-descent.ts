import { throwIfCancelled } from '../check-fit-input.ts'

/** A convex quadratic function and a point that moves on it, one coordinate at a time. */
export interface Quadratic {
  /** Second derivative by each coordinate, not negative; shape (size). */
  readonly curvatures: Float64Array
  /** First derivative by a coordinate at the present point. */
  slope(coordinate: number): number
  /** Adds a step to one coordinate of the present point. */
  move(coordinate: number, step: number): void
}

/** Strength of the penalties l1 * |w| + l2 / 2 * w^2 on each coordinate, not negative; each of shape (size). */
export interface Penalties {
  readonly l1: Float64Array
  readonly l2: Float64Array
}

export interface DescentOptions {
  /** Done when no coordinate of a sweep over all moves by more, in units in which the second derivative is 1. */
  readonly tolerance: number
  /** Done as well when none moves by more than this share of the first sweep's largest move. */
  readonly share?: number
  readonly maxSweeps: number
  readonly signal?: AbortSignal | undefined
}

/**
 * Minimises  quadratic(w) + sum of l1 * |w| + l2 / 2 * w^2  by cyclic coordinate descent: each coordinate in turn goes to its
 * own minimum. Between two sweeps over all coordinates, those that are not 0 are swept until they settle.
 * in/out: `point` (size), the quadratic's present point
 * @returns How many sweeps it took, and whether a sweep over all coordinates met the tolerance.
 * @throws CANCELLED
 * @see Friedman, Hastie and Tibshirani (2010), https://doi.org/10.18637/jss.v033.i01
 */
export function descend(
  quadratic: Quadratic,
  point: Float64Array,
  penalties: Penalties,
  options: DescentOptions,
): { sweeps: number; settled: boolean } {
  const { share = 0, maxSweeps, signal } = options
  const all = Int32Array.from(point.keys())
  let { tolerance } = options
  for (let sweeps = 0; sweeps < maxSweeps; ) {
    throwIfCancelled(signal)
    const largest = sweep(quadratic, point, penalties, all)
    sweeps++
    if (sweeps === 1) tolerance = Math.max(tolerance, share * largest)
    if (largest <= tolerance) return { sweeps, settled: true }
    const free = all.filter((j) => point[j] !== 0 || penalties.l1[j] === 0)
    for (let moved = largest; moved > tolerance && sweeps < maxSweeps; sweeps++) {
      throwIfCancelled(signal)
      moved = sweep(quadratic, point, penalties, free)
    }
  }
  return { sweeps: maxSweeps, settled: false }
}

/** Takes the given coordinates to their minimum one after another; gives the largest move, scaled by the second derivative. */
function sweep(quadratic: Quadratic, point: Float64Array, { l1, l2 }: Penalties, coordinates: Int32Array): number {
  let largest = 0
  for (const j of coordinates) {
    const curvature = quadratic.curvatures[j]!
    const total = curvature + l2[j]!
    // A coordinate that changes nothing (a constant column) stays where it is.
    if (!(total > 0)) continue
    const before = point[j]!
    const after = shrink(curvature * before - quadratic.slope(j), l1[j]!) / total
    if (after === before) continue
    point[j] = after
    quadratic.move(j, after - before)
    largest = Math.max(largest, Math.abs(after - before) * Math.sqrt(total))
  }
  return largest
}

/** Soft threshold: `value` brought nearer to 0 by `by`, and to 0 where it is nearer than that. */
function shrink(value: number, by: number): number {
  if (value > by) return value - by
  return value < -by ? value + by : 0
}
