import { expect, test } from 'vitest'
import { sortRows } from './sort-rows.ts'

test('numbers sort by size, and what is missing goes last in both directions', () => {
  expect(sortRows([2, null, 10, Number.NaN, -1], (value) => value, false)).toEqual([-1, 2, 10, null, Number.NaN])
  expect(sortRows([2, null, 10, -1], (value) => value, true)).toEqual([10, 2, -1, null])
})

test('texts sort with their numbers counted', () => {
  expect(sortRows(['v10', 'v9', 'a'], (value) => value, false)).toEqual(['a', 'v9', 'v10'])
})

test('the rows that are given stay as they are', () => {
  const rows = [3, 1, 2]
  sortRows(rows, (value) => value, false)
  expect(rows).toEqual([3, 1, 2])
})
