import { expect, test } from 'vitest'
import type { ClassPrediction, FailedPrediction, Prediction } from '../prediction.ts'
import { compareAnswers } from './compare-answers.ts'

const of = (label: string, probabilities: Record<string, number>): ClassPrediction => ({
  id: '',
  label,
  confidence: probabilities[label]!,
  probabilities,
  set: null,
  warnings: [],
})
const value = (number: number, interval: [number, number] | null = null): Prediction => ({
  id: '',
  value: number,
  interval,
  warnings: [],
})
const failed: FailedPrediction = { error: { error: 'CANNOT_SERVE', message: '', hint: '', details: [] } }

test('labels agree where they are equal, and the distance is the total variation of the probabilities', () => {
  const seen = compareAnswers(
    [of('a', { a: 0.7, b: 0.3 }), of('a', { a: 0.6, b: 0.4 })],
    [of('a', { a: 0.5, b: 0.5 }), of('c', { a: 0.1, b: 0.1, c: 0.8 })],
    null,
  )
  expect(seen).toMatchObject({ compared: 2, disagreed: 1, distances: 2, failed: 0 })
  expect(seen.distance).toBeCloseTo(0.2 + 0.8, 12)
})

test('numbers agree within the tolerance, else in the interval, else within one percent', () => {
  const disagreed = (a: Prediction, b: Prediction, tolerance: number | null) =>
    compareAnswers([a], [b], tolerance).disagreed
  expect([disagreed(value(10), value(12), 2), disagreed(value(10), value(12.1), 2)]).toEqual([0, 1])
  expect([disagreed(value(10, [5, 15]), value(15), null), disagreed(value(10, [5, 15]), value(15.1), null)]).toEqual([
    0, 1,
  ])
  expect([disagreed(value(100), value(100.9), null), disagreed(value(100), value(102), null)]).toEqual([0, 1])
  expect(compareAnswers([value(3)], [value(5)], null)).toMatchObject({ distance: 2, distances: 1 })
})

test('records that the first could not answer say nothing; those that only the second could not are failures', () => {
  const good = of('a', { a: 1 })
  expect(compareAnswers([failed, good, good], [good, failed, good], null)).toMatchObject({ compared: 1, failed: 1 })
})

test('clusters agree where their numbers are equal', () => {
  const cluster = (number: number): Prediction => ({ id: '', cluster: number, warnings: [] })
  expect(compareAnswers([cluster(1), cluster(2)], [cluster(1), cluster(1)], null)).toMatchObject({
    disagreed: 1,
    distances: 0,
  })
})
