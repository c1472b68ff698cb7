import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { Target } from '../../table/target.ts'
import fixture from '../fixtures/metrics.json' with { type: 'json' }
import { metricNamed, metrics, metricsFor, scoringMetric } from './registry.ts'
import { scoreAll, scoreWithReasons } from './score-all.ts'

const classes = (n: number) => Array.from({ length: n }, (_, i) => `class ${i}`)
const classTarget = (codes: readonly number[], nClasses: number): Target => ({
  task: 'classification',
  codes: Int32Array.from(codes),
  classes: classes(nClasses),
})
const numberTarget = (values: readonly number[]): Target => ({ task: 'regression', values: Float64Array.from(values) })
const weightsOf = (weights: readonly number[] | null) => (weights ? { sampleWeight: Float64Array.from(weights) } : {})

/** Sums run in another order than numpy's: equal within 1e-12, relative where large. */
function expectClose(actual: number | undefined, expected: number | null, name: string) {
  if (expected === null) expect(actual, name).toBeNaN()
  else expect(Math.abs(actual! - expected), name).toBeLessThanOrEqual(1e-12 * Math.max(1, Math.abs(expected)))
}

describe('classification metrics are scikit-learn’s', () => {
  test.each(fixture.classification)('$name', ({ nClasses, codes, probabilities, weights, positive, expected }) => {
    const target = classTarget(codes, nClasses)
    const scores = scoreAll(target, Float64Array.from(probabilities.flat()), {
      ...weightsOf(weights),
      binaryPositive: classes(nClasses)[positive]!,
    })
    const { ece, ...others } = scores
    expect(Object.keys(others).sort()).toEqual(Object.keys(expected).sort())
    for (const [name, value] of Object.entries(expected)) expectClose(scores[name], value, name)
    expect(ece).toBeGreaterThanOrEqual(0)
  })
})

describe('regression metrics are scikit-learn’s', () => {
  test.each(fixture.regression)('$name', ({ values, predictions, weights, expected }) => {
    const scores = scoreAll(numberTarget(values), Float64Array.from(predictions), weightsOf(weights))
    expect(Object.keys(scores).sort()).toEqual(Object.keys(expected).sort())
    for (const [name, value] of Object.entries(expected)) expectClose(scores[name], value, name)
  })
})

describe('the calibration error', () => {
  test('is the weighted gap between confidence and accuracy over fifteen bins, worked by hand', () => {
    // Confidence 0.9 four times, right three times: |0.75 - 0.9|. Confidence 0.55 once, wrong: |0 - 0.55|.
    const target = classTarget([0, 0, 0, 1, 1], 2)
    const rows = [0.9, 0.1, 0.9, 0.1, 0.9, 0.1, 0.9, 0.1, 0.55, 0.45]
    expect(scoreAll(target, Float64Array.from(rows)).ece).toBeCloseTo((4 * 0.15 + 0.55) / 5, 12)
    const weights = Float64Array.from([1, 1, 1, 1, 0])
    expect(scoreAll(target, Float64Array.from(rows), { sampleWeight: weights }).ece).toBeCloseTo(0.15, 12)
  })

  test('counts a confidence on an edge to the bin below', () => {
    // 0.6 = 9/15 is the upper edge of one bin; 0.61 is in the next: their gaps don't cancel.
    const rows = Float64Array.from([0.6, 0.4, 0.61, 0.39])
    expect(scoreAll(classTarget([0, 1], 2), rows).ece).toBeCloseTo((0.4 + 0.61) / 2, 12)
  })
})

