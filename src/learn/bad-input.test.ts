import { describe, expect, test } from 'vitest'
import { abortAfter } from '../../test/support/abort-after.ts'
import { codeOf } from '../../test/support/code-of.ts'
import { heldMiB } from '../../test/support/held-memory.ts'
import type { ErrorCode } from '../errors.ts'
import type { Matrix } from '../table/matrix.ts'
import type { SupervisedTask, Target } from '../table/target.ts'
import { clusterers } from './cluster/clusterers.ts'
import type { FitInput } from './estimator.ts'
import { estimators } from './estimators.ts'

/** What a family does with input that is no good: the code of its error, or `answers` where it learns all the same. */
interface Expected {
  /** NaN, infinities and columns that are empty: trees and the baseline take them as they come, sums of products can't. */
  readonly notFinite: ErrorCode | 'answers'
  readonly oneClass: ErrorCode | 'answers'
}
const ANSWERS: Expected = { notFinite: 'answers', oneClass: 'answers' }
const EXPECTED: Readonly<Record<string, Expected>> = {
  baseline: ANSWERS,
  'logistic-regression': { notFinite: 'MATRIX_NOT_FINITE', oneClass: 'FIT_ONE_CLASS' },
  'sparse-logistic-regression': { notFinite: 'MATRIX_NOT_FINITE', oneClass: 'FIT_ONE_CLASS' },
  ridge: { notFinite: 'MATRIX_NOT_FINITE', oneClass: 'answers' },
  'elastic-net': { notFinite: 'MATRIX_NOT_FINITE', oneClass: 'answers' },
  'random-forest': ANSWERS,
  'gradient-boosting': ANSWERS,
}

const N_ROWS = 40
const WIDE = 100_000

function matrix(nRows: number, nColumns: number, at: (row: number, column: number) => number): Matrix {
  const data = new Float64Array(nRows * nColumns)
  for (let j = 0; j < nColumns; j++) for (let i = 0; i < nRows; i++) data[j * nRows + i] = at(i, j)
  return { nRows, nColumns, data, names: Array.from({ length: nColumns }, (_, j) => `c${j}`) }
}

/** Rows and columns enough that what a fit keeps of them is seen after a thousand. */
const MANY = 200
const many = matrix(MANY, 8, (row, column) => (column === 0 ? row % 2 : Math.sin(9 * row + column)))

/** MiB that a thousand fits of `many` leave behind, some of them cancelled or refused. */
function heldAfterFits(train: (input: Partial<FitInput>) => unknown): number {
  const fits = (count: number) => {
    for (let i = 0; i < count; i++) {
      if (i % 10 === 0) codeOf(() => train({ signal: abortAfter(2) }))
      else if (i % 10 === 1) codeOf(() => train({ sampleWeight: new Float64Array(MANY) }))
      else train({ seed: i })
    }
  }
  fits(100)
  const before = heldMiB()
  fits(1000)
  return heldMiB() - before
}

/** Class 1, or the number 1, in each second row. */
function everySecond(task: SupervisedTask, nRows: number): Target {
  return task === 'regression'
    ? { task, values: Float64Array.from({ length: nRows }, (_, row) => row % 2) }
    : { task, codes: Int32Array.from({ length: nRows }, (_, row) => row % 2), classes: ['no', 'yes'] }
}

/** The first column tells the target, the second is noise. */
const useful = (row: number, column: number) => (column === 0 ? row % 2 : Math.sin(9 * row))
const good = matrix(N_ROWS, 2, useful)
const changed = (value: number, everyRow = false) =>
  matrix(N_ROWS, 2, (row, column) => (column === 1 && (everyRow || row === 5) ? value : useful(row, column)))

test('every family of models has its line of what it does with bad input', () => {
  expect(Object.keys(EXPECTED).sort()).toEqual(Array.from(estimators.keys()).sort())
})

const families = Array.from(estimators.values()).flatMap((definition) =>
  definition.tasks.map((task) => ({ name: definition.name, task, definition, expected: EXPECTED[definition.name]! })),
)

