import { expect, test } from 'vitest'
import { codeOf } from '../../../test/support/code-of.ts'
import type { ColumnSchema } from '../../table/schema.ts'
import { actionableFields, checkActionable } from './actionable-fields.ts'
import { ActionableOptions } from './actionable-options.ts'

const hours: ColumnSchema = {
  name: 'hours',
  kind: 'number',
  dataType: 'float',
  declared: { required: false },
  observed: { missing: 0, distinct: 40, min: 0, max: 2, categories: [] },
}
const credits: ColumnSchema = {
  ...hours,
  name: 'credits',
  dataType: 'integer',
  observed: { ...hours.observed, min: 0, max: 180 },
}
const course: ColumnSchema = {
  ...hours,
  name: 'course',
  kind: 'category',
  dataType: 'integer',
  observed: { missing: 0, distinct: 3, min: null, max: null, categories: ['33', '171', '9500'] },
}
const inputs = [hours, credits, course]
const valuesOf = (given: Record<string, unknown>) =>
  actionableFields(ActionableOptions.parse(given), inputs).map(({ values }) => values)

test('a number is tried in twenty steps of what training saw, whole numbers in whole ones', () => {
  expect(valuesOf({ hours: {} })[0]).toEqual(Array.from({ length: 21 }, (_, i) => Number((i * 0.1).toPrecision(12))))
  expect(valuesOf({ credits: {} })[0]).toEqual(Array.from({ length: 21 }, (_, i) => i * 9))
})

test('bounds and step are those of the project, the largest value included, without noise in the last bits', () => {
  expect(valuesOf({ hours: { min: 0.1, max: 1, step: 0.2 } })).toEqual([[0.1, 0.3, 0.5, 0.7, 0.9, 1]])
  expect(valuesOf({ credits: { values: [30, 10, 30] } })).toEqual([[10, 30]])
})

test('a category is tried as JSON writes it, all of them or those that are named', () => {
  expect(valuesOf({ course: {} })).toEqual([[33, 171, 9500]])
  expect(valuesOf({ course: { values: [171, '33'] } })).toEqual([[171, 33]])
})

test('the order is that of the columns, and what the model does not read is passed over', () => {
  const fields = actionableFields(ActionableOptions.parse({ other: {}, course: {}, hours: { cost: 3 } }), inputs)
  expect(fields.map(({ column, cost, range }) => [column.name, cost, range])).toEqual([
    ['hours', 3, 2],
    ['course', 1, null],
  ])
})

test.each([
  ['a column that is none', { hour: {} }],
  ['a direction of a category', { course: { direction: 'up' } }],
  ['bounds of a category', { course: { min: 1 } }],
  ['an unknown category', { course: { values: [1] } }],
  ['a word for a number', { hours: { values: ['many'] } }],
  ['half a credit', { credits: { step: 0.5 } }],
  ['a thousand values', { hours: { step: 0.001 } }],
])('%s is refused', (_, given) => {
  expect(codeOf(() => checkActionable(ActionableOptions.parse(given), inputs))).toBe('PROJECT_INVALID')
})

test('values outside of what the project declares are refused, and a typo is answered with the nearest column', () => {
  const bounded = { ...hours, declared: { required: false, max: 1 } }
  expect(codeOf(() => checkActionable(ActionableOptions.parse({ hours: { max: 2 } }), [bounded]))).toBe(
    'PROJECT_INVALID',
  )
  expect(() => checkActionable(ActionableOptions.parse({ hour: {} }), inputs)).toThrow('did you mean "hours"?')
})
