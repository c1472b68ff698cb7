import { expect, test } from 'vitest'
import { differences } from './differences.ts'

test('what differs comes first, and what one side lacks differs', () => {
  expect(
    differences({ a: 1, b: 2, c: 3 }, { a: 1, b: 5, d: 4 }).map((row) => [row.key, row.left, row.right, row.same]),
  ).toEqual([
    ['b', 2, 5, false],
    ['c', 3, undefined, false],
    ['d', undefined, 4, false],
    ['a', 1, 1, true],
  ])
})
