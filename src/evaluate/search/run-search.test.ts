import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { foldsOf } from '../splits/fold.ts'
import { planHalving } from './plan-halving.ts'
import { planRandomised } from './plan-randomised.ts'
import { runSearch, type Search } from './run-search.ts'
import type { FoldResult, FoldTask, TrialResult } from './trial-result.ts'

const folds = foldsOf(Int32Array.of(0, 1, 2, 0, 1, 2), 3)
const families: Search['families'] = [
  { estimator: 'plain', space: {} },
  { estimator: 'drawn', space: { x: { type: 'uniform', low: 0, high: 1 } }, defaults: { x: 0.5 } },
]
const scoring = { name: 'score', greaterIsBetter: true }
const resultOf = ({ params, fold, share }: FoldTask): FoldResult => ({
  metrics: { score: Number(params['x'] ?? 0) + fold - (share ?? 1), rest: Number.NaN },
  predictions: Float64Array.from(folds[fold]!.validation, (row) => row + Number(params['x'] ?? 0)),
  seconds: 0.5,
})
const base: Search = {
  families,
  plan: planRandomised(families, 8, 3),
  folds,
  seed: 3,
  scoring,
  evaluateFold: resultOf,
  concurrency: 1,
}
const halving: Search = {
  ...base,
  plan: planHalving(families, {
    nTrials: 9,
    seed: 3,
    factor: 3,
    resource: 'rows',
    nRows: 6,
    minRows: 1,
    scoring,
  }),
}
const nameOf = ({ estimator, index, rung }: Pick<TrialResult, 'estimator' | 'index' | 'rung'>) =>
  `${estimator} ${index}${rung ? ` rung ${rung.rung}` : ''}`

describe('a search that may not go on', () => {
  test('begins no further trial, ends those under way, and is the beginning of the plan', async () => {
    for (const concurrency of [1, 2, 5]) {
      const asked: number[] = []
      const cut = await runSearch({
        ...base,
        concurrency,
        mayBegin: ({ nBegun }) => {
          asked.push(nBegun)
          return nBegun < 4
        },
      })
      expect(asked).toEqual([0, 1, 2, 3, 4])
      expect(cut).toMatchObject({ cancelled: false, complete: false })
      expect(cut.trials.map(nameOf)).toEqual(['plain 0', 'drawn 0', 'drawn 1', 'drawn 2'])
    }
  })

  test('by the number of trials that a clock allowed gives the result of that clock', async () => {
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: 1, max: 12 }), fc.integer({ min: 1, max: 4 }), async (folds, concurrency) => {
        for (const search of [base, halving]) {
          let done = 0
          const byClock = await runSearch({
            ...search,
            concurrency,
            mayBegin: ({ nBegun }) => nBegun === 0 || done < folds,
            evaluateFold: async (task) => {
              await Promise.resolve()
              done++
              return resultOf(task)
            },
          })
          const replayed = await runSearch({ ...search, mayBegin: ({ nBegun }) => nBegun < byClock.trials.length })
          expect(replayed).toEqual(byClock)
        }
      }),
      { numRuns: 20 },
    )
  })

  test('in the midst of a rung takes the best of the latest rung that anything finished in', async () => {
    const whole = await runSearch(halving)
    expect(whole.complete).toBe(true)
    expect(whole.best!.rung).toMatchObject({ rung: 1, nRungs: 2, amount: 6 })
    // The 9 of the first rung, and of the second only the family that joins there.
    const cut = await runSearch({ ...halving, mayBegin: ({ nBegun }) => nBegun < 10 })
    expect(cut.best!.rung!.rung).toBe(1)
    expect(cut.best).toMatchObject({ estimator: 'plain', rank: 1 })
    const { drawn } = Object.fromEntries(cut.bestByFamily)
    expect(drawn!.cv!['score']!.mean).toBeGreaterThan(cut.best!.cv!['score']!.mean)
    expect(cut.trials.filter(({ outOfFold }) => outOfFold).map(nameOf)).toEqual(['plain 0 rung 1', nameOf(drawn!)])
  })
})

test('a rung of rows asks for a share of them, and the last one for all', async () => {
  const shares = new Set<string>()
  await runSearch({
    ...halving,
    evaluateFold: (task) => {
      if (task.estimator === 'drawn') shares.add(String(task.share))
      return resultOf(task)
    },
  })
  expect([...shares]).toEqual([String(2 / 6), 'undefined'])
})

describe('restored trials', () => {
  test('are not evaluated again, and the result is that of a search without a break', async () => {
    for (const search of [base, halving]) {
      const whole = await runSearch({ ...search, keepOutOfFold: 'all' })
      const known = new Map(whole.trials.filter((_, i) => i % 2 === 0).map((trial) => [nameOf(trial), trial]))
      const evaluated = new Set<string>()
      const told: string[] = []
      const resumed = await runSearch({
        ...search,
        keepOutOfFold: 'all',
        concurrency: 3,
        restore: (trial) => known.get(nameOf(trial)) ?? null,
        evaluateFold: (task) => {
          evaluated.add(`${task.estimator} ${task.trial} ${task.share}`)
          return resultOf(task)
        },
        onTrial: (trial, { restored }) => {
          if (restored) told.push(nameOf(trial))
        },
      })
      expect(resumed).toEqual(whole)
      expect(evaluated.size).toBe(whole.trials.length - known.size)
      expect(told.sort()).toEqual([...known.keys()].sort())
    }
  })

  test('that have lost predictions which are needed are evaluated once more at the end', async () => {
    const whole = await runSearch(base)
    const known = new Map(whole.trials.map(({ outOfFold: _, ...trial }) => [nameOf(trial), trial]))
    const evaluated: string[] = []
    const resumed = await runSearch({
      ...base,
      restore: (trial) => known.get(nameOf(trial)) ?? null,
      evaluateFold: (task) => {
        evaluated.push(`${task.estimator} ${task.trial}`)
        return resultOf(task)
      },
    })
    expect(resumed).toEqual(whole)
    expect(new Set(evaluated)).toEqual(new Set([...whole.bestByFamily.values()].map(nameOf)))
  })
})

test('predictions are kept of as many of each family as asked for, and a trial is told whether they are', async () => {
  const told = new Map<string, boolean>()
  const { trials } = await runSearch({
    ...base,
    keepOutOfFold: 3,
    concurrency: 2,
    onTrial: (trial, { kept }) => {
      told.set(nameOf(trial), kept)
    },
  })
  const drawn = trials.filter(({ estimator }) => estimator === 'drawn').sort((a, b) => a.rank - b.rank)
  expect(drawn.map(({ outOfFold }) => outOfFold !== undefined)).toEqual(drawn.map((_, i) => i < 3))
  for (const trial of trials) if (trial.outOfFold) expect(told.get(nameOf(trial))).toBe(true)
})
