import fc from 'fast-check'
import { expect, test } from 'vitest'
import { count, percent, plain, shortNumber, wrap } from './text.ts'

test('wrapping keeps every letter, and no line is too long', () => {
  fc.assert(
    fc.property(
      fc.string({ unit: fc.constantFrom(...'ab cd_-/é学😀 ') }),
      fc.integer({ min: 3, max: 20 }),
      (text, width) => {
        const lines = wrap(text, width)
        expect(lines.join('').replaceAll(' ', '')).toBe(text.replaceAll(' ', ''))
        for (const line of lines) expect(Array.from(line).length).toBeLessThanOrEqual(width)
      },
    ),
  )
})

test('lines break at spaces, and long words after a mark', () => {
  expect(wrap('Curricular units 2nd sem', 16)).toEqual(['Curricular units', '2nd sem'])
  expect(wrap('curricular_units_2nd_sem', 18)).toEqual(['curricular_units_', '2nd_sem'])
  expect(wrap('', 10)).toEqual([''])
})

test('numbers, counts and shares read well', () => {
  expect([0, 0.71234, -12.345, 1234.5, 1e7, 1e-6].map(shortNumber)).toEqual([
    '0',
    '0.712',
    '-12.3',
    '1235',
    '1.00e+7',
    '1.00e-6',
  ])
  expect([7, 4424, 1234567, 2.25].map(count)).toEqual(['7', '4\u2009424', '1\u2009234\u2009567', '2.3'])
  expect([0, 0.001, 0.5, 0.999, 1].map(percent)).toEqual(['0 %', '<1 %', '50 %', '>99 %', '100 %'])
})

test('control characters and halves of a letter do not reach an SVG', () => {
  expect(plain('a\u0000\n\tb\ud800')).toBe('a b\ufffd')
})
