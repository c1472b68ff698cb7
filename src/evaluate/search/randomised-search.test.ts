import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { BellwetherError } from '../../errors.ts'
import { randomForest } from '../../learn/forest/random-forest.ts'
import { logisticRegression } from '../../learn/linear/logistic-regression.ts'
import { ridge } from '../../learn/linear/ridge.ts'
import { foldsOf } from '../splits/fold.ts'
import { type FoldResult, type FoldTask, type RandomisedSearch, randomisedSearch } from './randomised-search.ts'
import { roundsOf, searchFamily } from './search-family.ts'

const N_FOLDS = 3
const folds = foldsOf(Int32Array.of(0, 1, 2, 0, 1, 2, 0), N_FOLDS)
const families: RandomisedSearch['families'] = [
  { estimator: 'plain', space: {} },
  { estimator: 'first', space: { x: { type: 'uniform', low: 0, high: 1 } }, defaults: { x: 0.5 } },
  { estimator: 'second', space: { x: { type: 'int', low: 0, high: 9 } }, defaults: { x: 5 } },
]

/** A score that depends on the task alone; some trials are equally good. */
const scoreOf = ({ estimator, params, fold }: FoldTask) =>
  (estimator === 'plain' ? 0 : Math.round(Number(params['x']) * 7) % 4) + fold / 10

function resultOf(task: FoldTask): FoldResult {
  const { validation } = folds[task.fold]!
  const score = scoreOf(task)
  return {
    metrics: { score, other: -score },
    predictions: Float64Array.from(
      { length: validation.length * 2 },
      (_, i) => score * 100 + validation[i >> 1]! + (i % 2) / 2,
    ),
    seconds: 0.25,
  }
}

const base: RandomisedSearch = {
  families,
  nTrials: 6,
  folds,
  seed: 3,
  scoring: { name: 'score', greaterIsBetter: true },
  evaluateFold: resultOf,
  concurrency: 1,
}

/** Ends folds in an order made from `seed`, a few of which are always under way. */
function outOfOrder(seed: number): RandomisedSearch['evaluateFold'] {
  let calls = 0
  return async (task) => {
    for (let i = ((calls++ * 7919 + seed) % 11) + 1; i > 0; i--) await Promise.resolve()
    return resultOf(task)
  }
}

describe('a randomised search', () => {
  test('evaluates every candidate on every fold, all families in turn, with the same seed', async () => {
    const tasks: FoldTask[] = []
    const planned: number[] = []
    const { trials, cancelled } = await randomisedSearch({
      ...base,
      onPlan: (nTrials) => planned.push(nTrials),
      evaluateFold: (task) => {
        tasks.push(task)
        return resultOf(task)
      },
    })
    expect(planned).toEqual([1 + 6 + 6])
    expect(tasks).toHaveLength(13 * N_FOLDS)
    expect(tasks.slice(0, 9).map(({ estimator, trial, fold }) => [estimator, trial, fold])).toEqual(
      ['plain', 'first', 'second'].flatMap((name) => [0, 1, 2].map((fold) => [name, 0, fold])),
    )
    expect(new Set(tasks.map(({ seed }) => seed))).toEqual(new Set([3]))
    expect(trials.map(({ estimator, index }) => `${estimator} ${index}`).slice(0, 3)).toEqual([
      'plain 0',
      'first 0',
      'first 1',
    ])
    expect(trials.filter(({ index }) => index === 0).map(({ params }) => params)).toEqual([{}, { x: 0.5 }, { x: 5 }])
    expect(cancelled).toBe(false)
  })

  test('takes the mean and the population deviation over the folds, and adds up their seconds', async () => {
    const { trials } = await randomisedSearch(base)
    const plain = trials[0]!
    expect(plain.cv!['score']!.folds).toEqual([0, 0.1, 0.2])
    expect(plain.cv!['score']!.mean).toBeCloseTo(0.1, 15)
    expect(plain.cv!['score']!.std).toBeCloseTo(Math.sqrt(0.02 / 3), 15)
    expect(plain.cv!['other']!.mean).toBeCloseTo(-0.1, 15)
    expect(plain.seconds).toBe(0.75)
  })

  test('gives the same result whatever the concurrency and the order in which folds end', async () => {
    const expected = await randomisedSearch(base)
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: 1, max: 9 }), fc.nat(1000), async (concurrency, seed) => {
        expect(await randomisedSearch({ ...base, concurrency, evaluateFold: outOfOrder(seed) })).toEqual(expected)
      }),
      { numRuns: 25 },
    )
  })

  test('never has more folds under way than it may', async () => {
    let underWay = 0
    let most = 0
    await randomisedSearch({
      ...base,
      concurrency: 4,
      evaluateFold: async (task) => {
        most = Math.max(most, ++underWay)
        await new Promise((resolve) => setTimeout(resolve, 1))
        underWay--
        return resultOf(task)
      },
    })
    expect(most).toBe(4)
  })

  test('among equally good trials the best is the first, by family and number', async () => {
    const { trials, best, bestByFamily } = await randomisedSearch({
      ...base,
      nTrials: 12,
      concurrency: 5,
      evaluateFold: outOfOrder(1),
    })
    const top = Math.max(...trials.map(({ cv }) => cv!['score']!.mean))
    const first = trials.find(({ cv }) => cv!['score']!.mean === top)!
    expect(trials.filter(({ rank }) => rank === 1).length).toBeGreaterThan(1)
    expect(best).toBe(first)
    expect(bestByFamily.get(first.estimator)).toBe(first)
    expect([...bestByFamily.keys()]).toEqual(['plain', 'first', 'second'])
  })

  test('a metric of which less is better turns the ranks round', async () => {
    const { best } = await randomisedSearch({ ...base, scoring: { name: 'score', greaterIsBetter: false } })
    expect(best!.estimator).toBe('plain')
  })

  test("keeps out-of-fold predictions in the rows' places, of each family's best trial or of all", async () => {
    const kept = await randomisedSearch(base)
    expect(kept.trials.filter(({ outOfFold }) => outOfFold).map(({ estimator }) => estimator)).toEqual([
      'plain',
      'first',
      'second',
    ])
    for (const best of kept.bestByFamily.values()) {
      expect(best.outOfFold).toHaveLength(14)
      for (const [fold, { validation }] of folds.entries()) {
        const score = best.cv!['score']!.folds[fold]!
        for (const row of validation) {
          expect(best.outOfFold![row * 2]).toBe(score * 100 + row)
          expect(best.outOfFold![row * 2 + 1]).toBe(score * 100 + row + 0.5)
        }
      }
    }
    const all = await randomisedSearch({ ...base, keepOutOfFold: 'all' })
    expect(all.trials.every(({ outOfFold }) => outOfFold?.length === 14)).toBe(true)
  })

  test('rows that no fold validates have no prediction', async () => {
    const [only] = folds
    const { best } = await randomisedSearch({ ...base, families: [families[0]!], folds: [only!] })
    expect([...best!.outOfFold!].map((value) => Number.isNaN(value)).filter(Boolean)).toHaveLength(8)
  })

  test('tells of each trial as it ends, before the next result is waited for', async () => {
    const told: string[] = []
    await randomisedSearch({
      ...base,
      nTrials: 2,
      onTrial: async ({ estimator, index, outOfFold }) => {
        await Promise.resolve()
        told.push(`${estimator} ${index} ${outOfFold!.length}`)
      },
    })
    expect(told).toEqual(['plain 0 14', 'first 0 14', 'second 0 14', 'first 1 14', 'second 1 14'])
  })
})

