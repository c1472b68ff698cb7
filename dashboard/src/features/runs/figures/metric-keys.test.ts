import { expect, test } from 'vitest'
import type { Run } from '../../../../../src/track/tracking-store.ts'
import { mainMetrics, smallerIsBetter, sortMetrics } from './metric-keys.ts'

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

test('losses and errors are better when smaller', () => {
  expect(['test.log_loss', 'cv.rmse', 'test.accuracy', 'r2'].map(smallerIsBetter)).toEqual([true, true, false, false])
})

test('runs of two tasks have half of the columns each', () => {
  const risk = run({ 'test.f1_macro': 0.7, 'test.accuracy': 0.8, 'test.log_loss': 0.5 })
  const grade = run({ 'test.rmse': 2, 'test.mae': 1.5, 'test.r2': 0.6 }, 'regression')
  expect(mainMetrics([risk, grade, run({})], 4)).toEqual(['test.f1_macro', 'test.accuracy', 'test.rmse', 'test.mae'])
})
