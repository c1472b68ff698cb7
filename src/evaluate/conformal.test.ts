import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { RandomState } from '../table/random.ts'
import type { Target } from '../table/target.ts'
import {
  type ConformalInterval,
  type ConformalSets,
  fitConformal,
  predictionInterval,
  predictionSet,
} from './conformal.ts'

function drawn(
  n: number,
  random: RandomState,
): { target: Extract<Target, { task: 'classification' }>; predictions: Float64Array } {
  const codes = new Int32Array(n)
  const predictions = new Float64Array(3 * n)
  for (let row = 0; row < n; row++) {
    codes[row] = random.randint(3)
    const z = [0, 1, 2].map((c) => Math.exp(random.normal() + (c === codes[row] ? 1 : 0)))
    for (let c = 0; c < 3; c++) predictions[row * 3 + c] = z[c]! / (z[0]! + z[1]! + z[2]!)
  }
  return { target: { task: 'classification', codes, classes: ['a', 'b', 'c'] }, predictions }
}

test('sets hold the true class of new rows about as often as promised', () => {
  // The mean coverage over many tables lies in [1 - alpha, 1 - alpha + 1/(n + 1)]; 40 000 rows leave 0.4 % of noise.
  for (const alpha of [0.05, 0.1, 0.3]) {
    let held = 0
    for (let seed = 0; seed < 200; seed++) {
      const random = new RandomState(seed)
      const known = drawn(200, random)
      const { threshold } = fitConformal(known.target, known.predictions, alpha) as ConformalSets
      const fresh = drawn(200, random)
      for (let row = 0; row < 200; row++) {
        if (
          predictionSet(fresh.predictions.subarray(row * 3, row * 3 + 3), threshold).includes(fresh.target.codes[row]!)
        )
          held++
      }
    }
    expect(held / 40_000).toBeGreaterThan(1 - alpha - 0.006)
    // Sets that hold the most probable class even when it is not near enough may cover a little more.
    expect(held / 40_000).toBeLessThan(1 - alpha + 0.02)
  }
})

test('intervals hold the true number of new rows about as often as promised', () => {
  let held = 0
  for (let seed = 0; seed < 200; seed++) {
    const random = new RandomState(seed)
    const values = new Float64Array(100).map(() => random.normal())
    const { halfWidth } = fitConformal({ task: 'regression', values }, new Float64Array(100), 0.1) as ConformalInterval
    for (let row = 0; row < 100; row++) {
      const [low, high] = predictionInterval(0, halfWidth)!
      const value = random.normal()
      if (low <= value && value <= high) held++
    }
  }
  expect(held / 20_000).toBeGreaterThan(0.89)
  expect(held / 20_000).toBeLessThan(0.92)
})

describe('the threshold', () => {
  const withResiduals = (n: number): Target => ({
    task: 'regression',
    values: Float64Array.from({ length: n }, (_, i) => i + 1),
  })

  test('is the ⌈(n + 1)(1 - alpha)⌉-th smallest score', () => {
    expect(fitConformal(withResiduals(19), new Float64Array(19), 0.05)).toEqual({
      task: 'regression',
      alpha: 0.05,
      nRows: 19,
      halfWidth: 19,
    })
    expect(fitConformal(withResiduals(99), new Float64Array(99), 0.1)).toMatchObject({ halfWidth: 90 })
    expect(fitConformal(withResiduals(100), new Float64Array(100), 0.1)).toMatchObject({ halfWidth: 91 })
  })

  test('promises nothing with too few rows: every class, no interval', () => {
    expect(fitConformal(withResiduals(18), new Float64Array(18), 0.05)).toMatchObject({ halfWidth: null })
    expect(predictionInterval(3, null)).toBeNull()
    const target: Target = { task: 'classification', codes: Int32Array.of(0), classes: ['a', 'b'] }
    const { threshold } = fitConformal(target, Float64Array.of(0.9, 0.1), 0.1) as ConformalSets
    expect(predictionSet([1, 0], threshold)).toEqual([0, 1])
  })

  test('leaves out rows that no fold predicted', () => {
    const predictions = new Float64Array(20)
    predictions[7] = Number.NaN
    expect(fitConformal(withResiduals(20), predictions, 0.05)).toMatchObject({ nRows: 19, halfWidth: 20 })
  })

  test('is refused for an alpha that is no share, or predictions of another shape', () => {
    expect(() => fitConformal(withResiduals(5), new Float64Array(5), 0)).toThrow(
      expect.objectContaining({ code: 'USAGE' }),
    )
    expect(() => fitConformal(withResiduals(5), new Float64Array(4))).toThrow(
      expect.objectContaining({ code: 'INTERNAL' }),
    )
  })
})

test('a set starts with the most probable class, is never empty, and grows with the threshold', () => {
  fc.assert(
    fc.property(
      fc.array(fc.integer({ min: 0, max: 9 }), { minLength: 2, maxLength: 5 }),
      fc.double({ min: -0.5, max: 1, noNaN: true }),
      fc.double({ min: -0.5, max: 1, noNaN: true }),
      (parts, a, b) => {
        const total = parts.reduce((sum, part) => sum + part, 0) || 1
        const probabilities = parts.map((part) => part / total)
        const small = predictionSet(probabilities, Math.min(a, b))
        const large = predictionSet(probabilities, Math.max(a, b))
        expect(small[0]).toBe(probabilities.indexOf(Math.max(...probabilities)))
        expect(large.slice(0, small.length)).toEqual(small)
      },
    ),
  )
})