describe('a trial that fails', () => {
  const failing = (task: FoldTask): FoldResult => {
    if (task.estimator === 'first' && task.trial === 1 && task.fold >= 1) {
      throw new BellwetherError('FIT_ONE_CLASS', `fold ${task.fold}`)
    }
    if (task.estimator === 'second' && task.trial === 2) throw new TypeError('odd')
    return resultOf(task)
  }

  test('is recorded with the error of its first fold, and the search goes on', async () => {
    for (const concurrency of [1, 2, 7]) {
      const told: string[] = []
      const { trials, best, cancelled } = await randomisedSearch({
        ...base,
        concurrency,
        evaluateFold: async (task) => {
          // Later folds fail earlier.
          for (let i = N_FOLDS - task.fold; i > 0; i--) await Promise.resolve()
          return failing(task)
        },
        onTrial: ({ estimator, index, error }) => {
          if (error) told.push(`${estimator} ${index} ${error}`)
        },
      })
      expect(trials).toHaveLength(13)
      expect(told.sort()).toEqual(['first 1 FIT_ONE_CLASS: fold 1', 'second 2 odd'])
      const failed = trials.filter(({ error }) => error)
      expect(failed.map(({ cv, rank }) => ({ cv, rank }))).toEqual([
        { cv: undefined, rank: 12 },
        { cv: undefined, rank: 12 },
      ])
      expect(best!.error).toBeUndefined()
      expect(cancelled).toBe(false)
    }
  })

  test('takes no further folds', async () => {
    let folds = 0
    await randomisedSearch({
      ...base,
      evaluateFold: (task) => {
        if (task.estimator === 'second' && task.trial === 2) folds++
        return failing(task)
      },
    })
    expect(folds).toBe(1)
  })

  test('leaves no best one where all fail', async () => {
    const { trials, best, bestByFamily } = await randomisedSearch({
      ...base,
      evaluateFold: () => Promise.reject(new Error('no')),
    })
    expect(trials.every(({ error, rank }) => error === 'no' && rank === 1)).toBe(true)
    expect(best).toBe(null)
    expect(bestByFamily.size).toBe(0)
  })

  test('a score that is not a number is no failure, but comes last', async () => {
    const { trials, best } = await randomisedSearch({
      ...base,
      evaluateFold: (task) => {
        const result = resultOf(task)
        return task.trial === 0 ? { ...result, metrics: { score: Number.NaN } } : result
      },
    })
    expect(trials.filter(({ index }) => index === 0).map(({ rank }) => rank)).toEqual([11, 11, 11])
    expect(best!.index).toBeGreaterThan(0)
  })
})

