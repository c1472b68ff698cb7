import { describe, expect, test } from 'vitest'
import { type PartFacts, type SearchFacts, waysOf } from './search-way.ts'

const TOTAL = 100_000
/** A clause on a value that so many of 100,000 rows match. */
const clause = (count: number): PartFacts => ({ count, share: count / TOTAL, probes: 1, boundsWalk: false })
const UNKNOWN: PartFacts = { count: null, share: 1, probes: 1, boundsWalk: false }

const best = (facts: Partial<SearchFacts>) =>
  waysOf({ rows: TOTAL, total: TOTAL, wanted: 101, parts: [], joins: 0, walk: 'rows', ...facts })[0]!

describe('the way of a search', () => {
  test('is a walk in order where many rows match, which are asked one after the other', () => {
    expect(best({ parts: [clause(50_000)] })).toMatchObject({ by: 'walk', sets: [false] })
    expect(best({ parts: [clause(50_000)], walk: 'values', joins: 1 })).toMatchObject({ by: 'walk', sets: [false] })
    expect(best({ parts: [UNKNOWN] })).toMatchObject({ by: 'walk', sets: [false] })
  })

  test('begins with the fewest candidates where few match', () => {
    const parts = [clause(50_000), clause(200), clause(10_000)]
    expect(best({ parts })).toMatchObject({ by: 'candidates', lead: 1, sets: [false, false, false] })
    expect(best({ parts, walk: null })).toMatchObject({ by: 'candidates', lead: 1 })
  })

  test('makes sets of what would be asked of thousands of rows', () => {
    const two = best({ parts: [clause(10_000), clause(10_000)], walk: 'values', joins: 1 })
    expect(two.sets).toContain(true)
    const four = [clause(25_000), clause(25_000), clause(25_000), clause(25_000)]
    const walk = waysOf({ rows: TOTAL, total: TOTAL, wanted: 101, parts: four, joins: 0, walk: 'rows' }).find(
      ({ by }) => by === 'walk',
    )!
    expect(walk.sets.filter(Boolean).length).toBeGreaterThan(0)
  })

  test('sorts the first rows before it asks them where no index has the order and many match', () => {
    expect(best({ parts: [clause(50_000)], walk: null })).toMatchObject({ by: 'top', top: 454 })
    expect(best({ parts: [], walk: null })).toMatchObject({ by: 'all' })
  })

  test('sorts all rows of a small experiment rather than walk through the values of every other', () => {
    expect(best({ rows: 100, parts: [UNKNOWN], joins: 1, walk: 'values' })).toMatchObject({ by: 'all' })
  })

  test('does not ask what bounds the walk again', () => {
    const parts = [{ ...clause(10), boundsWalk: true }, clause(50_000)]
    const walk = waysOf({ rows: TOTAL, total: TOTAL, wanted: 5, parts, joins: 1, walk: 'values' }).find(
      ({ by }) => by === 'walk',
    )!
    expect(walk.sets).toEqual([false, false])
    expect(walk.cost).toBeLessThan(200)
  })
})
