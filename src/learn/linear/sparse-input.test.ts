import { describe, expect, test } from 'vitest'
import { codeOf } from '../../../test/support/code-of.ts'
import type { Matrix } from '../../table/matrix.ts'
import { RandomState } from '../../table/random.ts'
import { toSparseMatrix } from '../../table/sparse-matrix.ts'
import type { Target } from '../../table/target.ts'
import { contrastRows } from '../contrast.ts'
import { estimator } from '../estimators.ts'
import { ElasticNetOptions, fitElasticNet } from './elastic-net.ts'
import { fitLogistic, LogisticRegressionOptions } from './logistic-regression.ts'
import { fitRidge, RidgeOptions } from './ridge.ts'
import { fitSparseLogistic, SparseLogisticRegressionOptions } from './sparse-logistic-regression.ts'

/** Mostly zeros, the first column dense with a large mean; the target depends on the first three columns. */
function problem(nRows: number, nColumns: number) {
  const random = new RandomState(7)
  const data = new Float64Array(nRows * nColumns)
  for (let i = 0; i < data.length; i++)
    data[i] = i < nRows ? 5 + random.normal() : random.random() < 0.1 ? random.normal() : 0
  const x: Matrix = { nRows, nColumns, data, names: Array.from({ length: nColumns }, (_, j) => `c${j}`) }
  const values = Float64Array.from({ length: nRows }, (_, row) => {
    return data[row]! + 2 * data[nRows + row]! - 3 * data[2 * nRows + row]! + 0.3 * random.normal()
  })
  const sampleWeight = Float64Array.from({ length: nRows }, () => 0.5 + random.random())
  const numbers: Target = { task: 'regression', values }
  const codes = Int32Array.from(values, (value) => (value > 6 ? 2 : value > 5 ? 1 : 0))
  const classes: Target = { task: 'classification', codes, classes: ['a', 'b', 'c'] }
  return { x, numbers, classes, sampleWeight }
}

function expectClose(actual: Float64Array, expected: Float64Array, tolerance: number) {
  expect(actual.length).toBe(expected.length)
  const scale = expected.reduce((most, value) => Math.max(most, Math.abs(value)), 1e-12)
  for (const [i, value] of actual.entries())
    expect(Math.abs(value - expected[i]!)).toBeLessThanOrEqual(tolerance * scale)
}

describe('sparse input', () => {
  test.each([
    ['more rows than columns', 120, 30],
    ['more columns than rows', 40, 90],
  ])('ridge gives the coefficients of the dense matrix: %s', (_, nRows, nColumns) => {
    const { x, numbers, sampleWeight } = problem(nRows, nColumns)
    for (const alpha of [0.1, 3]) {
      const options = RidgeOptions.parse({ alpha })
      const dense = fitRidge({ x, target: numbers, sampleWeight, seed: 0 }, options)
      const sparse = fitRidge({ x: toSparseMatrix(x), target: numbers, sampleWeight, seed: 0 }, options)
      expectClose(sparse.parts.coefficients, dense.parts.coefficients, 1e-8)
      expectClose(sparse.parts.deviations, dense.parts.deviations, 1e-12)
      expectClose(sparse.predict(x), dense.predict(x), 1e-8)
    }
  })

  test('the elastic net and both logistic regressions give the answers of the dense matrix', () => {
    const { x, numbers, classes, sampleWeight } = problem(120, 30)
    const s = toSparseMatrix(x)
    const net = ElasticNetOptions.parse({ alpha: 0.05 })
    const dense = fitElasticNet({ x, target: numbers, sampleWeight, seed: 0 }, net)
    expectClose(fitElasticNet({ x: s, target: numbers, sampleWeight, seed: 0 }, net).predict(s), dense.predict(x), 1e-6)
    const plain = LogisticRegressionOptions.parse({})
    const ofDense = fitLogistic({ x, target: classes, sampleWeight, seed: 0 }, plain)
    const ofSparse = fitLogistic({ x: s, target: classes, sampleWeight, seed: 0 }, plain)
    expectClose(ofSparse.parts.coefficients, ofDense.parts.coefficients, 1e-9)
    expect(ofSparse.predict(s)).toEqual(ofSparse.predict(x))
    const one = ofSparse.explain(s, 3, 1)
    expect(one).toEqual(ofSparse.explain(x, 3, 1))
    expect(one.base + one.contributions.reduce((sum, value) => sum + value, 0)).toBeCloseTo(one.score, 9)
    const l1 = SparseLogisticRegressionOptions.parse({ C: 0.5 })
    const few = fitSparseLogistic({ x: s, target: classes, sampleWeight, seed: 0 }, l1)
    expectClose(few.predict(s), fitSparseLogistic({ x, target: classes, sampleWeight, seed: 0 }, l1).predict(x), 1e-5)
  })

  test('a value that is not finite is refused by the name of its column', () => {
    const { x, numbers } = problem(40, 5)
    x.data[3 * 40 + 7] = Number.NaN
    const fit = () => fitRidge({ x: toSparseMatrix(x), target: numbers, seed: 0 }, RidgeOptions.parse({}))
    expect(codeOf(fit)).toBe('MATRIX_NOT_FINITE')
    expect(fit).toThrow('column "c3"')
  })
})

describe('beside sparse matrices', () => {
  const { x, numbers, classes } = problem(60, 8)

  test.each([
    ['logistic-regression', classes],
    ['sparse-logistic-regression', classes],
    ['ridge', numbers],
    ['elastic-net', numbers],
  ] as const)(
    '%s tells two sparse rows apart as two dense ones, looking at their own columns alone',
    (name, target) => {
      const definition = estimator(name)
      const model = definition.fit({ x, target, seed: 0 }, definition.options.parse({}))
      const sparse = toSparseMatrix(x)
      const [row, other] = [3, 8]
      const dense = contrastRows(model, x, row, x, other)
      const own = contrastRows(model, sparse, row, sparse, other)
      expect(own.scores).toEqual(dense.scores)
      expect(own.background).toEqual(dense.background)
      const entries = [row, other].map((r) => [...sparse.indices.subarray(sparse.indptr[r]!, sparse.indptr[r + 1]!)])
      const present = [...new Set(entries.flat())].sort((a, b) => a - b)
      expect([...own.columns!]).toEqual(present)
      expect(present.length).toBeLessThan(x.nColumns)
      for (let k = 0; k < own.scores.length; k++) {
        for (let j = 0; j < x.nColumns; j++) {
          const at = present.indexOf(j)
          expect(at < 0 ? 0 : own.contributions[k * present.length + at]! + 0).toBe(
            dense.contributions[k * x.nColumns + j]! + 0,
          )
        }
        const explained = Array.from({ length: x.nColumns }, (_, j) => {
          const output = target.task === 'regression' ? 0 : k
          return model.explain(x, row, output).contributions[j]! - model.explain(x, other, output).contributions[j]!
        })
        for (const [j, value] of explained.entries()) {
          expect(dense.contributions[k * x.nColumns + j]!).toBeCloseTo(value, 10)
        }
      }
    },
  )

  test.each(['random-forest', 'gradient-boosting'])('%s says that it takes whole columns', (name) => {
    const definition = estimator(name)
    const fit = () => definition.fit({ x: toSparseMatrix(x), target: classes, seed: 0 }, definition.options.parse({}))
    expect(codeOf(fit)).toBe('MATRIX_INVALID')
    expect(fit).toThrow(/dense matrix; got a sparse one of 60 rows and 8 columns/)
  })
})
