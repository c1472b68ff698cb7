import { expect, test } from 'vitest'
import { makeTable } from '../table/table.ts'
import { explainRecord } from './explain-record.ts'

test('a text is not sent back: its terms say what counted, at most those that the explanation lists', () => {
  const terms = [{ term: 'network', contribution: 0.4 }]
  const explanation = explainRecord({
    pipeline: {
      target: { task: 'classification', classes: ['no', 'yes'] },
      withDerived: (table) => table,
      explain: () => ({
        space: 'log-odds',
        base: 0.1,
        score: 0.7,
        contributions: [
          { feature: 'views', contribution: 0.1 },
          { feature: 'body', contribution: 0.5, terms },
        ],
        beforeCalibration: false,
        backgroundRows: null,
      }),
    },
    table: makeTable([
      ['body', { kind: 'text', values: ['My network and me'] }],
      ['views', { kind: 'number', values: Float64Array.of(3) }],
    ]),
    row: 0,
    record: { body: 'My network and me', views: 3 },
    output: 1,
    of: 'yes',
  })
  expect(explanation.contributions).toEqual([
    { feature: 'body', value: null, contribution: 0.5, terms },
    { feature: 'views', value: 3, contribution: 0.1 },
  ])
  expect(JSON.stringify(explanation)).not.toContain('My network')
  expect(explanation).not.toHaveProperty('backgroundRows')
})

test('of a blend it says how many background rows the base is the mean of', () => {
  const explanation = explainRecord({
    pipeline: {
      target: { task: 'regression', classes: [] },
      withDerived: (table) => table,
      explain: () => ({
        space: 'value',
        base: 4,
        score: 5,
        contributions: [{ feature: 'views', contribution: 1 }],
        beforeCalibration: false,
        backgroundRows: 24,
      }),
    },
    table: makeTable([['views', { kind: 'number', values: Float64Array.of(3) }]]),
    row: 0,
    record: { views: 3 },
    output: 0,
    of: 'price',
  })
  expect(explanation).toEqual({
    score: 'price',
    base: 4,
    total: 5,
    backgroundRows: 24,
    contributions: [{ feature: 'views', value: 3, contribution: 1 }],
  })
})
