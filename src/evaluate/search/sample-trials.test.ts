import { readFileSync } from 'node:fs'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { codeOf } from '../../../test/support/code-of.ts'
import type { SearchSpace } from '../../learn/search-space.ts'
import type { Params } from './params.ts'
import { rankTrials } from './rank-trials.ts'
import { sampleTrials } from './sample-trials.ts'

const fixture = JSON.parse(readFileSync(new URL('./fixtures/search.json', import.meta.url), 'utf8')) as {
  versions: Record<string, string>
  draws: { name: string; space: SearchSpace; n: number; seed: number; params: Params[] }[]
  ranks: { scores: (number | null)[]; ranks: number[] }[]
}

describe(`sampling trials against scikit-learn ${fixture.versions['scikit-learn']}`, () => {
  test.each(fixture.draws)(
    '$name: after the defaults come the draws of ParameterSampler',
    ({ space, n, seed, params }) => {
      const trials = sampleTrials(space, n + 1, seed)
      expect(trials[0]).toEqual({})
      expect(trials).toHaveLength(params.length + 1)
      for (const [i, expected] of params.entries()) {
        const drawn = trials[i + 1]!
        expect(Object.keys(drawn).sort()).toEqual(Object.keys(expected).sort())
        for (const [name, value] of Object.entries(expected)) {
          // Logarithms and powers differ in the last digit between libraries; all else is equal.
          if (typeof value === 'number') expect(drawn[name]).toBeCloseTo(value, 12)
          else expect(drawn[name]).toBe(value)
        }
      }
    },
  )

  test.each(fixture.ranks)('scores $scores rank as in cv_results_', ({ scores, ranks }) => {
    const given = scores.map((score) => score ?? Number.NaN)
    expect(rankTrials(given, true)).toEqual(ranks)
    expect(
      rankTrials(
        given.map((score) => -score),
        false,
      ),
    ).toEqual(ranks)
  })
})

describe('sampling trials', () => {
  const space: SearchSpace = {
    a: { type: 'uniform', low: -1, high: 2 },
    b: { type: 'logUniform', low: 1e-3, high: 1e3 },
    c: { type: 'int', low: 3, high: 5 },
    d: { type: 'int', low: 1, high: 64, log: true },
    e: { type: 'choice', values: [null, 'balanced', true, 7] },
  }

  test('stays within the bounds, and whole numbers reach both of theirs', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 2 ** 32 - 1 }), (seed) => {
        for (const { a, b, c, d, e } of sampleTrials(space, 30, seed).slice(1)) {
          expect(a).toBeGreaterThanOrEqual(-1)
          expect(a).toBeLessThanOrEqual(2)
          expect(b).toBeGreaterThanOrEqual(1e-3)
          expect(b).toBeLessThanOrEqual(1e3)
          expect([3, 4, 5]).toContain(c)
          expect(Number.isInteger(d) && (d as number) >= 1 && (d as number) <= 64).toBe(true)
          expect([null, 'balanced', true, 7]).toContain(e)
        }
      }),
      { numRuns: 20 },
    )
    const many = sampleTrials(space, 400, 1).slice(1)
    expect(new Set(many.map(({ c }) => c))).toEqual(new Set([3, 4, 5]))
    expect(Math.min(...many.map(({ d }) => d as number))).toBe(1)
    expect(Math.max(...many.map(({ d }) => d as number))).toBeGreaterThan(50)
  })

  test('gives the same trials for the same seed, and others for another one', () => {
    expect(sampleTrials(space, 5, 1)).toEqual(sampleTrials(space, 5, 1))
    expect(sampleTrials(space, 5, 1)).not.toEqual(sampleTrials(space, 5, 2))
  })

  test('more trials only add to fewer', () => {
    expect(sampleTrials(space, 20, 9).slice(0, 7)).toEqual(sampleTrials(space, 7, 9))
  })

  test('a space of choices alone gives each point once, the defaults first', () => {
    const choices: SearchSpace = { x: { type: 'choice', values: [1, 2, 3] }, y: { type: 'choice', values: ['p', 'q'] } }
    const trials = sampleTrials(choices, 50, 4, { x: 2, y: 'q' })
    expect(trials[0]).toEqual({ x: 2, y: 'q' })
    expect(new Set(trials.map((trial) => JSON.stringify([trial['x'], trial['y']]))).size).toBe(6)
    expect(trials).toHaveLength(6)
    for (let n = 1; n <= 6; n++) expect(sampleTrials(choices, n, 4, { x: 2, y: 'q' })).toHaveLength(n)
  })

  test('an empty space has one trial, the defaults', () => {
    expect(sampleTrials({}, 20, 0)).toEqual([{}])
  })

  test('refuses a distribution that can not be drawn from, naming the option', () => {
    const bad: SearchSpace[] = [
      { x: { type: 'choice', values: [] } },
      { x: { type: 'uniform', low: 2, high: 1 } },
      { x: { type: 'uniform', low: 0, high: Number.POSITIVE_INFINITY } },
      { x: { type: 'logUniform', low: 0, high: 1 } },
      { x: { type: 'int', low: 0.5, high: 3 } },
      { x: { type: 'int', low: 0, high: 8, log: true } },
    ]
    for (const space of bad) {
      expect(codeOf(() => sampleTrials(space, 3, 0))).toBe('SEARCH_SPACE_INVALID')
      expect(() => sampleTrials(space, 3, 0)).toThrow(/"x"/)
    }
  })
})

test('an infinitely bad score ranks before none at all', () => {
  expect(rankTrials([Number.NaN, Number.POSITIVE_INFINITY, 0.3], false)).toEqual([3, 2, 1])
})
