import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { SearchSpace } from '../../learn/search-space.ts'
import { foldsOf } from '../splits/fold.ts'
import type { Params } from './params.ts'
import { planRandomised } from './plan-randomised.ts'
import { planTpe, type TpeOptions } from './plan-tpe.ts'
import { runSearch } from './run-search.ts'
import { sampleTrials } from './sample-trials.ts'
import type { SearchFamily, SearchPlan } from './search-plan.ts'
import type { FoldTask, PlannedTrial } from './trial-result.ts'

const scoring = { name: 'loss', greaterIsBetter: false }
const base: TpeOptions = { nTrials: 30, seed: 1, startup: 10, batch: 4, candidates: 24, scoring }

const boosting: SearchSpace = {
  rate: { type: 'logUniform', low: 0.001, high: 1 },
  leaves: { type: 'int', low: 2, high: 128, log: true },
  rounds: { type: 'int', low: 50, high: 500 },
  kind: { type: 'choice', values: ['a', 'b', 'c'] },
  share: { type: 'uniform', low: 0.3, high: 1 },
}
const objectives: [string, SearchSpace, (params: Params) => number][] = [
  [
    'a bowl',
    { x: { type: 'uniform', low: -5, high: 5 }, y: { type: 'uniform', low: -5, high: 5 } },
    (params) => (Number(params['x']) - 2) ** 2 + (Number(params['y']) + 1) ** 2,
  ],
  [
    'options like those of boosting, two of which make up for each other',
    boosting,
    ({ rate, rounds, leaves, kind, share }) =>
      Math.log10((Number(rate) * Number(rounds)) / 20) ** 2 +
      (Math.log2(Number(leaves)) - 4) ** 2 / 8 +
      (kind === 'b' ? 0 : 0.5) +
      (Number(share) - 0.6) ** 2,
  ],
  [
    'six numbers',
    Object.fromEntries([...'abcdef'].map((name) => [name, { type: 'uniform', low: 0, high: 1 } as const])),
    (params) => [...'abcdef'].reduce((sum, name, i) => sum + (Number(params[name]) - (i + 1) / 8) ** 2, 0),
  ],
]

/** Trials of a plan in their order, and the smallest loss. */
function drive(plan: SearchPlan, loss: (params: Params) => number): { trials: PlannedTrial[]; best: number } {
  const trials: PlannedTrial[] = []
  const batches = plan.batches()
  for (let next = batches.next(); !next.done; ) {
    trials.push(...next.value)
    next = batches.next(
      next.value.map((trial) => {
        const mean = loss(trial.params)
        return { ...trial, seconds: 0, cv: { loss: { mean, std: 0, folds: [mean] } } }
      }),
    )
  }
  return { trials, best: Math.min(...trials.map(({ params }) => loss(params))) }
}

const family = (space: SearchSpace, estimator = 'model'): SearchFamily => ({ estimator, space, defaults: null })

describe('search by tree-structured Parzen estimators', () => {
  test.each(objectives)('on %s finds better options than random draws, at the same budget', (_, space, loss) => {
    const seeds = Array.from({ length: 20 }, (_, seed) => seed)
    const random = seeds.map((seed) => drive(planRandomised([family(space)], 40, seed), loss).best)
    const tpe = seeds.map((seed) => drive(planTpe([family(space)], { ...base, nTrials: 40, seed }), loss).best)
    const wins = seeds.filter((i) => tpe[i]! < random[i]!).length
    const mean = (values: number[]) => values.reduce((sum, value) => sum + value, 0) / values.length
    expect(wins).toBeGreaterThanOrEqual(14)
    expect(mean(tpe)).toBeLessThan(0.6 * mean(random))
  })

  test('begins with the very trials of a randomised search, the defaults first', () => {
    const families = [{ ...family(boosting), defaults: { rate: 0.1 } }]
    const { trials } = drive(planTpe(families, base), () => 0)
    expect(trials.map(({ index }) => index)).toEqual(Array.from({ length: 30 }, (_, i) => i))
    expect(trials.slice(0, 10).map(({ params }) => params)).toEqual(
      sampleTrials(boosting, 30, 1, { rate: 0.1 }).slice(0, 10),
    )
  })

  test('every suggestion is within the bounds of its space', () => {
    fc.assert(
      fc.property(fc.nat(200), (seed) => {
        const { trials } = drive(planTpe([family(boosting)], { ...base, nTrials: 18, seed }), ({ rate }) =>
          Number(rate),
        )
        for (const { params } of trials) {
          const { rate, leaves, rounds, kind, share } = params as Record<string, number>
          expect(rate! >= 0.001 && rate! <= 1 && share! >= 0.3 && share! <= 1).toBe(true)
          expect(Number.isInteger(leaves) && leaves! >= 2 && leaves! <= 128).toBe(true)
          expect(Number.isInteger(rounds) && rounds! >= 50 && rounds! <= 500).toBe(true)
          expect(['a', 'b', 'c']).toContain(kind)
        }
      }),
      { numRuns: 20 },
    )
  })

  test('a grid is never tried twice at a point, and ends with its points', () => {
    const grid: SearchSpace = {
      a: { type: 'choice', values: [1, 2, 3, 4, 5] },
      b: { type: 'choice', values: [true, false, null] },
    }
    const { trials } = drive(planTpe([family(grid)], { ...base, startup: 3, nTrials: 40 }), ({ a }) => Number(a))
    expect(trials).toHaveLength(15)
    expect(new Set(trials.map(({ params }) => JSON.stringify(params))).size).toBe(15)
  })

  test('a family without options has its one trial, among the others’ startup', () => {
    const { trials } = drive(planTpe([family({}, 'plain'), family(boosting)], base), () => 0)
    expect(trials.filter(({ estimator }) => estimator === 'plain')).toHaveLength(1)
    expect(trials).toHaveLength(31)
  })

  test('gives the same trials at any concurrency and order of ending, failures among them', async () => {
    const folds = foldsOf(Int32Array.of(0, 1, 0, 1), 2)
    const families = [family(boosting, 'one'), family(objectives[0]![1], 'two')]
    const search = (concurrency: number) => {
      let calls = 0
      return runSearch({
        families,
        folds,
        seed: 1,
        scoring,
        concurrency,
        plan: planTpe(families, { ...base, nTrials: 20, startup: 5 }),
        evaluateFold: async ({ params, fold, trial }: FoldTask) => {
          for (let i = (calls++ * 7919) % 11; i > 0 && concurrency > 1; i--) await Promise.resolve()
          if (trial % 7 === 3) throw new Error('this one fails')
          const loss = Math.abs(Number(params['x'] ?? params['rate'])) + fold
          return { metrics: { loss }, predictions: new Float64Array(2), seconds: 0 }
        },
      })
    }
    const alone = await search(1)
    expect(alone.trials).toHaveLength(40)
    for (const concurrency of [2, 4, 9]) expect(await search(concurrency)).toEqual(alone)
  })

  test('refuses to suggest nothing', () => {
    expect(() => planTpe([family(boosting)], { ...base, batch: 0 })).toThrow(/batch/)
    expect(() => planTpe([family(boosting)], { ...base, startup: 0 })).toThrow(/startup/)
  })
})
