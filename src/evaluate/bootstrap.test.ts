import { describe, expect, test } from 'vitest'
import { RandomState } from '../table/random.ts'
import { selectTarget, type Target } from '../table/target.ts'
import { bootstrapIntervals, percentileBounds, resample } from './bootstrap.ts'
import { compareModels } from './compare.ts'
import { scoreAll } from './metrics/score-all.ts'

/** Synthetic: n rows of three classes, and predictions that are right more often the larger `skill` is. */
function threeClasses(n: number, skill: number, seed = 1): { target: Target; predictions: Float64Array } {
  const random = new RandomState(seed)
  const codes = new Int32Array(n).map(() => random.randint(3))
  const predictions = new Float64Array(3 * n)
  for (let row = 0; row < n; row++) {
    const z = [0, 1, 2].map((c) => Math.exp(random.normal() + (c === codes[row] ? skill : 0)))
    const sum = z.reduce((a, b) => a + b)
    for (let c = 0; c < 3; c++) predictions[row * 3 + c] = z[c]! / sum
  }
  return { target: { task: 'classification', codes, classes: ['a', 'b', 'c'] }, predictions }
}

describe('bootstrap intervals', () => {
  test('are what drawing the rows themselves gives, metric by metric', () => {
    const { target, predictions } = threeClasses(40, 1)
    const values: Record<string, number[]> = {}
    resample(40, null, 50, { seed: 7 }, (counts) => {
      const rows = Uint32Array.from(Array.from(counts).flatMap((count, row) => Array<number>(count).fill(row)))
      const drawn = Float64Array.from(
        Array.from(rows).flatMap((row) => Array.from(predictions.subarray(row * 3, row * 3 + 3))),
      )
      for (const [name, value] of Object.entries(scoreAll(selectTarget(target, rows), drawn))) {
        values[name] = [...(values[name] ?? []), value]
      }
    })
    const intervals = bootstrapIntervals(target, predictions, { resamples: 50, seed: 7 })
    expect(Object.keys(intervals)).toEqual(Object.keys(values))
    for (const [name, { value, low, high, resamples }] of Object.entries(intervals)) {
      const expected = percentileBounds(Float64Array.from(values[name]!))
      expect(low, name).toBeCloseTo(expected.low, 10)
      expect(high, name).toBeCloseTo(expected.high, 10)
      expect(resamples).toBe(50)
      expect(value).toBe(scoreAll(target, predictions)[name])
    }
  })

  test('hold the true accuracy about as often as they say', () => {
    // True accuracy 0.7: each of 200 tables of 150 rows; an exact 95 % interval misses about 10 times.
    let held = 0
    for (let seed = 0; seed < 200; seed++) {
      const random = new RandomState(seed)
      const codes = new Int32Array(150).map(() => random.randint(2))
      const predictions = Float64Array.from(
        Array.from(codes).flatMap((code) => ((random.random() < 0.7 ? code : 1 - code) ? [0.2, 0.8] : [0.8, 0.2])),
      )
      const { accuracy } = bootstrapIntervals({ task: 'classification', codes, classes: ['a', 'b'] }, predictions, {
        resamples: 200,
        seed,
      })
      if (accuracy!.low <= 0.7 && 0.7 <= accuracy!.high) held++
    }
    expect(held).toBeGreaterThanOrEqual(178)
    expect(held).toBeLessThanOrEqual(199)
  })

  test('are the same for the same seed, and other ones for another', () => {
    const { target, predictions } = threeClasses(60, 1)
    const first = bootstrapIntervals(target, predictions, { resamples: 30, seed: 1 })
    expect(bootstrapIntervals(target, predictions, { resamples: 30, seed: 1 })).toEqual(first)
    expect(bootstrapIntervals(target, predictions, { resamples: 30, seed: 2 })).not.toEqual(first)
  })

  test('of some metrics alone are those that all together have', () => {
    const { target, predictions } = threeClasses(60, 1)
    const all = bootstrapIntervals(target, predictions, { resamples: 30, seed: 1 })
    const some = bootstrapIntervals(target, predictions, { resamples: 30, seed: 1, metrics: ['log_loss', 'accuracy'] })
    expect(some).toEqual({ accuracy: all.accuracy, log_loss: all.log_loss })
  })

  test('leave out resamples without a value, and say how many had one', () => {
    const target: Target = { task: 'classification', codes: Int32Array.from([0, 0, 0, 1]), classes: ['a', 'b'] }
    const { roc_auc } = bootstrapIntervals(target, Float64Array.from([0.9, 0.1, 0.8, 0.2, 0.4, 0.6, 0.5, 0.5]), {
      resamples: 200,
      seed: 1,
    })
    expect(roc_auc!.resamples).toBeGreaterThan(50)
    expect(roc_auc!.resamples).toBeLessThan(200) // the one row of class b is missing in a third
    expect(roc_auc!.value).toBeCloseTo(2 / 3, 12)
  })

  test('stop when aborted', () => {
    const { target, predictions } = threeClasses(10, 1)
    expect(() => bootstrapIntervals(target, predictions, { seed: 1, signal: AbortSignal.abort() })).toThrow(
      expect.objectContaining({ code: 'CANCELLED' }),
    )
  })
})

