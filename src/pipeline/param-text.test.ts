import { expect, test } from 'vitest'
import { membersText, paramTexts, unquotedParams } from './param-text.ts'

const OPTIONS = {
  preset: 'small-data',
  learningRate: 0.058945513112797665,
  extraTrees: true,
  maxDepth: null,
  l1: [1, 2],
}
const TEXTS = {
  'best.preset': 'small-data',
  'best.learningRate': '0.058945513112797665',
  'best.extraTrees': 'true',
  'best.maxDepth': 'null',
  'best.l1': '[1,2]',
}

test('a text among the params has no quotes, and numbers keep all their digits', () => {
  expect(paramTexts(OPTIONS, 'best.')).toEqual(TEXTS)
})

test('params that were recorded with quotes are those of today, so that an earlier search can be resumed', () => {
  const before = Object.fromEntries(Object.entries(OPTIONS).map(([key, value]) => [key, JSON.stringify(value)]))
  expect(before['preset']).toBe('"small-data"')
  expect(unquotedParams(before)).toEqual(paramTexts(OPTIONS))
  expect(unquotedParams({ odd: '"a" and "b"' })).toEqual({ odd: '"a" and "b"' })
})

test('members are named with short weights', () => {
  const member = { estimator: 'gradient-boosting', trial: 12, params: {}, weight: 0.48148148148148145 }
  expect(membersText([member, { ...member, estimator: 'random-forest', trial: 3, weight: 0.5 }])).toBe(
    'gradient-boosting 12 (0.4815), random-forest 3 (0.5)',
  )
})
