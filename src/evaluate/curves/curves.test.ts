import { describe, expect, test } from 'vitest'
import { RandomState } from '../../table/random.ts'
import type { Target } from '../../table/target.ts'
import curves from '../fixtures/curves.json' with { type: 'json' }
import fixture from '../fixtures/metrics.json' with { type: 'json' }
import { scoreAll } from '../metrics/score-all.ts'
import { calibrationCurves } from './calibration-curves.ts'
import { classReport } from './class-report.ts'
import { confusionMatrix } from './confusion-matrix.ts'
import { precisionRecallCurves } from './precision-recall-curves.ts'
import { predictionPoints } from './prediction-points.ts'
import { rocCurves } from './roc-curves.ts'

type ClassTarget = Extract<Target, { task: 'classification' }>

function inputs(name: string) {
  const found = fixture.classification.find((entry) => entry.name === name)!
  const classes = Array.from({ length: found.nClasses }, (_, i) => `class ${i}`)
  const target: ClassTarget = { task: 'classification', codes: Int32Array.from(found.codes), classes }
  const options = {
    binaryPositive: classes[found.positive]!,
    ...(found.weights ? { sampleWeight: Float64Array.from(found.weights) } : {}),
  }
  return { target, probabilities: Float64Array.from(found.probabilities.flat()), options }
}

function expectAllClose(actual: readonly (number | null)[], expected: readonly number[]) {
  expect(actual).toHaveLength(expected.length)
  actual.forEach((value, i) => {
    expect(value).toBeCloseTo(expected[i]!, 12)
  })
}

describe.each(curves.cases)('over "$name"', (expected) => {
  const { target, probabilities, options } = inputs(expected.name)

  test('the ROC curves are scikit-learn’s, and their areas the metric’s', () => {
    const found = rocCurves(target, probabilities, options)
    expect(found.map(({ label }) => label)).toEqual(expected.classes.map(({ code }) => `class ${code}`))
    found.forEach((curve, i) => {
      // With weights, whether three points lie on a line hangs on the last bit of a sum: compare the curves as functions.
      if (options.sampleWeight === undefined) {
        expectAllClose(curve.falsePositiveRate, expected.classes[i]!.fpr)
        expectAllClose(curve.truePositiveRate, expected.classes[i]!.tpr)
        expectAllClose(curve.thresholds.slice(1), expected.classes[i]!.rocThresholds)
      }
      expect(trapezoid(curve.falsePositiveRate, curve.truePositiveRate)).toBeCloseTo(curve.auc!, 12)
      expect(trapezoid(expected.classes[i]!.fpr, expected.classes[i]!.tpr)).toBeCloseTo(curve.auc!, 12)
    })
  })

  test('the precision-recall curves are scikit-learn’s', () => {
    precisionRecallCurves(target, probabilities, options).forEach((curve, i) => {
      expectAllClose(curve.precision, expected.classes[i]!.precision)
      expectAllClose(curve.recall, expected.classes[i]!.recall)
      expectAllClose(curve.thresholds, expected.classes[i]!.prThresholds)
    })
  })

  test('the calibration curves are scikit-learn’s, in bins of one width and of one size', () => {
    for (const strategy of ['uniform', 'quantile'] as const) {
      for (const bins of [5, 10] as const) {
        const { curves: found } = calibrationCurves(target, probabilities, {
          strategy,
          bins,
          binaryPositive: options.binaryPositive,
        })
        found.forEach(({ points }, i) => {
          const { observed, predicted } = expected.classes[i]![`${strategy}${bins}`]
          expectAllClose(
            points.map((point) => point.observed),
            observed,
          )
          expectAllClose(
            points.map((point) => point.predicted),
            predicted,
          )
          expect(points.reduce((sum, { count }) => sum + count, 0)).toBe(target.codes.length)
        })
      }
    }
  })

  test('the confusion matrix and the report by class are scikit-learn’s', () => {
    const matrix = confusionMatrix(target, probabilities, options)
    matrix.counts.forEach((line, i) => {
      expectAllClose(line, expected.confusion[i]!)
    })
    classReport(target, probabilities, options).forEach(({ precision, recall, f1, support }, i) => {
      const { precision: p, recall: r, 'f1-score': f, support: s } = expected.report[i]!
      expectAllClose([precision, recall, f1, support], [p, r, f, s])
    })
  })
})