describe('the winner beside its baseline', () => {
  const n = 300
  const { target, predictions } = threeClasses(n, 1.5)
  const baseline = new Float64Array(3 * n).fill(1 / 3)
  const of = (rows: ReturnType<typeof compareModels>, name: string) => rows.find((row) => row.metric === name)!

  test('is better in accuracy and in log loss, whose gain is how much lower it is', () => {
    const rows = compareModels(target, predictions, baseline, { resamples: 200, seed: 3 })
    for (const name of ['accuracy', 'f1_macro', 'log_loss', 'roc_auc_ovr']) {
      const { gain, verdict, shareBetter } = of(rows, name)
      expect(verdict, name).toBe('better')
      expect(shareBetter, name).toBe(1)
      expect(gain.low).toBeGreaterThan(0)
      expect(gain.value).toBeGreaterThan(gain.low)
    }
    const loss = of(rows, 'log_loss')
    expect(loss.gain.value).toBeCloseTo(loss.baseline.value - loss.winner.value, 12)
  })

  test('against itself is undecided, with a gain of 0 in every resample', () => {
    for (const { verdict, gain, shareBetter } of compareModels(target, predictions, predictions, {
      resamples: 20,
      seed: 3,
    })) {
      expect(verdict).toBe('undecided')
      expect(gain).toEqual({ value: 0, low: 0, high: 0 })
      expect(shareBetter).toBe(0.5)
    }
  })

  test('the other way round is worse, by the same amount', () => {
    const there = of(compareModels(target, predictions, baseline, { resamples: 100, seed: 3 }), 'log_loss')
    const back = of(compareModels(target, baseline, predictions, { resamples: 100, seed: 3 }), 'log_loss')
    expect(back.verdict).toBe('worse')
    expect(back.gain.low).toBeCloseTo(-there.gain.high, 12)
  })

  test('has the very intervals that the models have by themselves', () => {
    const alone = bootstrapIntervals(target, predictions, { resamples: 50, seed: 9 })
    for (const { metric, winner } of compareModels(target, predictions, baseline, { resamples: 50, seed: 9 })) {
      const { value, low, high } = alone[metric]!
      expect(winner).toEqual({ value, low, high })
    }
  })

  test('compares numbers, too', () => {
    const values = Float64Array.from({ length: 50 }, (_, i) => i)
    const near = values.map((value, i) => value + (i % 3) - 1)
    const mean = new Float64Array(50).fill(24.5)
    const rows = compareModels({ task: 'regression', values }, near, mean, { resamples: 50, seed: 1 })
    expect(rows.map((row) => [row.metric, row.verdict])).toEqual([
      ['rmse', 'better'],
      ['mae', 'better'],
      ['r2', 'better'],
      ['median_absolute_error', 'better'],
      ['max_error', 'better'],
    ])
  })
})
