import { describe, expect, test } from 'vitest'
import type { Target } from '../../table/target.ts'
import { withoutKernels } from '../kernels/load-kernels.ts'
import { matrixOf, syntheticData } from '../tree/testing/synthetic.ts'
import { gradientBoosting } from './gradient-boosting.ts'
import { GradientBoostingOptions } from './options.ts'
import { boostingData, boostingFixture, PARITY_OPTIONS } from './testing/boosting-data.ts'
import { type ValueLoss, valueLossOf } from './value-losses.ts'
import { weightedQuantile } from './weighted-quantile.ts'

const learn = (x: ReturnType<typeof matrixOf>, values: Float64Array, options: object, sampleWeight?: Float64Array) =>
  gradientBoosting.fit(
    { x, target: { task: 'regression', values }, seed: 1, ...(sampleWeight ? { sampleWeight } : {}) },
    GradientBoostingOptions.parse({ preset: 'lightgbm-compatible', ...options }),
  )

test('the weighted quantile is that of rows repeated, and the median of an even number is the middle of two', () => {
  const all = Float64Array.of(3, 1, 4, 1, 5, 9, 2, 6)
  const ones = new Float64Array(8).fill(1)
  expect(weightedQuantile(all, ones, 0.5)).toBe(3.5)
  expect(weightedQuantile(all, ones, 0)).toBe(1)
  expect(weightedQuantile(all, ones, 1)).toBe(9)
  const repeated = Float64Array.of(2, 2, 2, 7, 8, 8)
  for (const share of [0.1, 0.5, 0.6, 2 / 3, 0.9]) {
    const whole = weightedQuantile(Float64Array.of(8, 2, 7), Float64Array.of(2, 3, 1), share)
    expect(whole).toBe(weightedQuantile(repeated, new Float64Array(6).fill(1), share))
  }
})

describe.each(boostingFixture.losses)("boosting with $loss answers as scikit-learn's", (reference) => {
  const { x, signal } = boostingData(reference.seed, reference.n)
  const { loss, quantile, rounds } = reference
  const values = loss === 'poisson' ? signal.map((s) => Math.floor(Math.exp(s / 4))) : signal
  const options = { ...PARITY_OPTIONS, loss, maxIterations: rounds, ...(quantile ? { quantile } : {}) }
  const answers = learn(x, values, options).predict(x)

  test(
    loss === 'quantile'
      ? 'nearly: its quantile of a leaf lies between two rows where ours is one of them'
      : 'row by row',
    () => {
      const off = reference.predictions.map((answer, row) => Math.abs(answers[row]! - answer))
      if (loss === 'quantile') expect(off.reduce((sum, value) => sum + value, 0) / off.length).toBeLessThan(0.05)
      else expect(Math.max(...off)).toBeLessThan(1e-5)
      const mean = answers.reduce((sum, value) => sum + value, 0) / answers.length
      expect(Math.abs(mean - reference.mean)).toBeLessThan(loss === 'quantile' ? 0.05 : 1e-5)
    },
  )
})

const LOSSES: readonly ValueLoss[] = ['absolute_error', 'quantile', 'poisson']

describe.each(LOSSES)('the loss %s', (kind) => {
  const random = syntheticData('regression', 9, 60)
  const values = (random.target as Extract<Target, { task: 'regression' }>).values.map((value) => Math.abs(value))
  const weights = Float64Array.from({ length: 60 }, (_, row) => 1 + (row % 3))
  const loss = valueLossOf(kind, values, weights, 0.7)
  const raw = Float64Array.from({ length: 60 }, (_, i) => Math.sin(i * 1.7))
  const total = weights.reduce((a, b) => a + b, 0)

  test('has the gradients that small steps of the mean loss give', () => {
    const gradients = new Float64Array(60)
    const hessians = new Float64Array(60)
    loss.gradients(raw, 0, gradients, hessians)
    for (let row = 0; row < 60; row++) {
      const at = (shift: number) => {
        const moved = raw.slice()
        moved[row]! += shift
        return loss.mean(moved) * total
      }
      expect(gradients[row]).toBeCloseTo((at(1e-5) - at(-1e-5)) / 2e-5, 5)
      expect(hessians[row]!).toBeGreaterThan(0)
    }
  })

  test('starts from the best constant', () => {
    const constant = (shift: number) => loss.mean(new Float64Array(60).fill(loss.initial[0]! + shift))
    for (const shift of [0.01, -0.01, 0.2, -0.2]) {
      expect(constant(0)).toBeLessThanOrEqual(constant(shift) + 1e-12)
    }
  })

  test('gives the same bytes with and without kernels, comes back from its state, and its reasons add up', () => {
    const options = { loss: kind, quantile: 0.7, maxIterations: 8, subsample: 0.8, minSamplesLeaf: 3 }
    const model = learn(random.x, values, options, weights)
    expect(model.state()).toEqual(withoutKernels(() => learn(random.x, values, options, weights).state()))
    expect(gradientBoosting.restore(model.state()).predict(random.x)).toEqual(model.predict(random.x))
    const { base, score, contributions, space } = model.explain(random.x, 5, 0)
    expect(Math.abs(contributions.reduce((a, b) => a + b, base) - score)).toBeLessThan(1e-9)
    const answer = model.predict(random.x)[5]!
    expect(space).toBe(kind === 'poisson' ? 'log-value' : 'value')
    expect(kind === 'poisson' ? Math.exp(score) : score).toBeCloseTo(answer, 12)
  })

  test('early stopping watches this loss', () => {
    const options = { loss: kind, quantile: 0.7, maxIterations: 60, earlyStoppingRounds: 3, minSamplesLeaf: 2 }
    expect(learn(random.x, values, options).predict(random.x).every(Number.isFinite)).toBe(true)
  })
})

test('quantiles lie below each other and have their share of the rows below them', () => {
  const { x, target } = syntheticData('regression', 12, 1500)
  const { values } = target as Extract<Target, { task: 'regression' }>
  const below = [0.1, 0.5, 0.9].map((quantile) => {
    const answers = learn(x, values, { loss: 'quantile', quantile, maxIterations: 60 }).predict(x)
    return values.reduce((n, value, row) => n + (value <= answers[row]! ? 1 : 0), 0) / 1500
  })
  for (const [i, share] of [0.1, 0.5, 0.9].entries()) expect(Math.abs(below[i]! - share)).toBeLessThan(0.05)
})

test('outliers do not move the answers of the absolute error', () => {
  const x = matrixOf(200, 1, (row) => row)
  const values = Float64Array.from({ length: 200 }, (_, row) => (row % 20 === 7 ? 1e6 : row < 100 ? 1 : 2))
  const answers = learn(x, values, { loss: 'absolute_error' }).predict(x)
  expect(Math.max(...answers)).toBeLessThan(2.1)
})

test('poisson refuses targets below 0 and targets that are all 0, and says how many', () => {
  const x = matrixOf(4, 1, (row) => row)
  const code = { code: 'TARGET_NOT_COUNTS' }
  expect(() => learn(x, Float64Array.of(1, -1, 2, -3), { loss: 'poisson' })).toThrow('2 of 4 are negative')
  expect(() => learn(x, Float64Array.of(1, -1, 2, -3), { loss: 'poisson' })).toThrow(expect.objectContaining(code))
  expect(() => learn(x, new Float64Array(4), { loss: 'poisson' })).toThrow('all are 0')
})
