import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { BellwetherError } from '../../errors.ts'
import type { Matrix } from '../../table/matrix.ts'
import { RandomState } from '../../table/random.ts'
import type { Target } from '../../table/target.ts'
import { matrixOf, syntheticData } from '../tree/testing/synthetic.ts'
import { gradientBoosting } from './gradient-boosting.ts'
import { keepDirections } from './monotone.ts'
import { GradientBoostingOptions } from './options.ts'
import { boostingData, boostingFixture, PARITY_OPTIONS, withCategories } from './testing/boosting-data.ts'

const learn = (x: Matrix, target: Target, options: object) =>
  gradientBoosting.fit({ x, target, seed: 2 }, GradientBoostingOptions.parse(options))

const DIRECTIONS: Readonly<Record<string, Readonly<Record<string, 1 | -1>>>> = {
  'falling in x1': { x1: -1, x2: -1 },
  'rising in x1': { x0: 1, x1: 1 },
}

describe.each(boostingFixture.monotone)("with directions, boosting grows LightGBM's trees ($name)", (reference) => {
  const { x, signal } = boostingData(reference.seed, reference.n)
  const named = { ...x, names: ['x0', 'x1', 'x2'] }
  const model = learn(
    named,
    { task: 'regression', values: signal },
    { ...PARITY_OPTIONS, maxIterations: reference.rounds, monotone: DIRECTIONS[reference.name] },
  )

  test('the answers are the same', () => {
    const answers = model.predict(named)
    for (const [row, value] of reference.raw.entries()) expect(answers[row]).toBeCloseTo(value, 5)
    expect(answers.reduce((sum, value) => sum + value, 0) / answers.length).toBeCloseTo(reference.rawMean, 5)
  })
})

/** The rows of `x` with one column at a value. */
function withColumn(x: Matrix, column: number, value: number): Matrix {
  const data = x.data.slice()
  data.fill(value, column * x.nRows, (column + 1) * x.nRows)
  return { ...x, data }
}

/** Answers along the column, each row's other columns as they are; of two classes the probability of the second. */
function expectDirection(model: ReturnType<typeof learn>, x: Matrix, column: number, direction: number): void {
  const width = Math.max(1, model.nClasses)
  let before: Float64Array | null = null
  for (let value = -1; value <= 13; value += 0.5) {
    const answers = model.predict(withColumn(x, column, value)).filter((_, i) => i % width === width - 1)
    // Leaves are added up in one order, so that what is not smaller term by term is not smaller in sum.
    if (before)
      for (const [row, answer] of answers.entries())
        expect((answer - before[row]!) * direction).toBeGreaterThanOrEqual(0)
    before = answers
  }
}

const choices = fc.record({
  seed: fc.nat(1000),
  direction: fc.constantFrom(1 as const, -1 as const),
  loss: fc.constantFrom('squared_error', 'absolute_error', 'quantile', 'poisson', 'classes'),
  extraTrees: fc.boolean(),
  subsample: fc.constantFrom(0.7, 1),
  maxLeaves: fc.constantFrom(3, 12),
  missing: fc.boolean(),
  categories: fc.boolean(),
})

describe('boosting with directions', () => {
  test('answers that rise or fall along the column wherever the other columns are, with any loss', () => {
    const run = fc.property(choices, ({ seed, direction, loss, missing, categories, ...options }) => {
      const { x: whole, signal } = boostingData(seed, 150)
      const random = new RandomState(seed)
      const data = missing ? whole.data.map((value) => (random.random() < 0.1 ? Number.NaN : value)) : whole.data
      const x = { ...(categories ? withCategories(whole) : whole), names: ['x0', 'x1', 'x2'], data }
      const target: Target =
        loss === 'classes'
          ? {
              task: 'classification',
              codes: Int32Array.from(signal, (value) => (value > 1 ? 1 : 0)),
              classes: ['a', 'b'],
            }
          : {
              task: 'regression',
              values: signal.map((value) => (loss === 'poisson' ? Math.max(0, Math.round(value)) : value)),
            }
      const rules = { maxIterations: 6, minSamplesLeaf: 3, minSamplesPerGroup: 5, learningRate: 0.5 }
      const model = learn(x, target, {
        ...rules,
        ...options,
        quantile: 0.8,
        ...(loss === 'classes' ? {} : { loss }),
        monotone: { x1: direction },
      })
      expectDirection(model, x, 1, direction)
    })
    fc.assert(run, { numRuns: 25 })
  })

  test('answer otherwise without them', () => {
    const { x, signal } = boostingData(5, 200)
    const free = learn(
      { ...x, names: ['x0', 'x1', 'x2'] },
      { task: 'regression', values: signal },
      { maxIterations: 20 },
    )
    expect(() => expectDirection(free, x, 1, -1)).toThrow()
  })

  test.each([
    [{ grade: 1 }, 2, 'monotone.grade: there is no such column of numbers; did you mean "grades"?'],
    [{ kind: -1 }, 2, 'monotone.kind: the column holds categories, which have no order'],
    [{ grades: 1 }, 3, 'monotone: a score can rise with a column for two classes or a number, not for 3'],
  ])('refuse %o with %i classes', (monotone, nClasses, message) => {
    const { x } = syntheticData('multiclass', 1, 60)
    const named = {
      ...matrixOf(60, 2, (row, column) => (column === 0 ? row % 4 : x.data[row]!)),
      names: ['kind', 'grades'],
      categories: Int32Array.of(4, 0),
    }
    const classes = ['a', 'b', 'c'].slice(0, nClasses)
    const codes = Int32Array.from({ length: 60 }, (_, row) => row % nClasses)
    const attempt = () => learn(named, { task: 'classification', codes, classes }, { monotone })
    expect(attempt).toThrow(BellwetherError)
    expect(attempt).toThrow(message)
  })
})

test('renewed leaf values are put right from the root down, and what is right already stays', () => {
  const begins = Uint32Array.of(0, 2, 4, 6, 8)
  const splits = [
    { begin: 0, middle: 4, end: 8, direction: 1 },
    { begin: 4, middle: 6, end: 8, direction: -1 },
  ]
  const values = Float64Array.of(1, 5, 2, 8)
  keepDirections(splits, begins, values)
  // The means of the halves, 3 and 5, meet at 4; then the right half must fall: 4 and 8 meet at 6.
  expect(Array.from(values)).toEqual([1, 4, 6, 6])
  keepDirections(splits, begins, values)
  expect(Array.from(values)).toEqual([1, 4, 6, 6])
})
