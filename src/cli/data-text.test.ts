import { expect, test } from 'vitest'
import { shortNumber } from './data-text.ts'

test('values of a column are told with six digits at most, and whole numbers with all', () => {
  expect([18.166666666666668, -4.06, 1234567, 0.1 + 0.2, 1234567.5].map(shortNumber)).toEqual([
    '18.1667',
    '-4.06',
    '1234567',
    '0.3',
    '1234570',
  ])
})
