import { expect, test } from 'vitest'
import { metrics } from '../../../../../src/evaluate/metrics/registry.ts'
import type { Run } from '../../../../../src/track/tracking-store.ts'
import { betterWhen, mainMetrics, sortMetrics } from './metric-keys.ts'

function run(metrics: Record<string, number>, task = 'classification'): Run {
  return {
    id: 'a',
    experimentId: '1',
    name: 'run',
    status: 'FINISHED',
    startTime: 0,
    endTime: 1,
    parentRunId: null,
    tags: {},
    params: { task },
    metrics,
  }
}

test('columns are the telling metrics of the test rows, without their spreads', () => {
  const metrics = {
    'cv.f1_macro': 0.7,
    'test.log_loss': 0.5,
    'test.accuracy': 0.8,
    'test.f1_macro': 0.7,
    'test.f1_macro.low': 0.6,
    'test.recall_macro': 0.7,
    'cv.f1_macro.std': 0.1,
  }
  expect(mainMetrics([run(metrics)], 3)).toEqual(['test.f1_macro', 'test.accuracy', 'test.log_loss'])
})

test('runs without test rows show what cross-validation gave', () => {
  expect(mainMetrics([run({ 'cv.rmse': 2, 'cv.rmse.std': 0.1, 'fit.seconds': 3 })], 3)).toEqual(['cv.rmse'])
})

test('runs without metrics have no columns', () => {
  expect(mainMetrics([run({})], 3)).toEqual([])
})

test('metrics read by stage, then the telling ones', () => {
  expect(sortMetrics(['other.a', 'cv.f1_macro', 'test.z', 'test.accuracy'])).toEqual([
    'test.accuracy',
    'test.z',
    'cv.f1_macro',
    'other.a',
  ])
})

test('every metric that Bellwether measures is better the way its definition says', () => {
  for (const { name, greaterIsBetter } of metrics)
    expect(`${name} ${betterWhen(`test.${name}`)}`).toBe(`${name} ${greaterIsBetter ? 'greater' : 'smaller'}`)
})

test('a metric whose name does not tell which way is better is not judged', () => {
  expect(['davies_bouldin', 'student_bytes', 'silhouette', 'val_loss', 'epoch', 'piece_count'].map(betterWhen)).toEqual(
    ['smaller', 'smaller', 'greater', 'smaller', null, null],
  )
})

test('runs of two tasks have half of the columns each', () => {
  const risk = run({ 'test.f1_macro': 0.7, 'test.accuracy': 0.8, 'test.log_loss': 0.5 })
  const grade = run({ 'test.rmse': 2, 'test.mae': 1.5, 'test.r2': 0.6 }, 'regression')
  expect(mainMetrics([risk, grade, run({})], 4)).toEqual(['test.f1_macro', 'test.accuracy', 'test.rmse', 'test.mae'])
})
