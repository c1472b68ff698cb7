import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import fixture from './fixtures/quantile.json' with { type: 'json' }
import { median, percentile, quantile, quantileSorted, sortedWithoutNaN } from './quantile.ts'

describe('a percentile', () => {
  test.each(fixture.cases)('is numpy’s linear one of $values', ({ values, p, expected }) => {
    const numbers = values.map((value) => value ?? Number.NaN)
    p.forEach((percent, i) => {
      expect(Math.abs(percentile(numbers, percent) - expected[i]!)).toBeLessThanOrEqual(1e-15 * Math.abs(expected[i]!))
    })
  })

  test('lies between the smallest and the largest value and never falls as q rises', () => {
    fc.assert(
      fc.property(
        fc.array(fc.double({ min: -1e6, max: 1e6, noNaN: true }), { minLength: 1 }),
        fc.double({ min: 0, max: 1, noNaN: true }),
        fc.double({ min: 0, max: 1, noNaN: true }),
        (values, a, b) => {
          const low = quantile(values, Math.min(a, b))
          const high = quantile(values, Math.max(a, b))
          expect(low).toBeGreaterThanOrEqual(Math.min(...values))
          expect(high).toBeLessThanOrEqual(Math.max(...values))
          expect(low).toBeLessThanOrEqual(high + 1e-9 * Math.abs(high))
        },
      ),
    )
  })

  test('of no value is NaN', () => {
    expect(quantile([], 0.5)).toBeNaN()
    expect(quantile([Number.NaN], 0.5)).toBeNaN()
    expect(quantileSorted([], 0)).toBeNaN()
  })
})

test('infinite values are kept, and the median between two equal ones is that one', () => {
  const infinity = Number.POSITIVE_INFINITY
  expect(median([1, infinity, infinity])).toBe(infinity)
  expect(median([1, 2, infinity])).toBe(2)
})

test('sorting leaves the argument as it was', () => {
  const values = [3, Number.NaN, 1]
  expect(Array.from(sortedWithoutNaN(values))).toEqual([1, 3])
  expect(values[0]).toBe(3)
})
