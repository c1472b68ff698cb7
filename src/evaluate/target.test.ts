import { describe, expect, test } from 'vitest'
import { byCodePoint } from '../table/code-point-order.ts'
import type { Column } from '../table/column.ts'
import { makeTarget } from './target.ts'

const numbers = (...values: number[]): Column => ({ kind: 'number', values: Float64Array.from(values) })
const category = (categories: string[], ...codes: number[]): Column => ({
  kind: 'category',
  categories,
  codes: Int32Array.from(codes),
})
const text = (...values: (string | null)[]): Column => ({ kind: 'text', values })
const withCode = (code: string, message: RegExp) =>
  expect.objectContaining({ code, message: expect.stringMatching(message) })

describe('a classification target', () => {
  test('has its classes in code-point order, whatever the order of the categories', () => {
    const target = makeTarget(category(['Graduate', 'Dropout', 'Enrolled'], 0, 1, 2, 0), 'Target', 'classification')
    expect(target).toEqual({
      task: 'classification',
      classes: ['Dropout', 'Enrolled', 'Graduate'],
      codes: Int32Array.from([2, 0, 1, 2]),
    })
  })

  test('leaves out a declared category that no row has', () => {
    const target = makeTarget(category(['a', 'never', 'z'], 2, 0), 'y', 'classification')
    expect(target).toMatchObject({ classes: ['a', 'z'], codes: Int32Array.from([1, 0]) })
  })

  test('is made from whole numbers and from text, too', () => {
    expect(makeTarget(numbers(1, 0, -0, 1), 'y', 'classification')).toMatchObject({
      classes: ['0', '1'],
      codes: Int32Array.from([1, 0, 0, 1]),
    })
    expect(makeTarget(text('yes', 'no'), 'y', 'classification')).toMatchObject({ classes: ['no', 'yes'] })
  })

  test('with one class is refused, naming it', () => {
    expect(() => makeTarget(category(['pass', 'fail'], 0, 0), 'G3', 'classification')).toThrow(
      withCode('TARGET_ONE_CLASS', /"G3".*"pass".*2 rows/),
    )
  })

  test('that is clearly a quantity or a date is refused', () => {
    const grades = numbers(...Array.from({ length: 60 }, (_, i) => i + 0.5))
    expect(() => makeTarget(grades, 'grade', 'classification')).toThrow(
      withCode('TARGET_NOT_CLASSES', /60 distinct numbers/),
    )
    expect(() => makeTarget({ kind: 'date', values: new Float64Array(2) }, 'day', 'classification')).toThrow(
      withCode('TARGET_NOT_CLASSES', /dates/),
    )
  })
})

describe('a regression target', () => {
  test('is the column’s numbers', () => {
    expect(makeTarget(numbers(1, 2.5), 'G3', 'regression')).toEqual({
      task: 'regression',
      values: Float64Array.from([1, 2.5]),
    })
  })

  test('of words or categories is refused, without showing a value', () => {
    expect(() => makeTarget(text('secret', 'words'), 'G3', 'regression')).toThrow(
      withCode('TARGET_NOT_NUMERIC', /^(?!.*secret).*text/),
    )
    expect(() => makeTarget(category(['a', 'b'], 0, 1), 'G3', 'regression')).toThrow(
      withCode('TARGET_NOT_NUMERIC', /2 of them/),
    )
    expect(() => makeTarget(numbers(1, Number.POSITIVE_INFINITY), 'G3', 'regression')).toThrow(
      withCode('TARGET_NOT_NUMERIC', /row 1/),
    )
  })

  test('that never changes is refused', () => {
    expect(() => makeTarget(numbers(7, 7, 7), 'G3', 'regression')).toThrow(withCode('TARGET_CONSTANT', /3 rows/))
  })
})

test('missing target values are counted and the first is placed', () => {
  expect(() => makeTarget(numbers(1, Number.NaN, Number.NaN), 'G3', 'regression')).toThrow(
    withCode('TARGET_MISSING', /2 of 3 rows, first in row 1/),
  )
  expect(() => makeTarget(category(['a', 'b'], 0, -1, 1), 'y', 'classification')).toThrow(
    withCode('TARGET_MISSING', /1 of 3/),
  )
  expect(() => makeTarget(text(null, 'a'), 'y', 'classification')).toThrow(withCode('TARGET_MISSING', /1 of 2/))
  expect(() => makeTarget(numbers(), 'y', 'regression')).toThrow(withCode('TARGET_MISSING', /no rows/))
})

test('code-point order puts a letter beyond U+FFFF last, unlike JavaScript’s own order', () => {
  expect(['\u{1F600}', '\uFF5E', 'a', 'ab'].sort(byCodePoint)).toEqual(['a', 'ab', '\uFF5E', '\u{1F600}'])
})
