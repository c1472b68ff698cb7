import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { canonicalJson } from './canonical-json.ts'

describe('canonical JSON', () => {
  test('is JSON of the same value', () => {
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        expect(JSON.parse(canonicalJson(value))).toEqual(JSON.parse(JSON.stringify(value)))
      }),
    )
  })

  test('is the same whatever the order of the keys', () => {
    fc.assert(
      fc.property(fc.dictionary(fc.string(), fc.jsonValue()), (object) => {
        const reversed = Object.fromEntries(Object.entries(object).reverse())
        expect(canonicalJson(reversed)).toBe(canonicalJson(object))
      }),
    )
  })

  test('leaves out keys without a value', () => expect(canonicalJson({ b: undefined, a: 1 })).toBe('{"a":1}'))

  test.each([Number.NaN, Number.POSITIVE_INFINITY, undefined, [undefined], 1n, new Date(0), new Map(), { a: () => 1 }])(
    'refuses %s',
    (value) => {
      expect(() => canonicalJson(value)).toThrow("Canonical JSON can't hold")
    },
  )

  test('refuses what holds itself', () => {
    const cycle: unknown[] = []
    cycle.push(cycle)
    expect(() => canonicalJson(cycle)).toThrow('nested deeper')
  })
})
