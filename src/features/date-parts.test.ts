import fc from 'fast-check'
import { expect, test } from 'vitest'
import { calendarPart, parseIsoDate } from './date-parts.ts'
import { characterCount, wordCount } from './text-measures.ts'

test('an ISO date is read in UTC unless it names a zone', () => {
  expect(parseIsoDate('2024-09-30')).toBe(Date.UTC(2024, 8, 30))
  expect(parseIsoDate(' 2024-09-30T12:30 ')).toBe(Date.UTC(2024, 8, 30, 12, 30))
  expect(parseIsoDate('2024-09-30 12:30:15.250')).toBe(Date.UTC(2024, 8, 30, 12, 30, 15, 250))
  expect(parseIsoDate('2024-09-30T12:30:00+02:00')).toBe(Date.UTC(2024, 8, 30, 10, 30))
})

test.each([
  '2023-02-29',
  '2024-04-31',
  '2024-13-01',
  '24-01-01',
  '30.09.2024',
  '2024-09-30T25:00',
  '',
  'today',
  '2024-09-30x',
])('%j is no date', (text) => {
  expect(parseIsoDate(text)).toBeNaN()
})

test('every valid date is read back from its ISO text', () => {
  fc.assert(
    fc.property(fc.date({ min: new Date('0000-01-01'), max: new Date('9999-12-31'), noInvalidDate: true }), (date) => {
      expect(parseIsoDate(date.toISOString())).toBe(date.getTime())
    }),
  )
})

test('days of the year are counted from 1, in the first century too', () => {
  expect(calendarPart('dayOfYear', Date.parse('2023-12-31T23:59:59Z'))).toBe(365)
  expect(calendarPart('dayOfYear', Date.parse('0050-02-01T00:00:00Z'))).toBe(32)
})

test('what is beyond a date has no parts', () => {
  for (const part of ['year', 'quarter', 'month', 'dayOfMonth', 'dayOfWeek', 'dayOfYear', 'hour'] as const) {
    expect(calendarPart(part, Number.NaN)).toBeNaN()
    expect(calendarPart(part, 1e300)).toBeNaN()
  }
})

test('characters are code points and words are runs between white space, as regular expressions see them', () => {
  const text = fc.string({
    unit: fc.constantFrom('a', 'é', '😀', ' ', '\t', '\u00a0', '\u3000', '\ud800', '\u2028', '\ufeff'),
  })
  fc.assert(
    fc.property(text, (value) => {
      expect(characterCount(value)).toBe(Array.from(value).length)
      expect(wordCount(value)).toBe(value.match(/\S+/g)?.length ?? 0)
    }),
    { numRuns: 300 },
  )
})
