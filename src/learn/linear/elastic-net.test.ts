import { readFileSync } from 'node:fs'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { codeOf } from '../../../test/support/code-of.ts'
import { classInput, matrixOf, numberInput } from '../../../test/support/fit-inputs.ts'
import { ElasticNetOptions, elasticNet, fitElasticNet } from './elastic-net.ts'
import { fitRidge } from './ridge.ts'

interface ElasticNetCase {
  name: string
  x: number[][]
  y: number[]
  alpha: number
  l1Ratio: number
  sampleWeight: number[] | null
  coefficients: number[]
  intercept: number
}

const fixture = JSON.parse(readFileSync(new URL('./fixtures/elastic-net.json', import.meta.url), 'utf8')) as {
  versions: Record<string, string>
  elasticNet: ElasticNetCase[]
}
const options = (given: Partial<ElasticNetOptions> = {}) => ElasticNetOptions.parse(given)

/** The largest difference as a share of the largest coefficient, or without one as it is. */
function relativeDifference(actual: ArrayLike<number>, expected: readonly number[]): number {
  expect(actual.length).toBe(expected.length)
  const scale = Math.max(...expected.map(Math.abs)) || 1
  return Math.max(...expected.map((value, i) => Math.abs(value - actual[i]!))) / scale
}

describe(`the elastic net against scikit-learn ${fixture.versions['scikit-learn']} at tol 1e-12`, () => {
  // The reference at tol 1e-15 differs from it by 2e-11 at most (printed by the script).
  test.each(fixture.elasticNet)('$name: coefficients within 1e-9, the same ones 0, intercept within 1e-9', (of) => {
    const { alpha, l1Ratio } = of
    const input = numberInput(of.x, of.y, of.sampleWeight)
    const { parts } = fitElasticNet(input, options({ alpha, l1Ratio, tol: 1e-12 }))
    expect(parts.converged).toBe(true)
    expect(relativeDifference(parts.coefficients, of.coefficients)).toBeLessThan(1e-9)
    expect(Array.from(parts.coefficients, (value) => value === 0)).toEqual(of.coefficients.map((value) => value === 0))
    expect(Math.abs(parts.intercept - of.intercept) / Math.max(1, Math.abs(of.intercept))).toBeLessThan(1e-9)
  })

  test.each(fixture.elasticNet)('$name: with the default tol coefficients within 1e-6', (of) => {
    const { alpha, l1Ratio } = of
    const { parts } = fitElasticNet(numberInput(of.x, of.y, of.sampleWeight), options({ alpha, l1Ratio }))
    expect(relativeDifference(parts.coefficients, of.coefficients)).toBeLessThan(1e-6)
  })
})

const problems = fc
  .record({ nColumns: fc.integer({ min: 1, max: 8 }), nRows: fc.integer({ min: 2, max: 12 }) })
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
      alpha: fc.double({ min: 0.01, max: 20, noNaN: true }),
      l1Ratio: fc.constantFrom(0.1, 0.5, 0.9, 1),
    }),
  )

describe('properties of the elastic net', () => {
  test('at what it learnt no coefficient can move to a lower objective', () => {
    fc.assert(
      fc.property(problems, ({ rows, y, weights, alpha, l1Ratio }) => {
        const { parts } = fitElasticNet(numberInput(rows, y, weights), options({ alpha, l1Ratio, tol: 1e-13 }))
        const { coefficients, intercept } = parts
        const total = weights.reduce((a, b) => a + b)
        const residuals = rows.map(
          (row, i) =>
            (weights[i]! / total) * (y[i]! - intercept - row.reduce((sum, v, j) => sum + v * coefficients[j]!, 0)),
        )
        expect(residuals.reduce((a, b) => a + b)).toBeCloseTo(0, 8)
        for (const [j, coefficient] of coefficients.entries()) {
          const slope =
            rows.reduce((sum, row, i) => sum + row[j]! * residuals[i]!, 0) - alpha * (1 - l1Ratio) * coefficient
          if (coefficient !== 0) expect(slope).toBeCloseTo(alpha * l1Ratio * Math.sign(coefficient), 4)
          else expect(Math.abs(slope)).toBeLessThan(alpha * l1Ratio + 1e-4)
        }
      }),
    )
  })

  test('a row of weight 2 counts as the row twice, and one of weight 0 not at all', () => {
    fc.assert(
      fc.property(problems, ({ rows, y, weights, alpha }) => {
        const tight = options({ alpha, l1Ratio: 0.5, tol: 1e-13 })
        const repeated = rows.flatMap((_, i) => Array.from({ length: weights[i]! }, () => i))
        const weighted = fitElasticNet(numberInput(rows, y, weights), tight).parts
        const copied = fitElasticNet(
          numberInput(
            repeated.map((i) => rows[i]!),
            repeated.map((i) => y[i]!),
          ),
          tight,
        ).parts
        for (const [j, value] of weighted.coefficients.entries()) expect(value).toBeCloseTo(copied.coefficients[j]!, 5)
        expect(weighted.intercept).toBeCloseTo(copied.intercept, 4)
      }),
    )
  })

  test('without L1 part it is ridge regression of alpha times the sum of the weights', () => {
    fc.assert(
      fc.property(problems, ({ rows, y, weights, alpha }) => {
        const input = numberInput(rows, y, weights)
        const total = weights.reduce((a, b) => a + b)
        const net = fitElasticNet(input, options({ alpha, l1Ratio: 0 })).parts
        const ridge = fitRidge(input, { alpha: alpha * total }).parts
        for (const [j, value] of net.coefficients.entries()) expect(value).toBeCloseTo(ridge.coefficients[j]!, 8)
      }),
    )
  })

  test('a relative alpha of 1 leaves no coefficient, one below leaves some, whatever the units', () => {
    const of = fixture.elasticNet[0]!
    for (const unit of [1, 1000]) {
      const input = numberInput(
        of.x.map((row) => row.map((value) => value / unit)),
        of.y.map((value) => value * unit),
      )
      const count = (alpha: number) =>
        fitElasticNet(input, options({ alpha, alphaScale: 'relative' })).parts.coefficients.filter((w) => w !== 0)
          .length
      expect(count(1 + 1e-12)).toBe(0)
      expect(count(0.99)).toBe(1)
      expect(count(0.01)).toBe(
        fitElasticNet(
          numberInput(of.x, of.y),
          options({ alpha: 0.01, alphaScale: 'relative' }),
        ).parts.coefficients.filter((w) => w !== 0).length,
      )
    }
  })

  test('contributions and base add up to the prediction', () => {
    fc.assert(
      fc.property(problems, ({ rows, y, alpha }) => {
        const model = fitElasticNet(numberInput(rows, y), options({ alpha }))
        const { space, base, score, contributions } = model.explain(matrixOf(rows), 0, 0)
        expect(space).toBe('value')
        expect(base + contributions.reduce((a, b) => a + b)).toBeCloseTo(score, 9)
        expect(score).toBe(model.predict(matrixOf(rows))[0])
      }),
    )
  })
})

