import { readFileSync } from 'node:fs'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { codeOf } from '../../../test/support/code-of.ts'
import { classInput, matrixOf, numberInput } from '../../../test/support/fit-inputs.ts'
import { fitRidge, RidgeOptions, ridge } from './ridge.ts'

interface RidgeCase {
  name: string
  x: number[][]
  y: number[]
  alpha: number
  sampleWeight: number[] | null
  coefficients: number[]
  intercept: number
}

const fixture = JSON.parse(readFileSync(new URL('./fixtures/linear.json', import.meta.url), 'utf8')) as {
  versions: Record<string, string>
  ridge: RidgeCase[]
}

function expectNear(actual: ArrayLike<number>, expected: ArrayLike<number>, tolerance: number): void {
  expect(actual.length).toBe(expected.length)
  for (let i = 0; i < expected.length; i++) {
    expect(Math.abs(actual[i]! - expected[i]!)).toBeLessThan(tolerance * Math.max(1, Math.abs(expected[i]!)))
  }
}

describe(`ridge regression against scikit-learn ${fixture.versions['scikit-learn']}`, () => {
  test.each(fixture.ridge)('$name: coefficients and intercept within 1e-9', (of) => {
    const { parts } = fitRidge(numberInput(of.x, of.y, of.sampleWeight), { alpha: of.alpha })
    expectNear(parts.coefficients, of.coefficients, 1e-9)
    expectNear([parts.intercept], [of.intercept], 1e-9)
  })
})

const problems = fc
  .record({ nColumns: fc.integer({ min: 1, max: 8 }), nRows: fc.integer({ min: 1, max: 12 }) })
  .chain(({ nColumns, nRows }) =>
    fc.record({
      rows: fc.array(fc.array(fc.integer({ min: -9, max: 9 }), { minLength: nColumns, maxLength: nColumns }), {
        minLength: nRows,
        maxLength: nRows,
      }),
      y: fc.array(fc.integer({ min: -50, max: 50 }), { minLength: nRows, maxLength: nRows }),
      weights: fc
        .array(fc.integer({ min: 0, max: 3 }), { minLength: nRows, maxLength: nRows })
        .map((weights) => [1, ...weights.slice(1)]),
      alpha: fc.double({ min: 0.01, max: 100, noNaN: true }),
    }),
  )

describe('properties of ridge regression', () => {
  test('the gradient of its objective is 0 at what it learnt', () => {
    fc.assert(
      fc.property(problems, ({ rows, y, weights, alpha }) => {
        const { coefficients, intercept } = fitRidge(numberInput(rows, y, weights), { alpha }).parts
        const residuals = rows.map(
          (row, i) =>
            weights[i]! * (y[i]! - intercept - row.reduce((sum, value, j) => sum + value * coefficients[j]!, 0)),
        )
        expect(residuals.reduce((a, b) => a + b)).toBeCloseTo(0, 7)
        for (const [j, coefficient] of coefficients.entries()) {
          const slope = rows.reduce((sum, row, i) => sum + row[j]! * residuals[i]!, 0)
          expect(slope - alpha * coefficient).toBeCloseTo(0, 6)
        }
      }),
    )
  })

  test('a row of weight 2 counts as the row twice, and one of weight 0 not at all', () => {
    fc.assert(
      fc.property(problems, ({ rows, y, weights, alpha }) => {
        const repeated = rows.flatMap((_, i) => Array.from({ length: weights[i]! }, () => i))
        const weighted = fitRidge(numberInput(rows, y, weights), { alpha }).parts
        const copied = fitRidge(
          numberInput(
            repeated.map((i) => rows[i]!),
            repeated.map((i) => y[i]!),
          ),
          { alpha },
        ).parts
        expectNear(weighted.coefficients, copied.coefficients, 1e-7)
        expectNear([weighted.intercept], [copied.intercept], 1e-7)
        expectNear(weighted.means, copied.means, 1e-12)
      }),
    )
  })

  test('adding a number to the target or to a column moves the intercept alone', () => {
    fc.assert(
      fc.property(problems, ({ rows, y, alpha }) => {
        const given = fitRidge(numberInput(rows, y), { alpha }).parts
        const moved = fitRidge(
          numberInput(
            rows.map((row) => [row[0]! + 100, ...row.slice(1)]),
            y.map((value) => value + 10),
          ),
          { alpha },
        ).parts
        expectNear(moved.coefficients, given.coefficients, 1e-7)
        expect(moved.intercept).toBeCloseTo(given.intercept + 10 - 100 * given.coefficients[0]!, 5)
      }),
    )
  })

  test('contributions and base add up to the prediction', () => {
    fc.assert(
      fc.property(problems, ({ rows, y, alpha }) => {
        const model = fitRidge(numberInput(rows, y), { alpha })
        const { space, base, score, contributions } = model.explain(matrixOf(rows), 0, 0)
        expect(space).toBe('value')
        expect(base + contributions.reduce((a, b) => a + b)).toBeCloseTo(score, 9)
        expect(score).toBe(model.predict(matrixOf(rows))[0])
      }),
    )
  })
})

describe('what ridge regression answers at the edges', () => {
  test('a model restored from its state answers with the same bits', () => {
    const of = fixture.ridge[0]!
    const model = fitRidge(numberInput(of.x, of.y), { alpha: 1 })
    expect(ridge.restore(model.state()).predict(matrixOf(of.x))).toEqual(model.predict(matrixOf(of.x)))
    expect(codeOf(() => ridge.restore({ ...(model.state() as object), intercept: Number.NaN }))).toBe(
      'MODEL_STATE_INVALID',
    )
  })

  test('one row, constant columns and no columns give the mean of the target', () => {
    for (const [rows, y] of [
      [[[3, 4]], [7]],
      [
        [[2], [2]],
        [6, 8],
      ],
      [
        [[], []],
        [6, 8],
      ],
    ] as const) {
      expect(fitRidge(numberInput(rows, y), { alpha: 1 }).predict(matrixOf([rows[0]!], rows[0]!.length))[0]).toBe(7)
      expect(fitRidge(numberInput(rows, y), { alpha: 0 }).predict(matrixOf([rows[0]!], rows[0]!.length))[0]).toBe(7)
    }
  })

  test('a missing value is refused naming its column', () => {
    expect(() => fitRidge(numberInput([[1], [Number.NaN]], [1, 2]), { alpha: 1 })).toThrow(/column "x0"/)
    const model = fitRidge(numberInput([[1], [2]], [1, 2]), { alpha: 1 })
    expect(codeOf(() => model.predict(matrixOf([[Number.NaN]])))).toBe('MATRIX_NOT_FINITE')
    expect(codeOf(() => model.explain(matrixOf([[Number.NaN]]), 0, 0))).toBe('MATRIX_NOT_FINITE')
  })

  test('classes are refused, and so is a negative alpha', () => {
    expect(codeOf(() => fitRidge(classInput([[1], [2]], [0, 1]), { alpha: 1 }))).toBe('ESTIMATOR_TASK_MISMATCH')
    expect(RidgeOptions.safeParse({ alpha: -1 }).success).toBe(false)
  })

  test('weights that are all 0 are refused', () => {
    expect(codeOf(() => fitRidge(numberInput([[1], [2]], [1, 2], [0, 0]), { alpha: 1 }))).toBe('WEIGHTS_INVALID')
  })
})
