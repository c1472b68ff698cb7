import { readFileSync } from 'node:fs'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { codeOf } from '../../../test/support/code-of.ts'
import { classInput, matrixOf } from '../../../test/support/fit-inputs.ts'
import { fitLogistic, LogisticRegressionOptions, logisticRegression } from './logistic-regression.ts'

interface LogisticCase {
  name: string
  x: number[][]
  y: number[]
  C: number
  classWeight: 'balanced' | null
  sampleWeight: number[] | null
  coefficients: number[][]
  intercepts: number[]
  probabilities: number[][]
}

const fixture = JSON.parse(readFileSync(new URL('./fixtures/linear.json', import.meta.url), 'utf8')) as {
  versions: Record<string, string>
  logistic: LogisticCase[]
}
const options = (given: Partial<LogisticRegressionOptions> = {}) => LogisticRegressionOptions.parse(given)

function largestDifference(actual: ArrayLike<number>, expected: readonly number[]): number {
  expect(actual.length).toBe(expected.length)
  return Math.max(0, ...expected.map((value, i) => Math.abs(value - actual[i]!)))
}

describe(`logistic regression against scikit-learn ${fixture.versions['scikit-learn']}, converged`, () => {
  // The reference is newton-cholesky at tol 1e-14, which agrees with newton-cg to 1e-9.
  test.each(fixture.logistic)('$name: coefficients and intercepts within 1e-7', (of) => {
    const { C, classWeight } = of
    const model = fitLogistic(
      classInput(of.x, of.y, { weights: of.sampleWeight }),
      options({ C, classWeight, tol: 1e-10 }),
    )
    expect(model.parts.converged).toBe(true)
    expect(largestDifference(model.parts.coefficients, of.coefficients.flat())).toBeLessThan(1e-7)
    expect(largestDifference(model.parts.intercepts, of.intercepts)).toBeLessThan(1e-7)
  })

  test.each(fixture.logistic)('$name: with the default tol within 1e-5, probabilities too', (of) => {
    const { C, classWeight } = of
    const model = fitLogistic(classInput(of.x, of.y, { weights: of.sampleWeight }), options({ C, classWeight }))
    expect(largestDifference(model.parts.coefficients, of.coefficients.flat())).toBeLessThan(1e-5)
    const probabilities = model.predict(matrixOf(of.x.slice(0, of.probabilities.length)))
    expect(largestDifference(probabilities, of.probabilities.flat())).toBeLessThan(1e-5)
  })
})

/** Rows, class codes and weights in which each of `nClasses` classes has a row. */
const problems = (nClasses: number) =>
  fc
    .record({
      nColumns: fc.integer({ min: 1, max: 4 }),
      nRows: fc.integer({ min: nClasses + 2, max: 18 }),
    })
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
      }),
    )

