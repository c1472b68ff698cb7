import { describe, expect, test } from 'vitest'
import { codeOf } from '../../test/support/code-of.ts'
import type { State } from '../table/state.ts'
import { selectRows } from '../table/table.ts'
import { answeringPipeline, answeringTitle, decideLabels, restoreAnswering } from './answering-pipeline.ts'
import { fitTemperature } from './calibration/temperature.ts'
import { fitSmall, N_ROWS, table, targets } from './testing/small-pipelines.ts'

const SMALL = { nEstimators: 5 }
const forest = fitSmall('random-forest', 'three', SMALL)
const boosting = fitSmall('gradient-boosting', 'three')
const linear = fitSmall('logistic-regression', 'three')
const weights = Float64Array.of(0.5, 0.25, 0.25)
const members = [forest, boosting, linear]
const calibrator = fitTemperature({ target: targets.three, probabilities: linear.predict(table) })

describe('an answering pipeline', () => {
  test('of one member answers as that member does, to the last bit', () => {
    const one = answeringPipeline({ members: [boosting] })
    expect(one.predict(table)).toEqual(boosting.predict(table))
    expect(one.inputs).toEqual(boosting.features.inputs)
  })

  test('of several answers with their weighted mean, calibrated', () => {
    const several = answeringPipeline({ members, weights, calibrator })
    const own = members.map((member) => member.predict(table))
    const mean = own[0]!.map((p, i) => 0.5 * p + 0.25 * own[1]![i]! + 0.25 * own[2]![i]!)
    expect(several.blend(table)).toEqual(mean)
    expect(several.predict(table)).toEqual(calibrator.apply(mean))
  })

  test('answers a row alone with the bits that it has among others', () => {
    const several = answeringPipeline({ members, weights, calibrator })
    const all = several.predict(table)
    for (const row of [0, 5, N_ROWS - 1]) {
      expect(several.predict(selectRows(table, Uint32Array.of(row)))).toEqual(all.slice(3 * row, 3 * row + 3))
    }
  })

  test('makes features once for members that share them, and still does when it comes from its state', () => {
    const pipeline = answeringPipeline({ members, weights, calibrator, decision: Float64Array.of(1, 2, 1) })
    const restored = restoreAnswering(pipeline.state())
    expect(restored.members[0]!.features).toBe(restored.members[1]!.features)
    expect(restored.members[0]!.features).not.toBe(restored.members[2]!.features)
    expect((pipeline.state() as { features: State[] }).features).toHaveLength(2)
    expect(restored.predict(table)).toEqual(pipeline.predict(table))
    expect(restored.decision).toEqual(pipeline.decision)
    expect(restored.state()).toEqual(pipeline.state())
  })

  test('comes from the state of one fitted pipeline as well', () => {
    const restored = restoreAnswering(forest.state())
    expect(restored.predict(table)).toEqual(forest.predict(table))
    expect([restored.weights, restored.calibrator]).toEqual([Float64Array.of(1), null])
  })

  test('is named after the kinds of its members, the weightiest first', () => {
    expect(answeringTitle({ members: [linear, forest, linear], weights: Float64Array.of(0.3, 0.4, 0.3) })).toBe(
      'logistic-regression + random-forest',
    )
  })

  test.each([
    ['weights that do not sum to 1', { weights: Float64Array.of(0.5, 0.25, 0.5) }],
    ['a weight of 0', { weights: Float64Array.of(0.5, 0.5, 0) }],
    ['a weight too few', { weights: Float64Array.of(0.5, 0.5) }],
    ['decision weights of another number of classes', { weights, decision: Float64Array.of(1, 1) }],
    ['members of different targets', { members: [forest, fitSmall('random-forest', 'two', SMALL)] }],
    ['no members', { members: [] }],
  ])('is refused with %s', (_, parts) => {
    expect(codeOf(() => answeringPipeline({ members, ...parts }))).toBe('INTERNAL')
  })

  test.each([
    ['a feature set that is not there', (state: Record<string, State>) => ({ ...state, features: [] })],
    ['weights of another number', (state: Record<string, State>) => ({ ...state, weights: Float64Array.of(1) })],
    ['another target', (state: Record<string, State>) => ({ ...state, target: { task: 'regression', classes: [] } })],
    ['no members', (state: Record<string, State>) => ({ ...state, members: null })],
    ['an unknown calibrator', (state: Record<string, State>) => ({ ...state, calibrator: { method: 'magic' } })],
  ])('does not come from a state with %s', (_, damage: (state: Record<string, State>) => State) => {
    const state = answeringPipeline({ members, weights, calibrator }).state()
    expect(codeOf(() => restoreAnswering(damage(state as Record<string, State>)))).toBe('MODEL_STATE_INVALID')
  })
})

test('labels are the most probable classes, or those of the largest weighted probability, the first of equals', () => {
  const probabilities = Float64Array.of(0.5, 0.3, 0.2, 0.4, 0.4, 0.2)
  expect([...decideLabels(probabilities, 3)]).toEqual([0, 0])
  expect([...decideLabels(probabilities, 3, Float64Array.of(1, 2, 1))]).toEqual([1, 1])
  expect([...decideLabels(Float64Array.of(), 0)]).toEqual([])
})
