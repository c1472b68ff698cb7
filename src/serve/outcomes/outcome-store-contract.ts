import { describe, expect, test } from 'vitest'
import type { NewOutcome, OutcomeStore } from './outcome-store.ts'

/** What every store of outcomes does. */
export function runOutcomeStoreContract(name: string, open: () => Promise<{ readonly outcomes: OutcomeStore }>) {
  describe(`${name} outcome store`, () => {
    const outcome = (predictionId: string, label: string, more: Partial<NewOutcome> = {}): NewOutcome => ({
      predictionId,
      model: 'grades',
      version: 1,
      predictionTime: 100,
      truth: { label },
      observedTime: null,
      receivedTime: 1000,
      source: 'key',
      person: null,
      ...more,
    })
    const labels = async (outcomes: OutcomeStore, model = 'grades') =>
      (await outcomes.current({ model, limit: 100 })).map(({ predictionId, truth }) => [predictionId, truth])

    test('keeps an outcome once, however often it is sent', async () => {
      const { outcomes } = await open()
      expect(await outcomes.record([outcome('a', 'pass'), outcome('b', 'fail')])).toEqual(['recorded', 'recorded'])
      expect(await outcomes.record([outcome('a', 'pass', { receivedTime: 2000 })])).toEqual(['unchanged'])
      const timed = outcome('c', 'pass', { observedTime: 500 })
      expect(await outcomes.record([timed, timed])).toEqual(['recorded', 'unchanged'])
      expect(await outcomes.history('a')).toEqual([{ ...outcome('a', 'pass'), observedTime: 1000 }])
      expect(await outcomes.history('none')).toEqual([])
    })

    test('counts the newest observation, and keeps corrected and late ones as history', async () => {
      const { outcomes } = await open()
      const at = (label: string, observedTime: number, receivedTime: number) =>
        outcome('a', label, { observedTime, receivedTime })
      expect(await outcomes.record([at('pass', 200, 1000)])).toEqual(['recorded'])
      expect(await outcomes.record([at('fail', 300, 1001)])).toEqual(['corrected'])
      expect(await outcomes.record([at('pass', 250, 1002)])).toEqual(['late'])
      expect(await outcomes.record([at('fail', 400, 1003)])).toEqual(['confirmed'])
      expect(await outcomes.record([at('pass', 350, 1004)])).toEqual(['late'])
      expect(await labels(outcomes)).toEqual([['a', { label: 'fail' }]])
      const history = await outcomes.history('a')
      expect(history.map(({ observedTime }) => observedTime)).toEqual([200, 300, 250, 400, 350])
      // Of two at one time the last that came counts.
      expect(await outcomes.record([at('pass', 400, 1005)])).toEqual(['corrected'])
      expect(await labels(outcomes)).toEqual([['a', { label: 'pass' }]])
    })

    test('lists what counts of a model by the time of the prediction, page by page', async () => {
      const { outcomes } = await open()
      const many = Array.from({ length: 7 }, (_, i) =>
        outcome(`p${i}`, 'x', {
          predictionTime: 100 + Math.floor(i / 2),
          truth: { value: i / 3 },
          version: 1 + (i % 2),
        }),
      )
      await outcomes.record([...many].reverse())
      await outcomes.record([
        outcome('other', 'x', { model: 'others' }),
        { ...many[3]!, truth: { value: 33 }, observedTime: 5000 },
      ])
      const first = await outcomes.current({ model: 'grades', limit: 4 })
      expect(first.map(({ predictionId }) => predictionId)).toEqual(['p0', 'p1', 'p2', 'p3'])
      expect(first[3]!.truth).toEqual({ value: 33 })
      expect(first[1]!.truth).toEqual({ value: 1 / 3 })
      const rest = await outcomes.current({ model: 'grades', limit: 4, after: first[3]! })
      expect(rest.map(({ predictionId }) => predictionId)).toEqual(['p4', 'p5', 'p6'])
      const some = await outcomes.current({ model: 'grades', since: 101, until: 103, version: 2, limit: 10 })
      expect(some.map(({ predictionId }) => predictionId)).toEqual(['p3', 'p5'])
    })

    test("erases a person's outcomes with their history", async () => {
      const { outcomes } = await open()
      await outcomes.record([
        outcome('a', 'pass', { person: 'ann' }),
        outcome('a', 'fail', { person: 'ann', observedTime: 3000 }),
        outcome('b', 'pass', { person: 'bob' }),
      ])
      expect(await outcomes.erase('ann')).toBe(2)
      expect(await outcomes.erase('ann')).toBe(0)
      expect(await outcomes.history('a')).toEqual([])
      expect(await labels(outcomes)).toEqual([['b', { label: 'pass' }]])
    })
  })
}
