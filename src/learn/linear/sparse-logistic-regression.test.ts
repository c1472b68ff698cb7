import { readFileSync } from 'node:fs'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { codeOf } from '../../../test/support/code-of.ts'
import { classInput, matrixOf, numberInput } from '../../../test/support/fit-inputs.ts'
import { fitLogistic, LogisticRegressionOptions } from './logistic-regression.ts'
import {
  fitSparseLogistic,
  SparseLogisticRegressionOptions,
  sparseLogisticRegression,
} from './sparse-logistic-regression.ts'

interface LogisticCase {
  name: string
  x: number[][]
  y: number[]
  C: number
  l1Ratio: number
  classWeight: 'balanced' | null
  sampleWeight: number[] | null
  coefficients: number[][]
  intercepts: number[]
  probabilities: number[][]
}

const fixture = JSON.parse(readFileSync(new URL('./fixtures/elastic-net.json', import.meta.url), 'utf8')) as {
  versions: Record<string, string>
  logistic: LogisticCase[]
}
const options = (given: Partial<SparseLogisticRegressionOptions> = {}) => SparseLogisticRegressionOptions.parse(given)

function largestDifference(actual: ArrayLike<number>, expected: readonly number[]): number {
  expect(actual.length).toBe(expected.length)
  return Math.max(0, ...expected.map((value, i) => Math.abs(value - actual[i]!)))
}

describe(`sparse logistic regression against scikit-learn ${fixture.versions['scikit-learn']}, saga at tol 1e-10`, () => {
  test.each(fixture.logistic)('$name: coefficients within 1e-6, the same ones 0, probabilities within 1e-7', (of) => {
    const { C, l1Ratio, classWeight } = of
    const { parts, predict } = fitSparseLogistic(
      classInput(of.x, of.y, { weights: of.sampleWeight }),
      options({ C, l1Ratio, classWeight, tol: 1e-11 }),
    )
    const expected = of.coefficients.flat()
    expect(parts.converged).toBe(true)
    expect(largestDifference(parts.coefficients, expected)).toBeLessThan(1e-6)
    expect(largestDifference(parts.intercepts, of.intercepts)).toBeLessThan(1e-6)
    expect(Array.from(parts.coefficients, (value) => value === 0)).toEqual(expected.map((value) => value === 0))
    const probabilities = predict(matrixOf(of.x.slice(0, of.probabilities.length)))
    expect(largestDifference(probabilities, of.probabilities.flat())).toBeLessThan(1e-7)
  })

  test.each(fixture.logistic)('$name: with the default tol coefficients within 1e-4, probabilities 1e-5', (of) => {
    const { C, l1Ratio, classWeight } = of
    const { parts, predict } = fitSparseLogistic(
      classInput(of.x, of.y, { weights: of.sampleWeight }),
      options({ C, l1Ratio, classWeight }),
    )
    expect(largestDifference(parts.coefficients, of.coefficients.flat())).toBeLessThan(1e-4)
    const probabilities = predict(matrixOf(of.x.slice(0, of.probabilities.length)))
    expect(largestDifference(probabilities, of.probabilities.flat())).toBeLessThan(1e-5)
  })
})

/** Rows and class codes in which each of `nClasses` classes has a row. */
const problems = (nClasses: number) =>
  fc
    .record({ nColumns: fc.integer({ min: 1, max: 5 }), nRows: fc.integer({ min: nClasses + 2, max: 18 }) })
    .chain(({ nColumns, nRows }) =>
      fc.record({
        rows: fc.array(
          fc.array(
            fc.integer({ min: -30, max: 30 }).map((n) => n / 10),
            { minLength: nColumns, maxLength: nColumns },
          ),
          { minLength: nRows, maxLength: nRows },
        ),
        codes: fc
          .array(fc.integer({ min: 0, max: nClasses - 1 }), {
            minLength: nRows - nClasses,
            maxLength: nRows - nClasses,
          })
          .map((codes) => [...Array.from({ length: nClasses }, (_, k) => k), ...codes]),
        C: fc.double({ min: 0.05, max: 50, noNaN: true }),
        l1Ratio: fc.constantFrom(0.1, 0.5, 0.9, 1),
      }),
    )

