import fc from 'fast-check'
import { expect, test } from 'vitest'
import { idsInBody } from './ids-in-body.ts'

test.each([
  ['records', { records: [{ Student: 'a', Age: 1 }, { Student: 7 }] }],
  ['keys with blanks', { records: [{ ' Student ': 'a' }, { Student: '7' }] }],
  ['data frame in records', { dataframe_records: [{ Student: 'a' }, { Student: 7 }] }],
  [
    'data frame split',
    {
      dataframe_split: {
        columns: ['Age', 'Student'],
        data: [
          [1, 'a'],
          [2, 7],
        ],
      },
    },
  ],
  ['instances', { instances: [{ Student: 'a' }, { Student: 7 }] }],
  ['columns', { inputs: { Age: [1, 2], Student: ['a', 7] } }],
  [
    'tensors',
    {
      inputs: [
        { name: 'Age', data: [1, 2] },
        { name: 'Student', data: [['a'], [7]] },
      ],
    },
  ],
  ['CSV', 'Age,Student\n1,a\n2,7\n'],
])('the same persons are found in %s', (_, body) => {
  expect(idsInBody(body, 'Student')).toEqual(['a', '7'])
})

test('one flat object has one', () => {
  expect(idsInBody({ Student: 'a', Age: 3 }, 'Student')).toEqual(['a'])
})

test('what has none gives none, whatever it is', () => {
  for (const body of [
    null,
    3,
    [],
    {},
    { records: 3 },
    { records: [null, { Student: null }, { Student: '' }] },
    'Age\n1',
  ])
    expect(idsInBody(body, 'Student')).toEqual([])
  fc.assert(fc.property(fc.anything(), (body) => void idsInBody(body, 'Student')))
})