describe('properties of logistic regression', () => {
  const tight = options({ C: 2, tol: 1e-11 })

  test.each([2, 3, 4])('the order of the rows does not change what %i classes learn', (nClasses) => {
    fc.assert(
      fc.property(problems(nClasses), fc.integer(), ({ rows, codes }, seed) => {
        const order = rows.map((_, i) => i).sort((a, b) => ((a * 7919 + seed) % 97) - ((b * 7919 + seed) % 97))
        const model = fitLogistic(classInput(rows, codes), tight)
        const shuffled = fitLogistic(
          classInput(
            order.map((i) => rows[i]!),
            order.map((i) => codes[i]!),
          ),
          tight,
        )
        expect(largestDifference(shuffled.parts.coefficients, [...model.parts.coefficients])).toBeLessThan(1e-6)
      }),
      { numRuns: 30 },
    )
  })

  test.each([2, 3])(
    'a row of weight 2 counts as the row twice, and one of weight 0 not at all (%i classes)',
    (nClasses) => {
      fc.assert(
        fc.property(problems(nClasses), ({ rows, codes }) => {
          const weights = rows.map((_, i) => (i < nClasses ? 1 : i % 3))
          const repeated = rows.flatMap((_, i) => Array.from({ length: weights[i]! }, () => i))
          for (const classWeight of [null, 'balanced'] as const) {
            const weighted = fitLogistic(classInput(rows, codes, { weights }), { ...tight, classWeight })
            const copied = fitLogistic(
              classInput(
                repeated.map((i) => rows[i]!),
                repeated.map((i) => codes[i]!),
              ),
              { ...tight, classWeight },
            )
            expect(largestDifference(weighted.parts.coefficients, [...copied.parts.coefficients])).toBeLessThan(1e-6)
            expect(largestDifference(weighted.parts.intercepts, [...copied.parts.intercepts])).toBeLessThan(1e-6)
          }
        }),
        { numRuns: 20 },
      )
    },
  )

  test('shifting a column changes the intercept alone: it is not penalised', () => {
    fc.assert(
      fc.property(problems(3), fc.integer({ min: -50, max: 50 }), ({ rows, codes }, shift) => {
        const model = fitLogistic(classInput(rows, codes), tight)
        const moved = fitLogistic(
          classInput(
            rows.map((row) => [row[0]! + shift, ...row.slice(1)]),
            codes,
          ),
          tight,
        )
        expect(largestDifference(moved.parts.coefficients, [...model.parts.coefficients])).toBeLessThan(1e-6)
      }),
      { numRuns: 20 },
    )
  })

  test('coefficients and intercepts of three classes sum to 0 over the classes', () => {
    const of = fixture.logistic.find(({ name }) => name === 'three classes balanced')!
    const { coefficients, intercepts, means } = fitLogistic(classInput(of.x, of.y), options()).parts
    for (let j = 0; j < means.length; j++) {
      let sum = 0
      for (let k = 0; k < 3; k++) sum += coefficients[k * means.length + j]!
      expect(Math.abs(sum)).toBeLessThan(1e-14)
    }
    expect(Math.abs(intercepts[0]! + intercepts[1]! + intercepts[2]!)).toBeLessThan(1e-14)
  })

  test('probabilities sum to 1, and a row alone gets the same bits as in a batch', () => {
    fc.assert(
      fc.property(problems(3), ({ rows, codes }) => {
        const model = fitLogistic(classInput(rows, codes), options())
        const batch = model.predict(matrixOf(rows))
        for (const [i, row] of rows.entries()) {
          const alone = model.predict(matrixOf([row]))
          expect(alone).toEqual(batch.slice(i * 3, i * 3 + 3))
          expect(alone[0]! + alone[1]! + alone[2]!).toBeCloseTo(1, 14)
        }
      }),
      { numRuns: 20 },
    )
  })

  test('contributions and base add up to the score, whose link is the probability', () => {
    const two = fixture.logistic.find(({ name }) => name === 'binary weights')!
    const model = fitLogistic(classInput(two.x, two.y, { weights: two.sampleWeight }), options())
    const x = matrixOf(two.x)
    const probabilities = model.predict(x)
    for (const row of [0, 7, 40]) {
      const [against, towards] = [model.explain(x, row, 0), model.explain(x, row, 1)]
      expect(towards.space).toBe('log-odds')
      expect(towards.base + towards.contributions.reduce((a, b) => a + b)).toBeCloseTo(towards.score, 10)
      expect(1 / (1 + Math.exp(-towards.score))).toBeCloseTo(probabilities[row * 2 + 1]!, 12)
      expect(against.score).toBe(-towards.score)
      expect([...against.contributions]).toEqual([...towards.contributions].map((value) => -value))
    }
  })

  test("for three classes the softmax of the classes' scores is their probabilities", () => {
    const three = fixture.logistic.find(({ name }) => name === 'three classes weights')!
    const model = fitLogistic(classInput(three.x, three.y, { weights: three.sampleWeight }), options())
    const x = matrixOf(three.x)
    const probabilities = model.predict(x)
    const scores = [0, 1, 2].map((k) => {
      const { base, score, contributions } = model.explain(x, 5, k)
      expect(base + contributions.reduce((a, b) => a + b)).toBeCloseTo(score, 10)
      return score
    })
    const sum = scores.reduce((total, score) => total + Math.exp(score), 0)
    for (const [k, score] of scores.entries()) expect(Math.exp(score) / sum).toBeCloseTo(probabilities[15 + k]!, 12)
    expect(scores[0]! + scores[1]! + scores[2]!).toBeCloseTo(0, 10)
  })

  test('the base is the score at the weighted means of the training rows', () => {
    const two = fixture.logistic.find(({ name }) => name === 'binary weights')!
    const model = fitLogistic(classInput(two.x, two.y, { weights: two.sampleWeight }), options())
    const atMeans = model.explain(matrixOf([[...model.parts.means]]), 0, 1)
    expect(atMeans.score).toBeCloseTo(atMeans.base, 12)
    expect(Math.max(...atMeans.contributions.map(Math.abs))).toBe(0)
  })
})