describe('properties of sparse logistic regression', () => {
  test.each([2, 3, 4])('at what %i classes learnt no coefficient can move to a lower objective', (nClasses) => {
    fc.assert(
      fc.property(problems(nClasses), ({ rows, codes, C, l1Ratio }) => {
        const model = fitSparseLogistic(
          classInput(rows, codes),
          options({ C, l1Ratio, tol: 1e-10, maxIterations: 1000 }),
        )
        const { coefficients, means } = model.parts
        const probabilities = model.predict(matrixOf(rows))
        const nColumns = means.length
        const outputs = nClasses === 2 ? [1] : Array.from({ length: nClasses }, (_, k) => k)
        for (const [k, output] of outputs.entries()) {
          const residuals = codes.map((code, i) => Number(code === output) - probabilities[i * nClasses + output]!)
          expect(residuals.reduce((a, b) => a + b)).toBeCloseTo(0, 5)
          for (let j = 0; j < nColumns; j++) {
            const coefficient = coefficients[k * nColumns + j]!
            const slope =
              C * rows.reduce((sum, row, i) => sum + row[j]! * residuals[i]!, 0) - (1 - l1Ratio) * coefficient
            if (coefficient !== 0) expect(slope).toBeCloseTo(l1Ratio * Math.sign(coefficient), 3)
            else expect(Math.abs(slope)).toBeLessThan(l1Ratio + 5e-4)
          }
        }
      }),
      { numRuns: 60 },
    )
  })

  test.each([2, 3])('without L1 part %i classes learn what logistic regression does', (nClasses) => {
    fc.assert(
      fc.property(problems(nClasses), ({ rows, codes, C }) => {
        const input = classInput(rows, codes)
        const sparse = fitSparseLogistic(input, options({ C, l1Ratio: 0, tol: 1e-11 })).parts
        const plain = fitLogistic(input, LogisticRegressionOptions.parse({ C, tol: 1e-11 })).parts
        expect(largestDifference(sparse.coefficients, [...plain.coefficients])).toBeLessThan(1e-6)
        expect(largestDifference(sparse.intercepts, [...plain.intercepts])).toBeLessThan(1e-6)
      }),
      { numRuns: 30 },
    )
  })

  test('a row of weight 2 counts as the row twice, and one of weight 0 not at all', () => {
    fc.assert(
      fc.property(problems(3), ({ rows, codes, C }) => {
        const weights = rows.map((_, i) => (i < 3 ? 1 : i % 3))
        const repeated = rows.flatMap((_, i) => Array.from({ length: weights[i]! }, () => i))
        for (const classWeight of [null, 'balanced'] as const) {
          const given = options({ C, classWeight, tol: 1e-11 })
          const weighted = fitSparseLogistic(classInput(rows, codes, { weights }), given)
          const copied = fitSparseLogistic(
            classInput(
              repeated.map((i) => rows[i]!),
              repeated.map((i) => codes[i]!),
            ),
            given,
          )
          expect(largestDifference(weighted.parts.coefficients, [...copied.parts.coefficients])).toBeLessThan(1e-5)
        }
      }),
      { numRuns: 20 },
    )
  })

  test('a small enough C leaves no coefficient, and the classes their shares', () => {
    const of = fixture.logistic.find(({ name }) => name === 'three classes balanced')!
    const model = fitSparseLogistic(classInput(of.x, of.y), options({ C: 1e-4, l1Ratio: 1 }))
    expect(model.parts.coefficients.every((coefficient) => coefficient === 0)).toBe(true)
    const probabilities = model.predict(matrixOf([of.x[0]!]))
    for (const k of [0, 1, 2]) {
      expect(probabilities[k]).toBeCloseTo(of.y.filter((code) => code === k).length / of.y.length, 12)
    }
  })

  test("the softmax of the classes' scores is their probabilities, and the scores sum to 0", () => {
    const of = fixture.logistic.find(({ name }) => name.startsWith('three classes one-hot'))!
    const model = fitSparseLogistic(classInput(of.x, of.y), options({ l1Ratio: 0.9 }))
    const x = matrixOf(of.x)
    const probabilities = model.predict(x)
    const scores = [0, 1, 2].map((k) => {
      const { space, base, score, contributions } = model.explain(x, 5, k)
      expect(space).toBe('log-odds')
      expect(base + contributions.reduce((a, b) => a + b)).toBeCloseTo(score, 10)
      return score
    })
    const sum = scores.reduce((total, score) => total + Math.exp(score), 0)
    for (const [k, score] of scores.entries()) expect(Math.exp(score) / sum).toBeCloseTo(probabilities[15 + k]!, 12)
    expect(scores[0]! + scores[1]! + scores[2]!).toBeCloseTo(0, 10)
  })
})