describe('stopping a search', () => {
  test('keeps finished trials, begins no fold, and waits for those under way', async () => {
    const controller = new AbortController()
    let begun = 0
    let underWay = 0
    const recorded: string[] = []
    const result = await randomisedSearch({
      ...base,
      concurrency: 2,
      signal: controller.signal,
      evaluateFold: async (task) => {
        underWay++
        if (++begun === 8) controller.abort()
        await new Promise((resolve) => setTimeout(resolve, 1))
        underWay--
        return resultOf(task)
      },
      onTrial: ({ estimator, index }) => {
        recorded.push(`${estimator} ${index}`)
      },
    })
    expect(result.cancelled).toBe(true)
    expect(underWay).toBe(0)
    expect(begun).toBe(8)
    expect(recorded).toEqual(['plain 0', 'first 0'])
    expect(result.trials.map(({ estimator, index }) => `${estimator} ${index}`)).toEqual(recorded)
    expect(result.best).not.toBe(null)
  })

  test('a fold that ends with CANCELLED is no failed trial', async () => {
    const controller = new AbortController()
    const result = await randomisedSearch({
      ...base,
      signal: controller.signal,
      evaluateFold: (task) => {
        if (task.estimator !== 'first') return resultOf(task)
        controller.abort()
        throw new BellwetherError('CANCELLED', 'stopped')
      },
    })
    expect(result).toMatchObject({ cancelled: true, trials: [{ estimator: 'plain' }] })
  })

  test('one that is stopped before it begins has no trials', async () => {
    const result = await randomisedSearch({ ...base, signal: AbortSignal.abort() })
    expect(result).toEqual({ trials: [], best: null, bestByFamily: new Map(), cancelled: true, complete: false })
  })

  test('a signal that comes after the last fold changes nothing', async () => {
    const controller = new AbortController()
    const result = await randomisedSearch({
      ...base,
      nTrials: 1,
      signal: controller.signal,
      onTrial: ({ estimator }) => {
        if (estimator === 'second') controller.abort()
      },
    })
    expect(result.cancelled).toBe(false)
    expect(result.trials).toHaveLength(3)
  })

  test('a record that can not be written ends the search with its error, once nothing is under way', async () => {
    let underWay = 0
    const search = randomisedSearch({
      ...base,
      concurrency: 3,
      evaluateFold: async (task) => {
        underWay++
        await new Promise((resolve) => setTimeout(resolve, 1))
        underWay--
        return resultOf(task)
      },
      onTrial: () => Promise.reject(new Error('disk full')),
    })
    await expect(search).rejects.toThrow('disk full')
    expect(underWay).toBe(0)
  })
})

describe('what a search refuses', () => {
  test.each([
    ['no families', { families: [] }],
    ['two families of one name', { families: [families[0]!, families[0]!] }],
    ['no trials', { nTrials: 0 }],
    ['no folds', { folds: [] }],
    ['a fold without rows', { folds: [{ train: Uint32Array.of(0), validation: new Uint32Array(0) }] }],
    ['no concurrency', { concurrency: 0 }],
    ['a metric that folds do not have', { scoring: { name: 'f1', greaterIsBetter: true } }],
    [
      'predictions of the wrong length',
      { evaluateFold: (task: FoldTask) => ({ ...resultOf(task), predictions: new Float64Array(5) }) },
    ],
  ])('%s', async (_, change) => {
    await expect(randomisedSearch({ ...base, ...change })).rejects.toMatchObject({ code: 'INTERNAL' })
  })
})

test("a family of an estimator has its space, with the estimator's defaults for trial 0", () => {
  const facts = { nRows: 100, nColumns: 5, task: 'classification' } as const
  expect(searchFamily(logisticRegression, facts)).toEqual({
    estimator: 'logistic-regression',
    space: { C: { type: 'logUniform', low: 0.003, high: 10 } },
    defaults: { C: 1 },
  })
  expect(searchFamily(ridge, { ...facts, task: 'regression' }).defaults).toEqual({ alpha: 1 })
})

test('a family that has rounds or trees says which option bounds them, and the most that its space draws', () => {
  const facts = { nRows: 100, nColumns: 5, task: 'classification' } as const
  expect(searchFamily(randomForest, facts).rounds).toEqual({ option: 'nEstimators', max: 200 })
  const values = { type: 'choice', values: [50, 400, 100] } as const
  expect(roundsOf(randomForest, { nEstimators: values }, facts)).toEqual({
    rounds: { option: 'nEstimators', max: 400 },
  })
  expect(roundsOf(randomForest, {}, facts)).toEqual({ rounds: { option: 'nEstimators', max: 100 } })
  expect(roundsOf(ridge, {}, facts)).toEqual({})
})
