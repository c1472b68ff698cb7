import fc from 'fast-check'
import { expect, test } from 'vitest'
import { bitsFor, exponentOf, fixedPointScale } from './fixed-point.ts'

test('the exponent of a number is the power of two at or below it', () => {
  fc.assert(
    fc.property(fc.double({ min: 1e-300, max: 1e300, noNaN: true }), (x) => {
      const e = exponentOf(x)
      expect(2 ** e <= x && x < 2 ** (e + 1)).toBe(true)
    }),
  )
  expect([1, 2, 3, 4, 0.5].map(exponentOf)).toEqual([0, 1, 1, 2, -1])
})

test('a scaled sum stays within its bits and uses all but one of them', () => {
  fc.assert(
    fc.property(
      fc.double({ min: 1e-200, max: 1e200, noNaN: true }),
      fc.integer({ min: 10, max: 52 }),
      (bound, bits) => {
        const scaled = bound * fixedPointScale(bound, bits)
        expect(scaled).toBeLessThan(2 ** bits)
        expect(scaled).toBeGreaterThanOrEqual(2 ** (bits - 1))
      },
    ),
  )
})

test('a scale and its inverse are normal numbers, whatever the bound', () => {
  for (const bound of [0, 5e-324, 1e-310, Number.MAX_VALUE, Number.POSITIVE_INFINITY]) {
    const scale = fixedPointScale(bound, 51)
    expect(Number.isFinite(scale) && Number.isFinite(1 / scale) && scale > 0).toBe(true)
  }
})

test('a count of n takes as many bits as n has', () => {
  expect([1, 2, 3, 4, 7, 8, 2831].map(bitsFor)).toEqual([1, 2, 2, 3, 3, 4, 12])
})
