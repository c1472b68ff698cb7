import { describe, expect, test } from 'vitest'
import { RandomState } from '../../table/random.ts'
import type { FitInput } from '../estimator.ts'
import { withoutKernels } from '../kernels/load-kernels.ts'
import { randomForest } from './random-forest.ts'

/** A column of real numbers, one with missing values, one of few values of which some are rare, and one of noise. */
function problem(nRows: number, nClasses: 2 | 3, nColumns = 4): FitInput {
  const random = new RandomState(17)
  const columns = [
    () => random.normal(),
    () => (random.randint(9) === 0 ? Number.NaN : random.randint(40)),
    () => (random.randint(3000) === 0 ? random.randint(6) : 10 + random.randint(4)),
    () => random.randint(100),
  ].slice(0, nColumns)
  const data = Float64Array.from({ length: nRows * nColumns }, (_, i) => columns[Math.floor(i / nRows)]!())
  const codes = Int32Array.from({ length: nRows }, (_, row) => {
    const told = data[row]! + (Number.isNaN(data[nRows + row]!) ? 1 : data[nRows + row]! / 40)
    const rare = nColumns > 2 && data[2 * nRows + row]! < 6 ? 2 : 0
    const value = told + rare + 0.5 * random.normal()
    return nClasses === 2 ? Number(value > 0.5) : value > 1 ? 2 : value < 0 ? 0 : 1
  })
  const names = Array.from({ length: nColumns }, (_, i) => `c${i}`)
  const classes = ['a', 'b', 'c'].slice(0, nClasses)
  return { x: { nRows, nColumns, data, names }, target: { task: 'classification', codes, classes }, seed: 3 }
}

describe('a table of more rows than a lane counts along', () => {
  const large = problem(70_000, 3)

  test.each([
    ['leaves of one row', {}],
    ['leaves of so many rows that draws do not tell', { minSamplesLeaf: 7 }],
    ['leaves that rare values do not fill', { minSamplesLeaf: 300 }],
    ['leaves of nearly half of the rows', { minSamplesLeaf: 30_000 }],
    ['each row once', { bootstrap: false, minSamplesLeaf: 5 }],
    ['thresholds drawn', { extraTrees: true, minSamplesLeaf: 40 }],
    ['weights by class', { classWeight: 'balanced', minSamplesLeaf: 20 }],
  ] as const)(
    'is learnt from by the naive twin’s very bytes: three classes, %s',
    { timeout: 120_000 },
    (_, options) => {
      const rules = randomForest.options.parse({ nEstimators: 2, maxDepth: 5, maxFeatures: 0.75, ...options })
      const fitted = randomForest.fit(large, rules).state()
      expect(fitted).toEqual(withoutKernels(() => randomForest.fit(large, rules).state()))
    },
  )

  // Three rows of each of thirty rare values; the third class is the first five's alone, so that a split is best close to them.
  const rare = (row: number) => (row % 700 === 0 && row < 90 * 700 ? Math.floor(row / 2100) : -1)
  const rareColumns = {
    'on the left': (row: number) => (rare(row) < 0 ? 50 + (row % 7) : rare(row)),
    'on the right': (row: number) => (rare(row) < 0 ? row % 7 : 50 - rare(row)),
    'with missing values on the left': (row: number) =>
      rare(row) < 0 ? 50 + (row % 7) : rare(row) < 3 ? Number.NaN : rare(row),
    'with missing values on the right': (row: number) =>
      rare(row) < 0 ? row % 7 : rare(row) < 3 ? Number.NaN : 50 - rare(row),
  }
  test.each(Object.entries(rareColumns))('counts the rows of a side that draws do not tell, %s', (_, value) => {
    const random = new RandomState(5)
    const nRows = 70_000
    const data = Float64Array.from({ length: nRows }, (_, row) => value(row))
    const codes = Int32Array.from({ length: nRows }, (_, row) => {
      return rare(row) >= 0 && rare(row) < 5 ? 2 : random.randint(2)
    })
    const input: FitInput = {
      x: { nRows, nColumns: 1, data, names: ['c'] },
      target: { task: 'classification', codes, classes: ['a', 'b', 'c'] },
      seed: 4,
    }
    const found = [6, 9, 11, 15, 22, 40].map((minSamplesLeaf) => {
      const rules = randomForest.options.parse({ nEstimators: 1, maxDepth: 1, minSamplesLeaf })
      const fitted = randomForest.fit(input, rules)
      expect(fitted.state()).toEqual(withoutKernels(() => randomForest.fit(input, rules).state()))
      return JSON.stringify(fitted.state())
    })
    // Where the least number of rows hangs on counts, splits differ.
    expect(new Set(found).size).toBeGreaterThan(3)
  })

  test('two classes, above two million rows', { timeout: 240_000 }, () => {
    const input = problem(2 ** 21 + 100, 2, 2)
    const rules = randomForest.options.parse({ nEstimators: 1, maxDepth: 2, minSamplesLeaf: 7, maxFeatures: 1 })
    const fitted = randomForest.fit(input, rules).state()
    expect(fitted).toEqual(withoutKernels(() => randomForest.fit(input, rules).state()))
  })
})
