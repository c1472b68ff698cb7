import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { type HalvingOptions, planHalving } from './plan-halving.ts'
import { sampleTrials } from './sample-trials.ts'
import type { SearchFamily, SearchPlan } from './search-plan.ts'
import type { PlannedTrial, TrialResult } from './trial-result.ts'

const scoring = { name: 'score', greaterIsBetter: true }
const base: HalvingOptions = {
  nTrials: 20,
  seed: 7,
  factor: 3,
  resource: 'rows',
  nRows: 900,
  minRows: 20,
  scoring,
}
const family = (estimator: string, more: Partial<SearchFamily> = {}): SearchFamily => ({
  estimator,
  space: { x: { type: 'uniform', low: 0, high: 1 }, rounds: { type: 'int', low: 10, high: 90 } },
  defaults: null,
  ...more,
})

type Score = (trial: PlannedTrial) => number

function resultOf(trial: PlannedTrial, score: Score): TrialResult {
  const mean = score(trial)
  if (Number.isNaN(mean)) return { ...trial, seconds: 0, error: 'failed' }
  return { ...trial, seconds: 0, cv: { score: { mean, std: 0, folds: [mean] } } }
}

function batchesOf(plan: SearchPlan, score: Score): (readonly PlannedTrial[])[] {
  const all: (readonly PlannedTrial[])[] = []
  const batches = plan.batches()
  for (let next = batches.next(); !next.done; ) {
    all.push(next.value)
    next = batches.next(next.value.map((trial) => resultOf(trial, score)))
  }
  return all
}

/** scikit-learn's loop as its documentation tells it, for one family and all of the resource in the last rung. */
function naive(n: number, factor: number, max: number, least: number, scores: readonly number[]) {
  let required = 1
  while (factor ** required <= n) required++
  let possible = 1
  while (Math.floor(max / factor ** possible) >= least) possible++
  const nRungs = Math.min(required, possible)
  let candidates = scores.map((_, i) => i)
  const rungs: { candidates: number[]; amount: number }[] = []
  for (let rung = 0; rung < nRungs; rung++) {
    rungs.push({ candidates, amount: Math.floor(max / factor ** (nRungs - 1 - rung)) })
    candidates = [...candidates]
      .sort((a, b) => scores[b]! - scores[a]! || a - b)
      .slice(0, Math.ceil(candidates.length / factor))
  }
  return rungs
}

describe('successive halving', () => {
  test('gives the rungs of a naive twin, whatever candidates, factor and resource', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 100 }),
        fc.integer({ min: 2, max: 5 }),
        fc.integer({ min: 1, max: 5000 }),
        fc.integer({ min: 1, max: 200 }),
        fc.infiniteStream(fc.integer({ min: 0, max: 9 })),
        (nTrials, factor, nRows, minRows, stream) => {
          const scores = [...stream.take(nTrials)]
          const plan = planHalving([family('a')], { ...base, nTrials, factor, nRows, minRows })
          const batches = batchesOf(plan, ({ index }) => scores[index]!)
          const rungs = naive(nTrials, factor, nRows, Math.min(minRows, nRows), scores)
          expect(batches.map((batch) => batch.map(({ index }) => index))).toEqual(
            rungs.map(({ candidates }) => candidates),
          )
          expect(batches.map(([trial]) => trial!.rung!.amount)).toEqual(rungs.map(({ amount }) => amount))
          expect(plan.nTrials).toBe(batches.flat().length)
        },
      ),
      { numRuns: 200 },
    )
  })

  test('of 20 candidates 7 and then 3 go on, the last of them on all rows', () => {
    const batches = batchesOf(planHalving([family('a')], base), ({ params }) => Number(params['x']))
    expect(batches.map((batch) => [batch.length, batch[0]!.rung])).toEqual([
      [20, { rung: 0, nRungs: 3, resource: 'rows', amount: 100, max: 900 }],
      [7, { rung: 1, nRungs: 3, resource: 'rows', amount: 300, max: 900 }],
      [3, { rung: 2, nRungs: 3, resource: 'rows', amount: 900, max: 900 }],
    ])
  })

  test('243 candidates have six rungs: the logarithm is not rounded', () => {
    const batches = batchesOf(planHalving([family('a')], { ...base, nTrials: 243, minRows: 1 }), () => 0)
    expect(batches.map(({ length }) => length)).toEqual([243, 81, 27, 9, 3, 1])
  })

  test('starts from the draws of a randomised search', () => {
    const [first] = batchesOf(planHalving([family('a')], base), () => 0)
    expect(first!.map(({ params }) => params)).toEqual(sampleTrials(family('a').space, 20, 7, null))
  })

  test('a family with fewer candidates joins at a later rung, and all meet in the last one', () => {
    const few = family('few', { space: { c: { type: 'choice', values: [1, 2, 3, 4] } } })
    const batches = batchesOf(planHalving([family('one', { space: {} }), few, family('many')], base), () => 0)
    expect(batches.map((batch) => [...new Set(batch.map(({ estimator }) => estimator))])).toEqual([
      ['many'],
      ['few', 'many'],
      ['one', 'few', 'many'],
    ])
    expect(batches[2]!.every(({ rung }) => rung!.amount === 900)).toBe(true)
  })

  test('rounds are spent where an estimator has them, and rows where not; what is spent is not drawn', () => {
    const boosted = family('boosted', { rounds: { option: 'rounds', max: 90 } })
    const batches = batchesOf(planHalving([family('plain'), boosted], { ...base, resource: 'rounds' }), () => 0)
    const of = (name: string) => batches.map((batch) => batch.find(({ estimator }) => estimator === name)!)
    expect(of('boosted').map(({ params }) => params['rounds'])).toEqual([10, 30, 90])
    expect(of('boosted').map(({ rung }) => rung!.resource)).toEqual(['rounds', 'rounds', 'rounds'])
    expect(of('plain').map(({ rung }) => [rung!.resource, rung!.amount])).toEqual([
      ['rows', 100],
      ['rows', 300],
      ['rows', 900],
    ])
    expect(Object.keys(of('boosted')[0]!.params).sort()).toEqual(['rounds', 'x'])
  })

  test('a metric of which less is better keeps the smallest; failed trials do not go on while others can', () => {
    const options = { ...base, nTrials: 9, scoring: { ...scoring, greaterIsBetter: false } }
    const batches = batchesOf(planHalving([family('a')], options), ({ index }) => (index < 4 ? Number.NaN : index))
    expect(batches[1]!.map(({ index }) => index)).toEqual([4, 5, 6])
  })

  test('refuses a factor that does not halve', () => {
    expect(() => planHalving([family('a')], { ...base, factor: 1 })).toThrow(/factor/)
  })
})
