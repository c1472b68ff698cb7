import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { Target } from '../../table/target.ts'
import fixture from '../fixtures/splits.json' with { type: 'json' }
import type { Fold } from './fold.ts'
import { foldsFor } from './folds-for.ts'
import { groupKFold, groupTrainTestSplit } from './group-split.ts'
import { kFold } from './k-fold.ts'
import { repeatedFolds } from './repeated-folds.ts'
import { stratifiedKFold } from './stratified-k-fold.ts'
import { timeSeriesFolds, timeSplit } from './time-split.ts'
import { trainTestSplit } from './train-test-split.ts'

const codesOf = (name: string) => Int32Array.from(fixture.codes[name as keyof typeof fixture.codes])
const classTarget = (codes: Int32Array): Target => ({
  task: 'classification',
  codes,
  classes: Array.from({ length: Math.max(...codes) + 1 }, (_, code) => `class ${code}`),
})
const validationOf = (folds: Fold[]) => folds.map((fold) => Array.from(fold.validation))

describe('rows are scikit-learn’s own', () => {
  test.each(fixture.kFold)('KFold($k) of $n rows, shuffle $shuffle, seed $seed', ({ n, k, shuffle, seed, folds }) => {
    expect(validationOf(kFold(n, k, { shuffle, seed }))).toEqual(folds)
  })

  test.each(fixture.stratifiedKFold)(
    'StratifiedKFold($k) of $codes, shuffle $shuffle, seed $seed',
    ({ codes, k, shuffle, seed, folds }) => {
      expect(validationOf(stratifiedKFold(codesOf(codes), k, { shuffle, seed }))).toEqual(folds)
    },
  )

  test.each(fixture.repeatedKFold)(
    'RepeatedKFold($k, $repeats) of $n rows, seed $seed',
    ({ n, k, repeats, seed, folds }) => {
      const target: Target = { task: 'regression', values: new Float64Array(n) }
      expect(validationOf(repeatedFolds(target, { k, repeats, seed }))).toEqual(folds)
    },
  )

  test.each(fixture.repeatedStratifiedKFold)(
    'RepeatedStratifiedKFold($k, $repeats) of $codes, seed $seed',
    ({ codes, k, repeats, seed, folds }) => {
      expect(validationOf(repeatedFolds(classTarget(codesOf(codes)), { k, repeats, seed }))).toEqual(folds)
    },
  )

  test.each(fixture.trainTest)('train_test_split($testSize) of $codes, seed $seed', (expected) => {
    const codes = codesOf(expected.codes)
    const { testSize, seed } = expected
    const plain = trainTestSplit(codes.length, { testSize, seed })
    expect(Array.from(plain.train)).toEqual(expected.train)
    expect(Array.from(plain.test)).toEqual(expected.test)
    const stratified = trainTestSplit(codes.length, { testSize, seed, stratify: classTarget(codes) })
    expect(Array.from(stratified.train)).toEqual(expected.stratifiedTrain)
    expect(Array.from(stratified.test)).toEqual(expected.stratifiedTest)
  })

  const groups = Int32Array.from(fixture.groups)

  test.each(fixture.groupKFold)('GroupKFold($k), shuffle $shuffle, seed $seed', ({ k, shuffle, seed, folds }) => {
    expect(validationOf(groupKFold(groups, k, { shuffle, seed }))).toEqual(folds)
  })

  test.each(fixture.groupTrainTest)(
    'GroupShuffleSplit($testSize), seed $seed',
    ({ testSize, seed, train, test: rows }) => {
      const split = groupTrainTestSplit(groups, { testSize, seed })
      expect(Array.from(split.train)).toEqual(train)
      expect(Array.from(split.test)).toEqual(rows)
    },
  )

  test.each(fixture.timeSeries)('TimeSeriesSplit($k) of $n rows', ({ n, k, folds }) => {
    const found = timeSeriesFolds(
      Float64Array.from({ length: n }, (_, i) => i),
      k,
    )
    expect(
      found.map(({ train, validation }) => ({ train: Array.from(train), validation: Array.from(validation) })),
    ).toEqual(folds)
  })
})