describe.each(families)('$name, $task', ({ name, task, definition, expected }) => {
  // Few trees, all of which look at all columns; a net that leaves something in a table of zeros and ones.
  const options = definition.options.parse({
    ...(definition.rounds ? { [definition.rounds]: 5 } : {}),
    ...(name === 'random-forest' ? { maxFeatures: 1 } : {}),
    ...(name === 'elastic-net' ? { alpha: 0.01 } : {}),
  })
  const target = everySecond(task, N_ROWS)
  const train = (input: Partial<FitInput> = {}) => definition.fit({ x: good, target, seed: 1, ...input }, options)
  /** Of class 1, or the value; shape (nRows). */
  const answers = (input: Partial<FitInput>, x = input.x ?? good) => {
    const all = train(input).predict(x)
    return task === 'regression' ? all : all.filter((_, i) => i % 2 === 1)
  }
  const isFound = (found: Float64Array) =>
    name === 'baseline' || found.every((value, row) => value > 0.5 === (row % 2 === 1))

  test.each([
    ['a missing value', changed(Number.NaN), 1],
    ['infinity', changed(Number.POSITIVE_INFINITY), 1],
    ['minus infinity', changed(Number.NEGATIVE_INFINITY), 1],
    ['an empty column', changed(Number.NaN, true), N_ROWS],
  ])('%s is learnt with, or refused by the column’s name', (_, x, faults) => {
    if (expected.notFinite === 'answers') {
      expect(isFound(answers({ x }))).toBe(true)
      expect(isFound(answers({}, x))).toBe(true)
      return
    }
    expect(codeOf(() => train({ x }))).toBe(expected.notFinite)
    expect(() => train({ x })).toThrow(`column "c1" is missing, infinite or beyond 1e+100 in ${faults} of 40 rows`)
    expect(codeOf(() => train().predict(x))).toBe(expected.notFinite)
  })

  test('a constant column is of no importance', () => {
    const model = train({ x: changed(3, true) })
    expect(isFound(answers({ x: changed(3, true) }))).toBe(true)
    expect(model.importances()[1]).toBe(0)
  })

  test('one class is answered with all of the probability or refused by its name; one value is answered', () => {
    if (task === 'regression') {
      const three: Target = { task, values: new Float64Array(N_ROWS).fill(3) }
      expect(answers({ target: three })).toEqual(new Float64Array(N_ROWS).fill(3))
      return
    }
    const one: Target = { task, codes: new Int32Array(N_ROWS).fill(1), classes: ['no', 'yes'] }
    if (expected.oneClass === 'answers') {
      for (const p of answers({ target: one })) expect(p).toBeCloseTo(1, 12)
    } else {
      expect(codeOf(() => train({ target: one }))).toBe(expected.oneClass)
      expect(() => train({ target: one })).toThrow('"yes"')
    }
  })

  test('weights that are all 0, or come to more than a number holds, are refused; very small ones are not', () => {
    expect(codeOf(() => train({ sampleWeight: new Float64Array(N_ROWS) }))).toBe('WEIGHTS_INVALID')
    expect(codeOf(() => train({ sampleWeight: new Float64Array(N_ROWS).fill(1e308) }))).toBe('WEIGHTS_INVALID')
    for (const weight of [1e-300, 1e300]) {
      const found = answers({ sampleWeight: new Float64Array(N_ROWS).fill(weight) })
      expect(found.every(Number.isFinite)).toBe(true)
    }
  })

  test('a row of weight 0 is none, whatever its target says', () => {
    // Each third row has the other target, and no weight.
    const isWrong = (row: number) => row % 3 === 0
    const turned: Target =
      task === 'regression'
        ? { task, values: Float64Array.from({ length: N_ROWS }, (_, row) => (isWrong(row) ? 1000 : row % 2)) }
        : {
            task,
            codes: Int32Array.from({ length: N_ROWS }, (_, row) => (isWrong(row) ? 1 - (row % 2) : row % 2)),
            classes: ['no', 'yes'],
          }
    const sampleWeight = Float64Array.from({ length: N_ROWS }, (_, row) => (isWrong(row) ? 0 : 1))
    expect(isFound(answers({ target: turned, sampleWeight }))).toBe(true)
  })

  test('no rows are refused, and no columns answer with what there is on average', () => {
    const none = everySecond(task, 0)
    expect(codeOf(() => train({ x: matrix(0, 2, () => 0), target: none }))).toBe('FIT_NO_ROWS')
    for (const value of answers({ x: matrix(N_ROWS, 0, () => 0) })) expect(Math.abs(value - 0.5)).toBeLessThan(0.1)
  })

  test('one row is learnt by heart, or is one class', () => {
    const one = { x: matrix(1, 2, () => 5), target: everySecond(task, 1) }
    const oneRow = task === 'regression' ? 'answers' : expected.oneClass
    if (oneRow === 'answers') expect(answers(one)[0]).toBeCloseTo(0, 12)
    else expect(codeOf(() => train(one))).toBe(oneRow)
  })

  test('one column is enough', () => {
    expect(isFound(answers({ x: matrix(N_ROWS, 1, useful) }))).toBe(true)
  })

  test('among 100,000 columns the one that tells something is found', { timeout: 120_000 }, () => {
    const x = matrix(N_ROWS, WIDE, (row, column) =>
      column === 77_777 ? row % 2 : (row * 31 + column * 17) % 7 > 3 ? 1 : 0,
    )
    const model = train({ x })
    expect(model.predict(x).every(Number.isFinite)).toBe(true)
    const importances = model.importances()
    expect(importances).toHaveLength(WIDE)
    if (name !== 'baseline')
      expect(importances.every((own, j) => j === 77_777 || own < importances[77_777]!)).toBe(true)
  })

  test('stops midway once it is cancelled, and the next fit is as if nothing had been', () => {
    const whole = abortAfter(Number.POSITIVE_INFINITY)
    const state = train({ signal: whole }).state()
    expect(whole.looks).toBeGreaterThan(0)
    // At its first look, in the middle, and at its last.
    for (const looks of new Set([0, whole.looks >> 1, whole.looks - 1])) {
      expect(codeOf(() => train({ signal: abortAfter(looks) }))).toBe('CANCELLED')
      expect(train().state()).toEqual(state)
    }
    if (name !== 'baseline') expect(whole.looks).toBeGreaterThan(2)
  })

  test('a thousand fits, some of them refused or cancelled, leave no memory behind', { timeout: 120_000 }, () => {
    expect(heldAfterFits((input) => train({ x: many, target: everySecond(task, MANY), ...input }))).toBeLessThan(1)
  })
})

