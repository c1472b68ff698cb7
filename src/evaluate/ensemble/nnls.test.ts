import { readFileSync } from 'node:fs'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { codeOf } from '../../../test/support/code-of.ts'
import { nonNegativeLeastSquares } from './non-negative-least-squares.ts'

interface Case {
  name: string
  columns: number[][]
  b: number[]
  x: number[]
  residual: number
}

const fixture = JSON.parse(readFileSync(new URL('../fixtures/nnls.json', import.meta.url), 'utf8')) as {
  scipy: string
  cases: Case[]
}

const arrays = (columns: readonly (readonly number[])[]) => columns.map((column) => Float64Array.from(column))

test.each(fixture.cases)(`scipy.optimize.nnls ${fixture.scipy}, $name: within 1e-9`, (of) => {
  const { x, residualNorm } = nonNegativeLeastSquares(arrays(of.columns), Float64Array.from(of.b))
  expect(x).toHaveLength(of.x.length)
  for (const [i, expected] of of.x.entries()) expect(Math.abs(x[i]! - expected)).toBeLessThanOrEqual(1e-9)
  expect(Math.abs(residualNorm - of.residual)).toBeLessThanOrEqual(1e-12 * Math.max(1, of.residual))
  expect([...x].map((weight) => weight === 0)).toEqual(of.x.map((weight) => weight === 0))
})

const problems = fc
  .record({ nRows: fc.integer({ min: 1, max: 8 }), nColumns: fc.integer({ min: 1, max: 6 }) })
  .chain(({ nRows, nColumns }) => {
    // Few whole numbers, so that columns are often equal, 0, or sums of others.
    const column = fc.array(fc.integer({ min: -2, max: 2 }), { minLength: nRows, maxLength: nRows })
    return fc.record({ columns: fc.array(column, { minLength: nColumns, maxLength: nColumns }), b: column })
  })

describe('non-negative least squares', () => {
  test('is at the optimum: no column would lower the residual, and those in use are at right angles to it', () => {
    fc.assert(
      fc.property(problems, ({ columns, b }) => {
        const { x, residualNorm } = nonNegativeLeastSquares(arrays(columns), Float64Array.from(b))
        const residual = b.map((value, i) => value - columns.reduce((sum, column, j) => sum + column[i]! * x[j]!, 0))
        expect(Math.hypot(...residual)).toBeCloseTo(residualNorm, 10)
        for (const [j, column] of columns.entries()) {
          const slope = column.reduce((sum, value, i) => sum + value * residual[i]!, 0)
          expect(x[j]).toBeGreaterThanOrEqual(0)
          if (x[j]! > 0) expect(slope).toBeCloseTo(0, 9)
          else expect(slope).toBeLessThan(1e-9)
        }
      }),
      { numRuns: 500 },
    )
  })

  test('of two equal columns takes the first', () => {
    const { x } = nonNegativeLeastSquares(
      arrays([
        [1, 1],
        [2, 0],
        [2, 0],
        [1, 1],
      ]),
      Float64Array.of(3, 1),
    )
    expect([...x]).toEqual([1, 1, 0, 0].map((value) => expect.closeTo(value, 14)))
    expect(x[2]).toBe(0)
    expect(x[3]).toBe(0)
  })

  test('leaves its arguments as they were', () => {
    const columns = arrays([
      [1, 2, 3],
      [3, 1, 0],
    ])
    const b = Float64Array.of(1, 1, 1)
    nonNegativeLeastSquares(columns, b)
    expect(columns).toEqual(
      arrays([
        [1, 2, 3],
        [3, 1, 0],
      ]),
    )
    expect(b).toEqual(Float64Array.of(1, 1, 1))
  })

  test('keeps its digits where numbers are huge or tiny', () => {
    for (const scale of [1e-200, 1e150]) {
      const columns = arrays([
        [scale, 0, scale],
        [0, scale, scale],
      ])
      const { x, residualNorm } = nonNegativeLeastSquares(columns, Float64Array.of(2 * scale, scale, 3 * scale))
      expect([...x]).toEqual([expect.closeTo(2, 12), expect.closeTo(1, 12)])
      expect(residualNorm).toBeLessThan(1e-14 * scale)
    }
  })

  test('is refused for columns of another length and numbers that are not finite', () => {
    expect(codeOf(() => nonNegativeLeastSquares(arrays([[1]]), new Float64Array(2)))).toBe('INTERNAL')
    expect(codeOf(() => nonNegativeLeastSquares(arrays([[Number.NaN]]), Float64Array.of(1)))).toBe('INTERNAL')
    expect(nonNegativeLeastSquares([], Float64Array.of(3, 4)).residualNorm).toBeCloseTo(5, 14)
  })
})