describe('folds', () => {
  test('validate each row exactly once, train on all others, and hold each class in its share', () => {
    fc.assert(
      fc.property(
        fc.array(fc.integer({ min: 5, max: 40 }), { minLength: 2, maxLength: 4 }),
        fc.integer({ min: 2, max: 5 }),
        fc.integer({ min: 0, max: 1000 }),
        (counts, k, seed) => {
          const codes = Int32Array.from(counts.flatMap((count, code) => Array<number>(count).fill(code)))
          const folds = stratifiedKFold(codes, k, { seed })
          const seen = folds.flatMap((fold) => Array.from(fold.validation)).sort((a, b) => a - b)
          expect(seen).toEqual(Array.from(codes.keys()))
          for (const { train, validation } of folds) {
            expect(new Set([...train, ...validation]).size).toBe(codes.length)
            counts.forEach((count, code) => {
              const here = validation.filter((row) => codes[row] === code).length
              expect(Math.abs(here - count / k)).toBeLessThan(1)
            })
          }
        },
      ),
      { numRuns: 40 },
    )
  })

  test('of a regression target are shuffled runs, of a classification target stratified', () => {
    const values = Float64Array.from({ length: 12 }, (_, i) => i)
    expect(foldsFor({ task: 'regression', values }, 3, 42)).toEqual(kFold(12, 3, { shuffle: true, seed: 42 }))
    const codes = codesOf('balanced')
    expect(foldsFor(classTarget(codes), 5, 42)).toEqual(stratifiedKFold(codes, 5, { shuffle: true, seed: 42 }))
  })

  test('of a class with fewer rows are refused, naming class, count and a way out', () => {
    const codes = Int32Array.from([0, 0, 0, 0, 0, 0, 1, 1, 1, 2, 2, 2, 2, 2])
    const classes = ['Dropout', 'Enrolled', 'Graduate']
    expect(() => stratifiedKFold(codes, 5, { classes })).toThrow(
      expect.objectContaining({
        code: 'FOLDS_TOO_MANY',
        message: '5 folds need at least 5 training rows of each class, but class "Enrolled" has 3 rows.',
        hint: expect.stringContaining('Use 3 folds or fewer'),
      }),
    )
    expect(stratifiedKFold(codes, 3, { classes })).toHaveLength(3)
  })

  test('of a class with one row can’t be made by taking fewer folds, and the hint does not say so', () => {
    const codes = Int32Array.from([0, 0, 0, 1])
    expect(() => stratifiedKFold(codes, 2)).toThrow(
      expect.objectContaining({ code: 'FOLDS_TOO_MANY', hint: expect.stringMatching(/^Merge the rare class/) }),
    )
  })

  test('of one class alone, of fewer rows or groups than folds, or fewer than two of them, are refused', () => {
    expect(() => stratifiedKFold(new Int32Array(10), 2, { classes: ['Graduate'] })).toThrow(
      expect.objectContaining({ code: 'TARGET_ONE_CLASS', message: expect.stringContaining('"Graduate"') }),
    )
    const tooMany = expect.objectContaining({ code: 'FOLDS_TOO_MANY' })
    expect(() => kFold(3, 4)).toThrow(tooMany)
    expect(() => kFold(10, 1)).toThrow(tooMany)
    expect(() => kFold(10, 2.5)).toThrow(tooMany)
    expect(() => groupKFold(Int32Array.from([1, 1, 2]), 3)).toThrow(tooMany)
    expect(() => timeSeriesFolds(new Float64Array(3), 3)).toThrow(tooMany)
  })
})

describe('a split in train and test', () => {
  test('that would leave a side empty is refused', () => {
    const impossible = expect.objectContaining({ code: 'SPLIT_IMPOSSIBLE' })
    for (const testSize of [0, -0.5, 10, 10.5, Number.NaN]) {
      expect(() => trainTestSplit(10, { testSize, seed: 0 })).toThrow(impossible)
    }
    expect(() => trainTestSplit(1, { testSize: 0.2, seed: 0 })).toThrow(impossible)
    expect(() => groupTrainTestSplit(new Int32Array(5), { testSize: 0.5, seed: 0 })).toThrow(impossible)
  })

  test('by class is refused where a class has one row or a side fewer rows than classes', () => {
    const lonely = classTarget(Int32Array.from([0, 0, 0, 0, 1]))
    expect(() => trainTestSplit(5, { testSize: 0.4, seed: 0, stratify: lonely })).toThrow(
      expect.objectContaining({ code: 'SPLIT_IMPOSSIBLE', message: expect.stringContaining('"class 1" has 1 row') }),
    )
    const small = classTarget(Int32Array.from([0, 0, 1, 1, 2, 2]))
    expect(() => trainTestSplit(6, { testSize: 2, seed: 0, stratify: small })).toThrow(
      expect.objectContaining({ code: 'SPLIT_IMPOSSIBLE' }),
    )
  })

  test('by class passes over a class that has no row', () => {
    const target: Target = {
      task: 'classification',
      codes: Int32Array.from([0, 0, 0, 2, 2, 2]),
      classes: ['a', 'b', 'c'],
    }
    const { train, test: rows } = trainTestSplit(6, { testSize: 2, seed: 0, stratify: target })
    expect([...train, ...rows].sort((a, b) => a - b)).toEqual([0, 1, 2, 3, 4, 5])
    expect(Array.from(rows, (row) => target.codes[row]).sort()).toEqual([0, 2])
  })
})

describe('a split by time', () => {
  test('tests on the last rows in time, whatever their order in the file', () => {
    const { train, test: rows } = timeSplit(Float64Array.from([5, 1, 4, 2, 3]), { testSize: 0.4 })
    expect(Array.from(train)).toEqual([1, 3, 4])
    expect(Array.from(rows)).toEqual([2, 0])
  })

  test('never parts one moment: it goes to the test, or where all would go, to the training rows', () => {
    const split = timeSplit(Float64Array.from([1, 2, 2, 2, 3]), { testSize: 0.4 })
    expect(Array.from(split.train)).toEqual([0])
    expect(Array.from(split.test)).toEqual([1, 2, 3, 4])
    const early = timeSplit(Float64Array.from([1, 1, 1, 2]), { testSize: 0.5 })
    expect(Array.from(early.test)).toEqual([3])
  })

  test('needs two moments, and a time in each row', () => {
    const impossible = expect.objectContaining({ code: 'SPLIT_IMPOSSIBLE' })
    expect(() => timeSplit(Float64Array.from([1, 1, 1]), { testSize: 0.5 })).toThrow(impossible)
    expect(() => timeSplit(Float64Array.from([1, Number.NaN, 3]), { testSize: 0.5 })).toThrow(
      expect.objectContaining({ code: 'SPLIT_IMPOSSIBLE', message: expect.stringContaining('1 of 3 rows') }),
    )
  })
})
