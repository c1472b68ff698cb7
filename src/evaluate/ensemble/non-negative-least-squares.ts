import { BellwetherError } from '../../errors.ts'
import { norm, solveTriangle, triangularise } from './householder.ts'

export interface NonNegativeSolution {
  /** shape (nColumns), each at least 0 */
  readonly x: Float64Array
  /** |A x - b| */
  readonly residualNorm: number
}

/**
 * The x ≥ 0 that minimises |A x - b|, by Lawson and Hanson's active set: columns come in one by one, the one along which the
 * residual falls steepest first (the first of equals), and go out again where a solution would make them negative. Exact to
 * rounding; A is reduced to a triangle once, so that its condition is not squared. Where columns depend on each other x is
 * one of several solutions, with the fewest columns that the order of entry leads to.
 * @param columns Of A, each of shape (nRows), finite; left as they are.
 * @param b shape (nRows), finite
 * @throws INTERNAL when shapes disagree, or a number is not finite.
 * @see Lawson and Hanson (1995), Solving Least Squares Problems, chapter 23, https://doi.org/10.1137/1.9781611971217
 */
export function nonNegativeLeastSquares(columns: readonly Float64Array[], b: Float64Array): NonNegativeSolution {
  for (const column of [b, ...columns]) {
    if (column.length !== b.length) {
      throw new BellwetherError('INTERNAL', `Expected columns of ${b.length} rows, came one of ${column.length}.`)
    }
    if (!column.every(Number.isFinite)) throw new BellwetherError('INTERNAL', 'Least squares expects finite numbers.')
  }
  const n = columns.length
  // Powers of two near the largest numbers: dividing by them is exact, and squares of what is left are neither too large nor too small.
  const unit = powerOfTwo(columns)
  const unitOfB = powerOfTwo([b])
  const { triangle, right, leftOver } = reduced(
    columns.map((column) => column.map((value) => value / unit)),
    b.map((value) => value / unitOfB),
  )
  const finish = (): NonNegativeSolution => ({
    x: x.map((value) => value * (unitOfB / unit)),
    residualNorm: Math.hypot(norm(residual), leftOver) * unitOfB,
  })
  const tolerances = triangle.map((column) => 10 * Number.EPSILON * Math.max(n, 1) * norm(column) * norm(right))
  const x = new Float64Array(n)
  const passive = new Set<number>()
  let residual: Float64Array = right.slice()

  for (let entries = 0; ; ) {
    const refused = new Set<number>()
    let solution: Float64Array | null = null
    while (solution === null) {
      const entering = steepest(triangle, residual, tolerances, passive, refused)
      if (entering < 0) return finish()
      passive.add(entering)
      const tried = solveOn(triangle, right, passive)
      // A column that hardly differs from those that are in: rounding alone called it.
      if (tried !== null && tried[entering]! > 0) solution = tried
      else {
        passive.delete(entering)
        refused.add(entering)
      }
    }
    while ([...passive].some((j) => solution![j]! <= 0)) {
      let step = Number.POSITIVE_INFINITY
      let leaving = -1
      for (const j of passive) {
        const share = x[j]! / (x[j]! - solution[j]!)
        if (solution[j]! > 0 || share >= step) continue
        step = share
        leaving = j
      }
      for (const j of passive) x[j]! += step * (solution[j]! - x[j]!)
      for (const j of [...passive]) {
        if (j !== leaving && (x[j]! > 0 || solution[j]! > 0)) continue
        x[j] = 0
        passive.delete(j)
      }
      solution = solveOn(triangle, right, passive)
      if (solution === null) throw new BellwetherError('INTERNAL', 'Columns that were independent no longer are.')
    }
    x.set(solution)
    residual = residualOf(triangle, right, x)
    // Every entry lowers the residual, so that no set of columns comes twice; but rounding might have it otherwise.
    if (++entries > 30 * n + 100) return finish()
  }
}

/** The power of two at or below the largest absolute value, 2^±900 at most; 1 where all are 0. */
function powerOfTwo(columns: readonly Float64Array[]): number {
  let largest = 0
  for (const column of columns) for (const value of column) largest = Math.max(largest, Math.abs(value))
  if (largest === 0) return 1
  return 2 ** Math.min(Math.max(Math.floor(Math.log2(largest)), -900), 900)
}

/** A as a triangle of at most nColumns rows, b turned with it, and how much of b no column reaches. Uses its arguments up. */
function reduced(
  turned: readonly Float64Array[],
  right: Float64Array,
): { triangle: Float64Array[]; right: Float64Array; leftOver: number } {
  triangularise(turned, right)
  const size = Math.min(turned.length, right.length)
  return {
    triangle: turned.map((column) => column.slice(0, size)),
    right: right.slice(0, size),
    leftOver: norm(right, size),
  }
}

/** The column, neither in nor refused, along which the squared residual falls steepest; -1 when it falls along none. */
function steepest(
  triangle: readonly Float64Array[],
  residual: Float64Array,
  tolerances: readonly number[],
  passive: ReadonlySet<number>,
  refused: ReadonlySet<number>,
): number {
  let best = -1
  let most = 0
  for (const [j, column] of triangle.entries()) {
    if (passive.has(j) || refused.has(j)) continue
    let slope = 0
    for (let i = 0; i < column.length; i++) slope += column[i]! * residual[i]!
    if (slope > tolerances[j]! && slope > most) {
      best = j
      most = slope
    }
  }
  return best
}

/** Least squares on the columns that are in, 0 elsewhere; null where they depend on each other. */
function solveOn(
  triangle: readonly Float64Array[],
  right: Float64Array,
  passive: ReadonlySet<number>,
): Float64Array | null {
  const members = [...passive].sort((a, b) => a - b)
  const columns = members.map((j) => triangle[j]!.slice())
  if (columns.length > right.length) return null
  const c = right.slice()
  triangularise(columns, c)
  const own = solveTriangle(columns, c)
  if (own === null || !own.every(Number.isFinite)) return null
  const solution = new Float64Array(triangle.length)
  members.forEach((j, i) => {
    solution[j] = own[i]!
  })
  return solution
}

function residualOf(triangle: readonly Float64Array[], right: Float64Array, x: Float64Array): Float64Array {
  const residual = right.slice()
  for (const [j, column] of triangle.entries()) {
    if (x[j] === 0) continue
    for (let i = 0; i < residual.length; i++) residual[i]! -= x[j]! * column[i]!
  }
  return residual
}
