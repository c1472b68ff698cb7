import { expect, test } from 'vitest'
import { formatNumber, formatParams, formatShare, formatSigned } from './numbers.ts'
import { formatDuration } from './times.ts'

test('a share that is not certain is never shown as 0 % or 100 %', () => {
  expect([0, 0.0004, 0.123456, 0.9996, 1].map(formatShare)).toEqual(['0%', '< 0.1%', '12.3%', '> 99.9%', '100%'])
})

test('numbers keep about four digits', () => {
  expect([0, 12, 9853, -0.123456, 18.571428571428573, 0.0000123, 1234.56].map(formatNumber)).toEqual([
    '0',
    '12',
    '9,853',
    '−0.1235',
    '18.57',
    '1.23e-5',
    '1,234.6',
  ])
})

test('what adds to a score carries its sign', () => {
  expect([0.5, -0.25, 0].map(formatSigned)).toEqual(['+0.5', '−0.25', '+0'])
})

test('a duration is told in the units that fit', () => {
  expect([35, 840, 12_400, 185_000, 7_800_000].map(formatDuration)).toEqual([
    '35 ms',
    '0.8 s',
    '12 s',
    '3 min 5 s',
    '2 h 10 min',
  ])
})

test('params with many digits are shortened, but never so that two that differ look alike', () => {
  expect(formatParams(['0.058945513112797665', 'small-data'])).toEqual(['0.05895', 'small-data'])
  expect(formatParams(['0.123456789', '0.123456780'])).toEqual(['0.123456789', '0.123456780'])
})
