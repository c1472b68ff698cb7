import { expect, test } from 'vitest'
import { PRESETS } from '../learn/boosting/presets.ts'
import { boostedStudentParams } from './student-params.ts'

test('a boosted student of few trees learns faster, up to a bound, and one of as many trees as a preset about as fast as it', () => {
  expect(boostedStudentParams(20)).toEqual({ maxIterations: 20, learningRate: 0.3 })
  expect(boostedStudentParams(50).learningRate).toBeCloseTo(0.2, 12)
  for (const { maxIterations, learningRate } of Object.values(PRESETS)) {
    const ratio = boostedStudentParams(maxIterations).learningRate / learningRate
    expect(ratio).toBeGreaterThan(0.9)
    expect(ratio).toBeLessThan(1.1)
  }
})