describe.each(Array.from(clusterers.values()))('$name', (definition) => {
  const x = matrix(N_ROWS, 2, (row, column) => (column === 0 ? 10 * (row % 2) : Math.sin(9 * row)))
  const train = (input: Partial<FitInput> = {}, options: object = {}) =>
    definition.fit({ x, seed: 1, ...input }, definition.options.parse({ nClusters: 2, ...options }))
  const wide = matrix(N_ROWS, WIDE, (row, column) => 10 * (row % 2) + ((row * 31 + column * 17) % 7 > 3 ? 1 : 0))

  test('an empty column is refused by its name', () => {
    const empty = matrix(N_ROWS, 2, (row, column) => (column === 0 ? row : Number.NaN))
    expect(codeOf(() => train({ x: empty }))).toBe('MATRIX_NOT_FINITE')
    expect(() => train({ x: empty })).toThrow('column "c1" is missing, infinite or beyond 1e+100 in 40 of 40 rows')
  })

  test('100,000 columns are clustered, with variances where covariances would not fit', { timeout: 120_000 }, () => {
    const options = definition.name === 'gaussian-mixture' ? { covariance: 'diag' } : {}
    const labels = train({ x: wide }, options).predict(wide)
    expect(labels[0]).not.toBe(labels[1])
    expect(labels.every((label, row) => label === labels[row % 2])).toBe(true)
    if (definition.name !== 'gaussian-mixture') return
    for (const covariance of ['full', 'tied']) {
      expect(codeOf(() => train({ x: wide }, { covariance }))).toBe('COVARIANCE_TOO_LARGE')
    }
  })

  test('stops midway once it is cancelled, and the next fit is as if nothing had been', () => {
    const whole = abortAfter(Number.POSITIVE_INFINITY)
    const state = train({ signal: whole }).state()
    expect(whole.looks).toBeGreaterThan(2)
    for (const looks of [0, whole.looks >> 1, whole.looks - 1]) {
      expect(codeOf(() => train({ signal: abortAfter(looks) }))).toBe('CANCELLED')
      expect(train().state()).toEqual(state)
    }
  })

  test('a thousand fits, some of them refused or cancelled, leave no memory behind', { timeout: 120_000 }, () => {
    expect(heldAfterFits((input) => train({ x: many, ...input }))).toBeLessThan(1)
  })
})
