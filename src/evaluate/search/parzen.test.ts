import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { Distribution } from '../../learn/search-space.ts'
import { RandomState } from '../../table/random.ts'
import { normalCdf } from './normal-cdf.ts'
import { parzenEstimator } from './parzen.ts'

test('the normal distribution is that of the tables', () => {
  // scipy.stats.norm.cdf
  const known: [number, number][] = [
    [0, 0.5],
    [1, 0.8413447460685429],
    [-1.959963984540054, 0.025],
    [3.5, 0.9997673709209645],
    [-6, 9.865876450376946e-10],
  ]
  for (const [z, p] of known) expect(Math.abs(normalCdf(z) - p)).toBeLessThan(1e-15)
  expect(normalCdf(9)).toBe(1)
  expect(normalCdf(Number.NEGATIVE_INFINITY)).toBe(0)
})

const bounded = fc.tuple(fc.integer({ min: 1, max: 50 }), fc.integer({ min: 0, max: 60 }))
const distributions: fc.Arbitrary<Distribution> = fc.oneof(
  bounded.map(([low, more]): Distribution => ({ type: 'uniform', low, high: low + more })),
  bounded.map(([low, more]): Distribution => ({ type: 'logUniform', low: low / 10, high: (low + more) / 10 })),
  fc
    .tuple(bounded, fc.boolean())
    .map(([[low, more], log]): Distribution => ({ type: 'int', low, high: low + more, log })),
  fc
    .uniqueArray(fc.oneof(fc.integer(), fc.constant(null), fc.boolean()), { minLength: 1, maxLength: 5 })
    .map((values): Distribution => ({ type: 'choice', values })),
)

describe('a Parzen estimator', () => {
  test('draws within the bounds and of the right kind, whatever was seen, and can say how likely that was', () => {
    const seen = fc.array(fc.oneof(fc.double(), fc.integer({ min: 0, max: 100 }), fc.constant(null), fc.string()), {
      maxLength: 8,
    })
    fc.assert(
      fc.property(distributions, seen, fc.nat(1000), (distribution, values, seed) => {
        const estimator = parzenEstimator(distribution, values)
        const random = new RandomState(seed)
        for (let i = 0; i < 10; i++) {
          const value = estimator.sample(random)
          if (distribution.type === 'choice') {
            expect(distribution.values).toContain(value)
          } else {
            expect(value).toBeGreaterThanOrEqual(distribution.low)
            expect(value).toBeLessThanOrEqual(distribution.high)
            if (distribution.type === 'int') expect(Number.isInteger(value)).toBe(true)
          }
          expect(Number.isFinite(estimator.logLikelihood(value))).toBe(true)
        }
      }),
      { numRuns: 200 },
    )
  })

  test.each<[string, Distribution]>([
    ['whole numbers', { type: 'int', low: 3, high: 40 }],
    ['whole numbers on a logarithmic scale', { type: 'int', low: 1, high: 64, log: true }],
  ])('the probabilities of %s sum to 1', (_, distribution) => {
    const { low, high } = distribution as { low: number; high: number }
    const estimator = parzenEstimator(distribution, [low, 7, 7, high])
    let sum = 0
    for (let value = low; value <= high; value++) sum += Math.exp(estimator.logLikelihood(value))
    expect(sum).toBeCloseTo(1, 12)
  })

  test('the density of numbers integrates to 1 on the scale on which they are uniform', () => {
    const estimator = parzenEstimator({ type: 'logUniform', low: 0.01, high: 10 }, [0.02, 0.5, 10])
    const [from, to, steps] = [Math.log(0.01), Math.log(10), 4000]
    let sum = 0
    for (let i = 0; i < steps; i++)
      sum += Math.exp(estimator.logLikelihood(Math.exp(from + ((i + 0.5) * (to - from)) / steps)))
    expect((sum * (to - from)) / steps).toBeCloseTo(1, 5)
  })

  test('what was seen is more likely than what was not, and nothing is impossible', () => {
    const numbers = parzenEstimator({ type: 'uniform', low: 0, high: 1 }, [0.2, 0.22, 0.25])
    expect(numbers.logLikelihood(0.22)).toBeGreaterThan(numbers.logLikelihood(0.9))
    const choices = parzenEstimator({ type: 'choice', values: ['a', 'b', 'c'] }, ['b', 'b', 'unknown'])
    expect(['a', 'b', 'c'].map((value) => Math.exp(choices.logLikelihood(value)))).toEqual([
      expect.closeTo(0.2),
      expect.closeTo(0.6),
      expect.closeTo(0.2),
    ])
  })

  test('a distribution of one value gives that value', () => {
    for (const type of ['uniform', 'logUniform'] as const) {
      const estimator = parzenEstimator({ type, low: 2, high: 2 }, [2, 2])
      expect(estimator.sample(new RandomState(0))).toBeCloseTo(2, 15)
    }
  })
})