describe('what the elastic net answers at the edges', () => {
  test('one row, a constant target, constant columns and no columns give the mean of the target', () => {
    for (const [rows, y] of [
      [[[3, 4]], [7]],
      [
        [[2], [3]],
        [7, 7],
      ],
      [
        [[2], [2]],
        [6, 8],
      ],
      [
        [[], []],
        [6, 8],
      ],
    ] as const) {
      for (const alpha of [0, 0.1]) {
        const model = fitElasticNet(numberInput(rows, y), options({ alpha }))
        expect(model.predict(matrixOf([rows[0]!], rows[0]!.length))[0]).toBe(7)
        expect(model.parts.converged).toBe(true)
      }
    }
  })

  test('the lasso of columns that are the same leaves the same prediction as of one of them', () => {
    const of = fixture.elasticNet[0]!
    const once = of.x.map((row) => row.slice(0, 3))
    const learn = (rows: number[][]) =>
      fitElasticNet(numberInput(rows, of.y), options({ alpha: 0.1, l1Ratio: 1, tol: 1e-13 }))
    const twice = once.map((row) => [...row, ...row])
    const [one, two] = [learn(once).predict(matrixOf(once)), learn(twice).predict(matrixOf(twice))]
    for (const [row, value] of one.entries()) expect(two[row]).toBeCloseTo(value, 5)
  })

  test('too few sweeps are said', () => {
    const of = fixture.elasticNet.find(({ name }) => name.startsWith('columns that go together'))!
    const model = fitElasticNet(numberInput(of.x, of.y), options({ alpha: 0.001, l1Ratio: 1, maxIterations: 1 }))
    expect(model.parts.converged).toBe(false)
    expect(model.warnings).toHaveLength(1)
    expect(model.warnings![0]).toContain('maxIterations')
    expect(elasticNet.restore(model.state()).warnings).toEqual(model.warnings)
  })

  test('a missing value is refused naming its column', () => {
    expect(() => fitElasticNet(numberInput([[1], [Number.NaN]], [1, 2]), options())).toThrow(/column "x0"/)
    const model = fitElasticNet(numberInput([[1], [2]], [1, 2]), options())
    expect(codeOf(() => model.predict(matrixOf([[Number.NaN]])))).toBe('MATRIX_NOT_FINITE')
  })

  test('classes are refused, and so are a negative alpha, a ratio above 1 and weights that are all 0', () => {
    expect(codeOf(() => fitElasticNet(classInput([[1], [2]], [0, 1]), options()))).toBe('ESTIMATOR_TASK_MISMATCH')
    expect(ElasticNetOptions.safeParse({ alpha: -1 }).success).toBe(false)
    expect(ElasticNetOptions.safeParse({ l1Ratio: 1.1 }).success).toBe(false)
    expect(codeOf(() => fitElasticNet(numberInput([[1], [2]], [1, 2], [0, 0]), options()))).toBe('WEIGHTS_INVALID')
  })

  test('a damaged state is refused', () => {
    const state = fitElasticNet(numberInput([[1], [2]], [1, 2]), options()).state() as object
    expect(codeOf(() => elasticNet.restore({ ...state, alpha: Number.NaN }))).toBe('MODEL_STATE_INVALID')
    expect(codeOf(() => elasticNet.restore({ ...state, means: new Float64Array(2) }))).toBe('MODEL_STATE_INVALID')
  })
})