describe('any metric', () => {
  const cases = fc
    .integer({ min: 2, max: 4 })
    .chain((nClasses) =>
      fc.tuple(
        fc.constant(nClasses),
        fc.array(
          fc.tuple(
            fc.nat(nClasses - 1),
            fc.array(fc.integer({ min: 1, max: 5 }), { minLength: nClasses, maxLength: nClasses }),
            fc.nat(3),
          ),
          { minLength: 1, maxLength: 30 },
        ),
      ),
    )

  test('is the same for a row of weight 3 as for the row three times, and does not depend on row order', () => {
    fc.assert(
      fc.property(cases, ([nClasses, rows]) => {
        const probabilities = (list: typeof rows) =>
          Float64Array.from(
            list.flatMap(([, parts]) => parts.map((part) => part / parts.reduce((sum, p) => sum + p, 0))),
          )
        const codes = (list: typeof rows) =>
          classTarget(
            list.map(([code]) => code),
            nClasses,
          )
        const sampleWeight = Float64Array.from(rows.map(([, , weight]) => weight))
        const weighted = scoreAll(codes(rows), probabilities(rows), { sampleWeight })
        const repeated = rows.flatMap((row) => Array<typeof row>(row[2]).fill(row)).reverse()
        const plain = scoreAll(codes(repeated), probabilities(repeated))
        for (const [name, value] of Object.entries(weighted))
          expectClose(plain[name], Number.isNaN(value) ? null : value, name)
      }),
      { numRuns: 60 },
    )
  })

  test('stays within its range', () => {
    fc.assert(
      fc.property(cases, ([nClasses, rows]) => {
        const probabilities = Float64Array.from(
          rows.flatMap(([, parts]) => parts.map((part) => part / parts.reduce((sum, p) => sum + p, 0))),
        )
        const scores = scoreAll(
          classTarget(
            rows.map(([code]) => code),
            nClasses,
          ),
          probabilities,
        )
        for (const [name, value] of Object.entries(scores)) {
          if (Number.isNaN(value)) continue
          const [low, high] = metricNamed(name, 'classification').range
          expect(value, name).toBeGreaterThanOrEqual((low ?? -Infinity) - 1e-12)
          expect(value, name).toBeLessThanOrEqual((high ?? Infinity) + 1e-12)
        }
      }),
      { numRuns: 60 },
    )
  })

  test('is NaN with a reason where it can’t be said, never an error', () => {
    const one = scoreWithReasons(classTarget([1, 1], 3), Float64Array.from([0.2, 0.5, 0.3, 0.1, 0.6, 0.3]))
    expect(one.roc_auc_ovr).toEqual({ value: Number.NaN, reason: 'only one class occurs' })
    expect(one.accuracy).toEqual({ value: 1 })
    const broken = scoreWithReasons(classTarget([0, 1], 2), Float64Array.from([Number.NaN, 0.5, 0.5, 0.5]))
    const empty = scoreWithReasons(classTarget([], 2), new Float64Array(0))
    const brokenNumbers = scoreWithReasons(numberTarget([1, 2]), Float64Array.from([1, Number.POSITIVE_INFINITY]))
    const emptyNumbers = scoreWithReasons(numberTarget([]), new Float64Array(0))
    const weightless = scoreWithReasons(numberTarget([1, 2]), Float64Array.from([1, 2]), {
      sampleWeight: new Float64Array(2),
    })
    for (const scores of [broken, empty, brokenNumbers, emptyNumbers, weightless]) {
      for (const [name, { value, reason }] of Object.entries(scores)) {
        expect(value, name).toBeNaN()
        expect(reason, name).toBeTruthy()
      }
    }
  })
})

describe('the list of metrics', () => {
  test('has every name once, with a title and a sentence', () => {
    expect(new Set(metrics.map((metric) => metric.name)).size).toBe(metrics.length)
    for (const metric of metrics) {
      expect(metric.title).not.toBe('')
      expect(metric.description).toMatch(/\.$/)
    }
  })

  test('adds f1, precision, recall and roc_auc for two classes alone', () => {
    const two = metricsFor(classTarget([0, 1], 2)).map((metric) => metric.name)
    const three = metricsFor(classTarget([0, 1], 3)).map((metric) => metric.name)
    expect(two.filter((name) => !three.includes(name))).toEqual(['f1', 'precision', 'recall', 'roc_auc'])
  })

  test('refuses a name that it does not have, and names those that it has', () => {
    expect(() => metricNamed('f1_marco', 'classification')).toThrow(
      expect.objectContaining({ code: 'METRIC_UNKNOWN', message: expect.stringContaining('f1_macro') }),
    )
    expect(() => scoringMetric('rmse', classTarget([0, 1], 2))).toThrow(
      expect.objectContaining({ code: 'METRIC_UNKNOWN' }),
    )
    expect(() => scoringMetric('roc_auc', classTarget([0, 1], 3))).toThrow(
      expect.objectContaining({ code: 'METRIC_UNKNOWN', hint: 'Use `roc_auc_ovr`.' }),
    )
    expect(scoringMetric('f1', classTarget([0, 1], 2)).title).toBe('F1')
  })
})

test('the positive class is the second in code-point order unless another is named', () => {
  const target: Target = { task: 'classification', codes: Int32Array.from([0, 0, 1]), classes: ['no', 'yes'] }
  const probabilities = Float64Array.from([0.9, 0.1, 0.4, 0.6, 0.2, 0.8])
  expect(scoreAll(target, probabilities).precision).toBe(1 / 2)
  expect(scoreAll(target, probabilities, { binaryPositive: 'no' }).precision).toBe(1)
  expect(() => scoreAll(target, probabilities, { binaryPositive: 'maybe' })).toThrow(
    expect.objectContaining({ code: 'INVALID_INPUT', message: expect.stringContaining('"no", "yes"') }),
  )
})

test('predictions or weights of another shape are a fault of the program', () => {
  const fault = expect.objectContaining({ code: 'INTERNAL' })
  expect(() => scoreAll(classTarget([0, 1], 2), new Float64Array(3))).toThrow(fault)
  expect(() => scoreAll(numberTarget([0, 1]), new Float64Array(3))).toThrow(fault)
  expect(() => scoreAll(numberTarget([0, 1]), new Float64Array(2), { sampleWeight: new Float64Array(1) })).toThrow(
    fault,
  )
  expect(() => scoreAll(numberTarget([0]), new Float64Array(1), { sampleWeight: Float64Array.of(-1) })).toThrow(fault)
})
