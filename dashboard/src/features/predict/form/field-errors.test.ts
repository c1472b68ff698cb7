import { expect, test } from 'vitest'
import { fieldOf, sortErrors } from './field-errors.ts'

test.each([
  ['records[0].Course', 'Course'],
  ['records[0].Curricular units 1st sem (credited)', 'Curricular units 1st sem (credited)'],
  ['records[0].a.b[1]', 'a.b[1]'],
  ['records[0]["Mother\'s \\"x\\""]', 'Mother\'s "x"'],
  ['records[1].Course', null],
  ['records', null],
  ['records[0]', null],
  ['explain', null],
])('the path %s names the field %s', (path, field) => {
  expect(fieldOf(path)).toBe(field)
})

test('details go to their fields, and what fits none is kept', () => {
  const { fields, rest } = sortErrors(
    [
      { path: 'records[0].Age', message: 'Expected a number.' },
      { path: 'records[0].Ages', message: 'Unknown field.' },
      { path: 'explain', message: 'Expected true or false.' },
    ],
    ['Age'],
  )
  expect([...fields]).toEqual([['Age', 'Expected a number.']])
  expect(rest.map((detail) => detail.path)).toEqual(['records[0].Ages', 'explain'])
})