describe('what logistic regression answers at the edges', () => {
  test('a model restored from its state answers with the same bits', () => {
    const of = fixture.logistic.find(({ name }) => name === 'three classes weights')!
    const model = fitLogistic(classInput(of.x, of.y), options())
    const restored = logisticRegression.restore(model.state())
    expect(restored.predict(matrixOf(of.x))).toEqual(model.predict(matrixOf(of.x)))
    expect(restored.explain(matrixOf(of.x), 3, 1)).toEqual(model.explain(matrixOf(of.x), 3, 1))
    expect(restored.importances()).toEqual(model.importances())
  })

  test('a damaged state is refused, naming the key', () => {
    const state = fitLogistic(classInput([[1], [2], [3]], [0, 1, 1]), options()).state() as Record<string, never>
    for (const key of ['nClasses', 'present', 'coefficients', 'intercepts', 'means', 'deviations']) {
      const { [key]: _, ...damaged } = state
      expect(codeOf(() => logisticRegression.restore(damaged))).toBe('MODEL_STATE_INVALID')
      expect(codeOf(() => logisticRegression.restore({ ...state, [key]: Float64Array.of(1, 2, 3, 4) }))).toBe(
        'MODEL_STATE_INVALID',
      )
    }
    expect(codeOf(() => logisticRegression.restore(null))).toBe('MODEL_STATE_INVALID')
  })

  test('one class is refused, also where only weights of 0 make it one', () => {
    expect(codeOf(() => fitLogistic(classInput([[1], [2]], [1, 1], { nClasses: 2 }), options()))).toBe('FIT_ONE_CLASS')
    const weights = [1, 1, 0]
    expect(codeOf(() => fitLogistic(classInput([[1], [2], [3]], [0, 0, 1], { weights }), options()))).toBe(
      'FIT_ONE_CLASS',
    )
    expect(codeOf(() => fitLogistic(classInput([[1]], [0], { nClasses: 3 }), options()))).toBe('FIT_ONE_CLASS')
  })

  test('a class without rows gets probability 0 and a score that is finite; the others learn as if it were not there', () => {
    const rows = [[0], [1], [2], [3], [1.5]]
    const model = fitLogistic(classInput(rows, [0, 0, 2, 2, 0], { nClasses: 3 }), options())
    const alone = fitLogistic(classInput(rows, [0, 0, 1, 1, 0]), options())
    const x = matrixOf(rows)
    expect(model.predict(x).filter((_, i) => i % 3 === 1)).toEqual(new Float64Array(5))
    expect(model.predict(x).filter((_, i) => i % 3 !== 1)).toEqual(alone.predict(x))
    expect(model.explain(x, 0, 1)).toMatchObject({ base: Math.log(2 ** -52), score: Math.log(2 ** -52) })
  })

  test('weights must be finite, not negative, one a row and not all 0', () => {
    const rows = [[0], [1], [2]]
    for (const weights of [
      [0, 0, 0],
      [1, -1, 1],
      [1, Number.NaN, 1],
      [1, Number.POSITIVE_INFINITY, 1],
      [1, 1],
    ]) {
      expect(codeOf(() => fitLogistic(classInput(rows, [0, 1, 1], { weights }), options()))).toBe('WEIGHTS_INVALID')
    }
  })

  test('a missing, infinite or absurdly large value is refused naming its column, in fitting and in predicting', () => {
    const model = fitLogistic(
      classInput(
        [
          [0, 1],
          [1, 2],
        ],
        [0, 1],
      ),
      options(),
    )
    for (const value of [Number.NaN, Number.NEGATIVE_INFINITY, 1e200]) {
      const rows = [
        [0, 1],
        [1, value],
      ]
      expect(codeOf(() => fitLogistic(classInput(rows, [0, 1]), options()))).toBe('MATRIX_NOT_FINITE')
      expect(codeOf(() => model.predict(matrixOf(rows)))).toBe('MATRIX_NOT_FINITE')
      expect(() => fitLogistic(classInput(rows, [0, 1]), options())).toThrow(/"x1" .* in 1 of 2 rows/)
    }
  })

  test('without columns, with constant columns and with no row between the classes it answers with the shares', () => {
    const none = fitLogistic(classInput([[], [], [], []], [0, 0, 0, 1]), options())
    expect(none.predict(matrixOf([[]], 0))[1]).toBeCloseTo(0.25, 12)
    const constant = fitLogistic(classInput([[3], [3], [3], [3]], [0, 1, 2, 2]), options())
    expect([...constant.predict(matrixOf([[3]]))]).toEqual([0.25, 0.25, 0.5].map((p) => expect.closeTo(p, 9)))
    expect(constant.importances()).toEqual(new Float64Array(1))
  })

  test('one column and two rows are enough', () => {
    const model = fitLogistic(classInput([[-1], [1]], [0, 1]), options({ tol: 1e-12 }))
    // The minimum of ln(1 + e^-w) * 2 + w^2 / 2 satisfies w (1 + e^w) = 2.
    const [w] = model.parts.coefficients
    expect(w! * (1 + Math.exp(w!))).toBeCloseTo(2, 9)
    expect(model.parts.intercepts[0]).toBeCloseTo(0, 9)
  })

  test('more columns than rows converge as well', () => {
    const rows = Array.from({ length: 6 }, (_, i) => Array.from({ length: 40 }, (_, j) => Math.sin(i * 40 + j)))
    const model = fitLogistic(classInput(rows, [0, 1, 2, 0, 1, 2]), options({ C: 10 }))
    expect(model.parts.converged).toBe(true)
  })

  test('a fit that is out of iterations says so in its warnings, and one that is done has none', () => {
    const of = fixture.logistic.find(({ name }) => name === 'three classes separable C=100')!
    const short = fitLogistic(classInput(of.x, of.y), options({ C: 100, maxIterations: 2 }))
    expect(short.warnings).toEqual([expect.stringContaining('2 iterations')])
    expect(fitLogistic(classInput(of.x, of.y), options({ C: 100 })).warnings).toEqual([])
  })

  test('a tolerance that no rounding allows ends all the same', () => {
    const of = fixture.logistic[0]!
    const model = fitLogistic(classInput(of.x, of.y), options({ tol: 1e-300, maxIterations: 500 }))
    expect(model.parts.converged).toBe(true)
    expect(model.parts.iterations).toBeLessThan(200)
  })

  test('an aborted signal stops the fit with CANCELLED', () => {
    const signal = AbortSignal.abort()
    expect(codeOf(() => fitLogistic(classInput([[0], [1]], [0, 1], { signal }), options()))).toBe('CANCELLED')
  })

  test('a target of numbers is refused', () => {
    const input = {
      ...classInput([[0], [1]], [0, 1]),
      target: { task: 'regression', values: Float64Array.of(0, 1) },
    } as const
    expect(codeOf(() => fitLogistic(input, options()))).toBe('ESTIMATOR_TASK_MISMATCH')
  })

  test('its inputs are left as they were', () => {
    const input = classInput(
      [
        [1, 0],
        [2, 0],
        [3, 5],
        [4, 0],
      ],
      [0, 1, 0, 1],
      { weights: [1, 2, 3, 4] },
    )
    const before = structuredClone({ ...input, signal: undefined })
    fitLogistic(input, options({ classWeight: 'balanced' }))
    expect({ ...input, signal: undefined }).toEqual(before)
  })
})
