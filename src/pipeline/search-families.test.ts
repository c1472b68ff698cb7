import { expect, test } from 'vitest'
import { sampleTrials } from '../evaluate/search/sample-trials.ts'
import { SearchOptions } from './project.ts'
import { familyOf } from './search-families.ts'

const facts = { nRows: 100, nColumns: 5, task: 'classification' } as const

test('without a declared space the built-in one is drawn from, after the defaults', () => {
  const family = familyOf('logistic-regression', facts, {})
  expect(family.defaults).toMatchObject({ C: 1 })
})

test('a declared distribution stands in for the built-in one, and every trial keeps to it', () => {
  const { space, defaults } = familyOf('random-forest', facts, {
    'random-forest': {
      minSamplesLeaf: { type: 'int', low: 20, high: 30 },
      classWeight: { type: 'choice', values: [null, 'balanced'] },
    },
  })
  const trials = sampleTrials(space, 30, 1, defaults)
  expect(trials).toHaveLength(30)
  for (const trial of trials) expect(trial['minSamplesLeaf']).toBeGreaterThanOrEqual(20)
  expect(trials.some((trial) => trial['classWeight'] === 'balanced')).toBe(true)
  expect(trials.some((trial) => trial['maxFeatures'] === 0.3)).toBe(true)
})

test('a declared grid is drawn without repeats, and gives no more trials than it has points', () => {
  const declared = {
    'logistic-regression': {
      C: { type: 'choice' as const, values: [1, 2, 3] },
      classWeight: { type: 'choice' as const, values: [null] },
    },
  }
  const { space, defaults } = familyOf('logistic-regression', facts, declared)
  expect(
    sampleTrials(space, 30, 1, defaults)
      .map((trial) => trial['C'])
      .sort(),
  ).toEqual([1, 2, 3])
})

test('class weights are drawn only where a project asks for them: they bend probabilities, and labels are weighed after the fit', () => {
  for (const name of ['logistic-regression', 'random-forest', 'gradient-boosting'])
    expect(Object.keys(familyOf(name, { ...facts, nRows: 4000 }, {}).space)).not.toContain('classWeight')
})

test('a project may declare distributions for one kind of model and leave the others out', () => {
  const spaces = { 'random-forest': { nEstimators: { type: 'int', low: 10, high: 20 } } }
  expect(SearchOptions.parse({ spaces }).spaces).toEqual(spaces)
  expect(SearchOptions.safeParse({ spaces: { forest: {} } }).success).toBe(false)
})

test('an option that the model does not have is named, with the one that was meant', () => {
  expect(() =>
    familyOf('random-forest', facts, { 'random-forest': { maxDeph: { type: 'int', low: 1, high: 3 } } }),
  ).toThrow(/maxDeph.*did you mean "maxDepth"/)
})