describe('what sparse logistic regression answers at the edges', () => {
  test('columns far from 0 and of very different scales are learnt as well as they scaled by hand', () => {
    const of = fixture.logistic[0]!
    const scales = [1, 1000, 0.5, 20, 0.1]
    const moved = of.x.map((row) => row.map((value, j) => value * scales[j]! + 1e4 * scales[j]!))
    const given = options({ C: 1e6, l1Ratio: 1, tol: 1e-12 })
    const plain = fitSparseLogistic(classInput(of.x, of.y), given)
    const scaled = fitSparseLogistic(classInput(moved, of.y), given)
    // So weak a penalty hardly depends on the scale.
    for (const [j, scale] of scales.entries()) {
      expect(scaled.parts.coefficients[j]! * scale).toBeCloseTo(plain.parts.coefficients[j]!, 3)
    }
    expect(largestDifference(scaled.predict(matrixOf(moved)), [...plain.predict(matrixOf(of.x))])).toBeLessThan(1e-4)
  })

  test('a label that contradicts all others at large C is learnt without stalling', () => {
    const rows = Array.from({ length: 40 }, (_, i) => [i - 20, i === 39 ? 1 : 0])
    const codes = rows.map(([value], i) => (i === 39 ? 0 : Number(value! > 0)))
    const { parts } = fitSparseLogistic(classInput(rows, codes), options({ C: 1000, l1Ratio: 1 }))
    expect(parts.converged).toBe(true)
    expect(parts.coefficients[0]).toBeGreaterThan(0)
    expect(parts.coefficients[1]).toBeLessThan(0)
  })

  test('a class that had no rows gets probability 0', () => {
    const model = fitSparseLogistic(classInput([[0], [1], [2], [3]], [0, 2, 0, 2], { nClasses: 3 }), options())
    const probabilities = model.predict(matrixOf([[1.5]]))
    expect(probabilities[1]).toBe(0)
    expect(probabilities[0]! + probabilities[2]!).toBeCloseTo(1, 14)
  })

  test('one class, numbers, and a missing value are refused', () => {
    expect(codeOf(() => fitSparseLogistic(classInput([[1], [2]], [0, 0]), options()))).toBe('FIT_ONE_CLASS')
    expect(codeOf(() => fitSparseLogistic(numberInput([[1], [2]], [0, 1]), options()))).toBe('ESTIMATOR_TASK_MISMATCH')
    expect(codeOf(() => fitSparseLogistic(classInput([[1], [Number.NaN]], [0, 1]), options()))).toBe(
      'MATRIX_NOT_FINITE',
    )
    expect(SparseLogisticRegressionOptions.safeParse({ l1Ratio: -0.1 }).success).toBe(false)
  })

  test('too few iterations are said, also by the restored model, which knows its kind', () => {
    const of = fixture.logistic[0]!
    const model = fitSparseLogistic(classInput(of.x, of.y), options({ C: 100, maxIterations: 1 }))
    expect(model.parts.converged).toBe(false)
    const restored = sparseLogisticRegression.restore(model.state())
    expect(restored.warnings).toEqual(model.warnings)
    expect(restored.warnings![0]).toMatch(/^Sparse logistic regression stopped after 1 iterations/)
    expect(restored.estimator).toBe('sparse-logistic-regression')
  })
})
