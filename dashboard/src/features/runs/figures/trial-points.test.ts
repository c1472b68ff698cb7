import { expect, test } from 'vitest'
import type { Run } from '../../../../../src/track/tracking-store.ts'
import { trialPoints } from './trial-points.ts'

function trial(id: string, startTime: number, estimator: string, score?: number): Run {
  const metrics: Record<string, number> = score === undefined ? {} : { 'cv.f1_macro': score }
  return {
    id,
    experimentId: '1',
    name: `${estimator} ${id}`,
    status: 'FINISHED',
    startTime,
    endTime: null,
    parentRunId: 'p',
    tags: {},
    params: { estimator },
    metrics,
  }
}

test('trials are points in the order of their start, one series per estimator', () => {
  const points = trialPoints(
    [trial('c', 3, 'ridge', 0.6), trial('a', 1, 'forest', 0.5), trial('b', 2, 'ridge', 0.7)],
    'cv.f1_macro',
  )
  expect([...points.keys()]).toEqual(['forest', 'ridge'])
  expect(points.get('ridge')?.map((point) => [point.trial, point.value])).toEqual([
    [2, 0.7],
    [3, 0.6],
  ])
})

test('a trial without a score is no point, and keeps its place in time', () => {
  const points = trialPoints([trial('a', 1, 'ridge'), trial('b', 2, 'ridge', 0.7)], 'cv.f1_macro')
  expect(points.get('ridge')).toEqual([{ trial: 2, value: 0.7, name: 'ridge b' }])
})

test('the baseline is no point beside other estimators, and is one alone', () => {
  const baseline = trial('a', 1, 'baseline', 0.2)
  expect([...trialPoints([baseline, trial('b', 2, 'ridge', 0.7)], 'cv.f1_macro').keys()]).toEqual(['ridge'])
  expect([...trialPoints([baseline], 'cv.f1_macro').keys()]).toEqual(['baseline'])
})