function trapezoid(x: readonly number[], y: readonly number[]): number {
  let area = 0
  for (let i = 1; i < x.length; i++) area += ((x[i]! - x[i - 1]!) * (y[i]! + y[i - 1]!)) / 2
  return area
}

test('lines of a confusion matrix are shares of the true class; a class without rows has none', () => {
  const target: ClassTarget = { task: 'classification', codes: Int32Array.from([0, 0, 0, 1]), classes: ['a', 'b', 'c'] }
  const { shares } = confusionMatrix(target, Float64Array.from([1, 0, 0, 1, 0, 0, 0, 0, 1, 0, 1, 0]))
  expect(shares).toEqual([
    [2 / 3, 0, 1 / 3],
    [0, 1, 0],
    [0, 0, 0],
  ])
})

test('a class without rows has a curve without points, and JSON holds it', () => {
  const target: ClassTarget = { task: 'classification', codes: Int32Array.from([0, 1]), classes: ['a', 'b', 'c'] }
  const probabilities = Float64Array.from([0.5, 0.3, 0.2, 0.2, 0.5, 0.3])
  const roc = rocCurves(target, probabilities)[2]
  expect(roc).toEqual({ label: 'c', auc: null, falsePositiveRate: [], truePositiveRate: [], thresholds: [] })
  const precisionRecall = precisionRecallCurves(target, probabilities)[2]
  expect(precisionRecall).toEqual({
    label: 'c',
    averagePrecision: null,
    prevalence: 0,
    recall: [],
    precision: [],
    thresholds: [],
  })
  expect(classReport(target, probabilities)[2]).toMatchObject({ support: 0, rocAuc: null, averagePrecision: null })
  const all = { roc: rocCurves(target, probabilities), calibration: calibrationCurves(target, probabilities) }
  expect(JSON.parse(JSON.stringify(all))).toEqual(all)
})

test('the bins of confidence give the calibration error', () => {
  const { target, probabilities } = inputs('three classes')
  const { confidence } = calibrationCurves(target, probabilities)
  expect(confidence).toHaveLength(15)
  const gap = confidence.reduce(
    (sum, { count, accuracy, meanConfidence }) => sum + count * Math.abs((accuracy ?? 0) - (meanConfidence ?? 0)),
    0,
  )
  expect(gap / target.codes.length).toBeCloseTo(scoreAll(target, probabilities).ece!, 12)
})

test('curves over many rows are thinned, with their ends and nearly their area', () => {
  const n = 20_000
  const random = new RandomState(1)
  const codes = new Int32Array(n).map(() => random.randint(2))
  const probabilities = Float64Array.from(
    Array.from(codes).flatMap((code) => {
      const p = 1 / (1 + Math.exp(-random.normal() - code))
      return [1 - p, p]
    }),
  )
  const target: ClassTarget = { task: 'classification', codes, classes: ['no', 'yes'] }
  const roc = rocCurves(target, probabilities)[0]!
  expect(roc.thresholds.length).toBeLessThanOrEqual(1001)
  expect([roc.falsePositiveRate.at(-1), roc.truePositiveRate.at(-1)]).toEqual([1, 1])
  expect(Math.abs(trapezoid(roc.falsePositiveRate, roc.truePositiveRate) - roc.auc!)).toBeLessThan(1e-3)
  expect(precisionRecallCurves(target, probabilities)[0]!.recall.length).toBeLessThanOrEqual(1000)
})

test('points of a regression leave out rows without a prediction, and are a fixed sample of many rows', () => {
  const target = { task: 'regression', values: Float64Array.from([1, 2, 3]) } as const
  const points = predictionPoints(target, Float64Array.from([1.5, Number.NaN, 2.5]))
  expect(points).toEqual({ nRows: 3, actual: [1, 3], predicted: [1.5, 2.5] })
  const many = { task: 'regression', values: Float64Array.from({ length: 500 }, (_, i) => i) } as const
  const sample = predictionPoints(many, many.values, 50)
  expect(sample.actual).toHaveLength(50)
  expect(new Set(sample.actual).size).toBe(50)
  expect(predictionPoints(many, many.values, 50)).toEqual(sample)
})
