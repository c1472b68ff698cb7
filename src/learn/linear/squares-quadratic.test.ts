import { expect, test } from 'vitest'
import { matrixOf, numberInput } from '../../../test/support/fit-inputs.ts'
import { RandomState } from '../../table/random.ts'
import { centreDenseColumns } from './centred-columns.ts'
import { ElasticNetOptions, fitElasticNet } from './elastic-net.ts'
import { columnMoments, weightedMean } from './linear-parts.ts'
import { solveElasticNet } from './solve-elastic-net.ts'
import { largestSlope, squaresByGram, squaresByResiduals } from './squares-quadratic.ts'

const random = new RandomState(11)
// A dense column far from 0, a dense one, and two that are mostly zeros.
const rows = Array.from({ length: 40 }, (_, i) => [
  1000 + random.normal(),
  random.normal(),
  i % 6 === 0 ? 1 : 0,
  i % 7 === 1 ? 2.5 : 0,
])
const x = matrixOf(rows)
const weights = Float64Array.from(rows, (_, i) => i % 4)
const total = weights.reduce((a, b) => a + b)
const rowWeights = weights.map((weight) => weight / total)
const raw = Float64Array.from(rows, ([a, b, c]) => a! - 2 * b! + c! + random.normal())
const mean = weightedMean(raw, weights)
const { means } = columnMoments(x, weights)
const y = raw.map((value) => value - mean)
const problem = { columns: centreDenseColumns(x, means), means, y, rowWeights }

/** The function as its definition has it. */
function value(point: readonly number[]): number {
  return rows.reduce((sum, row, i) => {
    const fitted = row.reduce((inner, x, j) => inner + (x - means[j]!) * point[j]!, 0)
    return sum + 0.5 * rowWeights[i]! * (y[i]! - fitted) ** 2
  }, 0)
}

test.each([
  ['products of columns', squaresByGram],
  ['residuals', squaresByResiduals],
])('slopes and second derivatives by %s are those of the function', (_, make) => {
  const quadratic = make(problem)
  const point = [0, 0, 0, 0]
  for (const [j, step] of [
    [0, 0.7],
    [2, -1.5],
    [1, 0.2],
    [3, 0.4],
    [2, 0.3],
  ] as const) {
    point[j]! += step
    quadratic.move(j, step)
  }
  const moved = (j: number, by: number) => value(point.map((at, k) => (k === j ? at + by : at)))
  for (let j = 0; j < 4; j++) {
    // Differences of a quadratic function are exact but for rounding.
    expect(quadratic.slope(j)).toBeCloseTo((moved(j, 1) - moved(j, -1)) / 2, 10)
    expect(quadratic.curvatures[j]).toBeCloseTo(moved(j, 1) - 2 * moved(j, 0) + moved(j, -1), 10)
    for (let k = 0; k < 4; k++) {
      const both = value(point.map((at, i) => at + (i === j ? 1 : 0) + (i === k ? 1 : 0)))
      expect(quadratic.product(j, k)).toBeCloseTo(both - moved(j, 1) - moved(k, 1) + moved(j, 0), 10)
    }
  }
})

test('more columns than rows go by residuals, which find the same as the rows given three times find by products', () => {
  const few = rows.slice(0, 3)
  const options = ElasticNetOptions.parse({ alpha: 0.05, tol: 1e-14 })
  const learn = (copies: number[][]) =>
    fitElasticNet(
      numberInput(
        copies,
        copies.map(([a, b]) => a! + b!),
      ),
      options,
    ).parts
  const byResiduals = learn(few)
  const byProducts = learn([...few, ...few, ...few])
  expect(byResiduals.converged).toBe(true)
  expect(byResiduals.coefficients.some((coefficient) => coefficient !== 0)).toBe(true)
  for (const [j, coefficient] of byProducts.coefficients.entries()) {
    expect(byResiduals.coefficients[j]).toBeCloseTo(coefficient, 9)
  }
})

test('an L1 penalty of the largest slope leaves no coefficient, a smaller one does', () => {
  const largest = largestSlope(problem)
  const at = (share: number) =>
    solveElasticNet(problem, { l1: share * largest, l2: 0 }, { tolerance: 1e-12, maxSweeps: 1000 }).coefficients
  expect(Array.from(at(1 + 1e-12))).toEqual([0, 0, 0, 0])
  expect(at(0.99).some((coefficient) => coefficient !== 0)).toBe(true)
})
