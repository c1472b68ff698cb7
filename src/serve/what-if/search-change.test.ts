import fc from 'fast-check'
import { expect, test } from 'vitest'
import { type Change, type ChangeSearch, costOf, type Move, searchChange, type Verdict } from './search-change.ts'

/** Fields whose values push a sum; what was wanted is reached from a threshold on. Pairs may push more, or less, than their parts. */
interface World {
  readonly push: readonly (readonly number[])[]
  readonly cost: readonly (readonly number[])[]
  readonly together: number
  readonly threshold: number
}

const world = fc
  .array(fc.array(fc.tuple(fc.integer({ min: -3, max: 6 }), fc.integer({ min: 1, max: 9 })), { maxLength: 4 }), {
    maxLength: 4,
  })
  .chain((fields) =>
    fc.record({
      push: fc.constant(fields.map((own) => own.map(([push]) => push))),
      cost: fc.constant(fields.map((own) => own.map(([, cost]) => cost))),
      together: fc.integer({ min: -4, max: 4 }),
      threshold: fc.integer({ min: 1, max: 14 }),
    }),
  )

function searchIn({ push, cost, together, threshold }: World, budget: number): ChangeSearch & { asked: number } {
  const moves = cost.map((own, field) => own.map((each, value): Move => ({ field, value, cost: each })))
  const verdict = (change: Change): Verdict => {
    const sum =
      change.reduce((total, { field, value }) => total + push[field]![value]!, 0) + (change.length > 1 ? together : 0)
    return { reached: sum >= threshold, nearness: sum }
  }
  const search = {
    moves,
    maxFields: 3,
    budget,
    asked: 0,
    ask: async (changes: readonly Change[]) => {
      search.asked += changes.length
      return changes.map(verdict)
    },
  }
  return search
}

/** Every change there is, asked about one by one. */
async function naiveCost(search: ChangeSearch): Promise<number | null> {
  let best: number | null = null
  const visit = async (change: Change, from: number): Promise<void> => {
    if (change.length > 0 && (await search.ask([change]))[0]!.reached) best = Math.min(best ?? Infinity, costOf(change))
    if (change.length === search.maxFields) return
    for (let field = from; field < search.moves.length; field++)
      for (const move of search.moves[field]!) await visit([...change, move], field + 1)
  }
  await visit([], 0)
  return best
}

test('where all changes can be tried, the cheapest is found', async () => {
  await fc.assert(
    fc.asyncProperty(world, async (given) => {
      const found = await searchChange(searchIn(given, 1000))
      expect(found.exhaustive).toBe(true)
      expect(found.change ? costOf(found.change) : null).toBe(await naiveCost(searchIn(given, 1000)))
    }),
  )
})

test('where they cannot, what is found reaches it, within the budget, the same each time', async () => {
  await fc.assert(
    fc.asyncProperty(world, fc.integer({ min: 1, max: 40 }), async (given, budget) => {
      const search = searchIn(given, budget)
      const found = await searchChange(search)
      expect(search.asked).toBeLessThanOrEqual(budget)
      expect(await searchChange(searchIn(given, budget))).toEqual(found)
      if (!found.change) return
      expect((await search.ask([found.change]))[0]!.reached).toBe(true)
      expect(new Set(found.change.map(({ field }) => field)).size).toBe(found.change.length)
      const best = await naiveCost(searchIn(given, 1000))
      expect(costOf(found.change)).toBeGreaterThanOrEqual(best!)
    }),
  )
})

test('the beam finds a change of three fields among millions, and makes it as cheap as it can be', async () => {
  const fields = Array.from({ length: 30 }, (_, field) => Array.from({ length: 20 }, (_, value) => ({ field, value })))
  const search = searchIn(
    {
      push: fields.map((own) => own.map(({ field, value }) => (field % 10 === 3 ? value : -1))),
      cost: fields.map((own) => own.map(({ value }) => value + 1)),
      together: 0,
      threshold: 50,
    },
    8000,
  )
  const { change, exhaustive } = await searchChange(search)
  expect(exhaustive).toBe(false)
  expect(change!.map(({ field }) => field)).toEqual([3, 13, 23])
  expect(costOf(change!)).toBe(53)
})

test('without moves there is no change', async () => {
  expect(await searchChange(searchIn({ push: [], cost: [], together: 0, threshold: 1 }, 10))).toEqual({
    change: null,
    asked: 0,
    exhaustive: true,
  })
})
