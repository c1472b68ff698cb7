import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { byCodePoint, sortCategories } from './code-point-order.ts'
import { dateParser, parseIsoDate } from './parse-date.ts'
import { parseNumber } from './parse-number.ts'

describe('a number', () => {
  test.each([
    ['5', 5],
    [' +5.25 ', 5.25],
    ['-.5', -0.5],
    ['5.', 5],
    ['1e3', 1000],
    ['18.571428571428573', 18.571428571428573],
  ])('is read from %j', (text, value) => {
    expect(parseNumber(text)).toBe(value)
  })

  test.each(['', ' ', 'x', '1,5', '1 000', '0x10', 'Infinity', 'NaN', '1e999', '--1', '1e', '.'])(
    'is not read from %j',
    (text) => {
      expect(parseNumber(text)).toBeNaN()
    },
  )

  test('has one zero, and a comma where the file says so', () => {
    expect(Object.is(parseNumber('-0'), 0)).toBe(true)
    expect(parseNumber('1,5', ',')).toBe(1.5)
    expect(parseNumber('1.5', ',')).toBeNaN()
  })

  test('comes back from its own text to the last bit', () => {
    fc.assert(
      fc.property(fc.double({ noNaN: true, noDefaultInfinity: true }), (value) => {
        expect(parseNumber(String(value))).toBe(value + 0)
      }),
    )
  })
})

describe('a date', () => {
  test.each([
    ['2026-11-21', Date.UTC(2026, 10, 21)],
    ['2026-11-21 08:30', Date.UTC(2026, 10, 21, 8, 30)],
    ['2026-11-21T08:30:15.25Z', Date.UTC(2026, 10, 21, 8, 30, 15, 250)],
    ['2026-11-21T08:30:00+02:00', Date.UTC(2026, 10, 21, 6, 30)],
    ['2024-02-29', Date.UTC(2024, 1, 29)],
  ])('is read from %j', (text, value) => {
    expect(parseIsoDate(text)).toBe(value)
  })

  test.each(['', '2026-02-30', '2026-13-01', '21/11/2026', '2026-11-21T25:00', '2026', '2026-11-21T08:30:00+99:00'])(
    'is not read from %j',
    (text) => {
      expect(parseIsoDate(text)).toBeNaN()
    },
  )

  test('is read by a declared pattern', () => {
    expect(dateParser('dd/MM/yyyy')!('21/11/2026')).toBe(Date.UTC(2026, 10, 21))
    expect(dateParser('d.M.yyyy HH:mm')!('1.2.2026 08:30')).toBe(Date.UTC(2026, 1, 1, 8, 30))
    expect(dateParser('yyyyMMdd')!('20261121')).toBe(Date.UTC(2026, 10, 21))
    expect(dateParser('dd/MM/yyyy')!('11/21/2026')).toBeNaN()
    expect(dateParser('MM/yyyy')).toBeNull()
  })

  test('comes back from its own text', () => {
    fc.assert(
      fc.property(
        fc.date({ noInvalidDate: true, min: new Date('0001-01-01'), max: new Date('9999-12-31') }),
        (date) => {
          expect(parseIsoDate(date.toISOString())).toBe(date.getTime())
        },
      ),
    )
  })
})

test('categories are in the order of their numbers, or else of their code points', () => {
  expect(sortCategories(['10', '9', '1'])).toEqual(['1', '9', '10'])
  expect(sortCategories(['b', '\u{1F600}', '\uFF5E', 'B', 'a10', 'a9'])).toEqual([
    'B',
    'a10',
    'a9',
    'b',
    '\uFF5E',
    '\u{1F600}',
  ])
})

test('code-point order is that of code points', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), fc.string({ unit: 'binary' }), (a, b) => {
      const points = (text: string) => Array.from(text, (char) => char.codePointAt(0)!)
      const [x, y] = [points(a), points(b)]
      const at = x.findIndex((point, i) => point !== y[i])
      const expected = at < 0 ? x.length - y.length : at >= y.length ? 1 : x[at]! - y[at]!
      expect(Math.sign(byCodePoint(a, b))).toBe(Math.sign(expected))
    }),
  )
})
