import { expect, test } from 'vitest'
import type { ColumnSchema } from '../../../../../src/table/schema.ts'
import { choicesOf, emptyValues, exampleValues, toRecord } from './form-values.ts'

const seen = { missing: 0, distinct: 3, min: null, max: null, categories: ['1', '2', '3'] }
const course: ColumnSchema = {
  name: 'Course',
  kind: 'category',
  dataType: 'integer',
  declared: { required: false },
  observed: seen,
  labels: { 1: 'Nursing', 2: 'Design' },
}
const grade: ColumnSchema = {
  name: 'Grade',
  kind: 'number',
  dataType: 'float',
  declared: { required: false, min: 0 },
  observed: { ...seen, categories: [] },
}
const paid: ColumnSchema = {
  name: 'Paid',
  kind: 'category',
  dataType: 'boolean',
  declared: { required: false },
  observed: { ...seen, categories: [] },
}
const signature = {
  task: 'classification' as const,
  target: { name: 'Target', classes: ['a', 'b'] },
  inputs: [course, grade, paid],
  example: { Course: 2, Grade: 12.5, Paid: true },
}

test('the example fills the form, and the filled form gives the example back', () => {
  expect(toRecord(signature.inputs, exampleValues(signature))).toEqual(signature.example)
})

test('what is not known is sent as missing', () => {
  expect(toRecord(signature.inputs, emptyValues(signature))).toEqual({ Course: null, Grade: null, Paid: null })
})

test('zero and no are values, not gaps', () => {
  expect(toRecord(signature.inputs, { Course: '', Grade: '0', Paid: 'false' })).toEqual({
    Course: null,
    Grade: 0,
    Paid: false,
  })
})

test('a text in a number field goes to the server as it is', () => {
  expect(toRecord([grade], { Grade: 'ten' })).toEqual({ Grade: 'ten' })
})

test('choices show the meaning of a code where it has one', () => {
  expect(choicesOf(course)?.map((choice) => choice.text)).toEqual(['Nursing (1)', 'Design (2)', '3'])
})

test('declared categories go before those that were seen, and a present value is never lost', () => {
  const declared = { ...course, declared: { required: true, categories: ['2', '1'] } }
  expect(choicesOf(declared, '9')?.map((choice) => choice.value)).toEqual(['2', '1', '9'])
})

test('a yes-or-no field has both choices though training showed none', () => {
  expect(choicesOf(paid)?.map((choice) => choice.text)).toEqual(['Yes', 'No'])
})

test('a number has no choices', () => {
  expect(choicesOf(grade)).toBeNull()
})
