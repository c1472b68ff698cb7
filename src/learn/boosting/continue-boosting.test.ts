import { describe, expect, test } from 'vitest'
import { encodeState } from '../../packaging/state-codec.ts'
import { RandomState } from '../../table/random.ts'
import type { FitInput } from '../estimator.ts'
import { continueBoosting } from './continue-boosting.ts'
import { gradientBoosting } from './gradient-boosting.ts'
import { GradientBoostingOptions } from './options.ts'

function rows(task: 'regression' | 'binary' | 'three', nRows = 400, seed = 5): FitInput {
  const random = new RandomState(seed)
  const nColumns = 5
  const data = Float64Array.from({ length: nRows * nColumns }, () =>
    random.random() < 0.05 ? Number.NaN : random.random(),
  )
  const score = Float64Array.from(
    { length: nRows },
    (_, row) => (data[row] || 0) * 3 + (data[nRows + row] || 0) ** 2 + random.random(),
  )
  const x = { nRows, nColumns, data, names: ['a', 'b', 'c', 'd', 'e'] }
  if (task === 'regression') return { x, target: { task, values: score }, seed: 3 }
  const classes = task === 'binary' ? ['n', 'y'] : ['a', 'b', 'c']
  const codes = Int32Array.from(score, (value) =>
    Math.min(classes.length - 1, Math.floor(value / (4 / classes.length))),
  )
  return { x, target: { task: 'classification', classes, codes }, seed: 3 }
}

const options = (more: object = {}) =>
  GradientBoostingOptions.parse({ preset: 'lightgbm-compatible', maxLeaves: 8, minSamplesLeaf: 10, ...more })
const bytes = (model: { state(): Parameters<typeof encodeState>[0] }) =>
  Buffer.from(encodeState(model.state())).toString('base64')

describe('going on with boosting', () => {
  test.each([
    ['numbers', 'regression', {}],
    ['numbers by absolute error', 'regression', { loss: 'absolute_error' }],
    ['numbers, Poisson', 'regression', { loss: 'poisson' }],
    ['two classes', 'binary', {}],
    ['three classes', 'three', {}],
    ['sampled rows and columns', 'binary', { subsample: 0.7, featureFraction: 0.6 }],
    ['random thresholds', 'three', { extraTrees: true }],
  ] as const)('gives the bytes of all rounds at once: %s', (_, task, more) => {
    const input = rows(task)
    const whole = gradientBoosting.fit(input, options({ maxIterations: 30, ...more }))
    const part = gradientBoosting.fit(input, options({ maxIterations: 12, ...more }))
    expect(bytes(part)).not.toBe(bytes(whole))
    const restored = gradientBoosting.restore(part.state())
    for (const start of [part, restored])
      expect(bytes(continueBoosting(start, input, options({ maxIterations: 30, ...more })))).toBe(bytes(whole))
  })

  test('on newer rows it keeps the old trees, and answers those rows better', () => {
    const old = gradientBoosting.fit(rows('regression'), options({ maxIterations: 10 }))
    const newer = rows('regression', 400, 77)
    const gone = continueBoosting(old, newer, options({ maxIterations: 40 }))
    const mse = (model: { predict(x: FitInput['x']): Float64Array }) => {
      const values = newer.target.task === 'regression' ? newer.target.values : new Float64Array()
      return model.predict(newer.x).reduce((sum, value, row) => sum + (value - values[row]!) ** 2, 0)
    }
    expect(mse(gone)).toBeLessThan(0.5 * mse(old))
  })

  test('a model that has the rounds already comes back as it is', () => {
    const input = rows('binary')
    const model = gradientBoosting.fit(input, options({ maxIterations: 10 }))
    expect(continueBoosting(model, input, options({ maxIterations: 10 }))).toBe(model)
  })

  test.each([
    ['another task', rows('binary'), {}, /the task regression/],
    ['another link', rows('regression'), { loss: 'poisson' }, /the link identity/],
    [
      'other columns',
      { ...rows('regression'), x: { nRows: 1, nColumns: 1, data: new Float64Array(1), names: ['a'] } },
      {},
      /columns of 5/,
    ],
  ] as const)('%s is refused', (_, input, more, message) => {
    const model = gradientBoosting.fit(rows('regression'), options({ maxIterations: 3 }))
    expect(() => continueBoosting(model, input, options({ maxIterations: 9, ...more }))).toThrow(message)
  })
})
