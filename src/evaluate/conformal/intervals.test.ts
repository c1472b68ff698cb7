import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { codeOf } from '../../../test/support/code-of.ts'
import { decodeState, encodeState } from '../../packaging/state-codec.ts'
import { RandomState } from '../../table/random.ts'
import type { State } from '../../table/state.ts'
import { kFold } from '../splits/k-fold.ts'
import { type CvPlus, cvPlusInterval, cvPlusState, fitCvPlus, restoreCvPlus } from './cv-plus.ts'
import { fitQuantileInterval, quantileInterval } from './quantile-interval.ts'

/** y = 2x + noise, whose spread grows with x where `fanned`. */
function drawn(nRows: number, random: RandomState, fanned = false) {
  const x = Float64Array.from({ length: nRows }, () => 1 + 3 * random.random())
  const y = x.map((value) => 2 * value + random.normal() * (fanned ? value ** 2 / 4 : 1))
  return { x, y, target: { task: 'regression', values: y } as const }
}

/** Least squares through the given rows. */
function line(x: Float64Array, y: Float64Array, rows: Uint32Array): (x: number) => number {
  const mean = (values: Float64Array) => rows.reduce((sum, row) => sum + values[row]!, 0) / rows.length
  const [meanX, meanY] = [mean(x), mean(y)]
  let both = 0
  let spread = 0
  for (const row of rows) {
    both += (x[row]! - meanX) * (y[row]! - meanY)
    spread += (x[row]! - meanX) ** 2
  }
  return (at) => meanY + (both / spread) * (at - meanX)
}

function crossFitted({ x, y }: { x: Float64Array; y: Float64Array }, seed: number) {
  const folds = kFold(x.length, 5, { shuffle: true, seed })
  const models = folds.map(({ train }) => line(x, y, train))
  const outOfFold = new Float64Array(x.length)
  folds.forEach(({ validation }, fold) => {
    for (const row of validation) outOfFold[row] = models[fold]!(x[row]!)
  })
  return { folds, models, outOfFold }
}

describe('CV+ intervals', () => {
  test.each([0.05, 0.1, 0.3])('hold the truth of new rows about as often as promised, at alpha %d', (alpha) => {
    let held = 0
    for (let seed = 0; seed < 200; seed++) {
      const random = new RandomState(seed)
      const known = drawn(60, random)
      const { folds, models, outOfFold } = crossFitted(known, seed)
      const fitted = fitCvPlus(known.target, outOfFold, folds, alpha)
      const fresh = drawn(100, random)
      for (const [row, value] of fresh.y.entries()) {
        const [low, high] = cvPlusInterval(
          models.map((model) => model(fresh.x[row]!)),
          fitted,
        )!
        if (low <= value && value <= high) held++
      }
    }
    // 20 000 rows in 200 tables of 60: 0.4 % of noise. Proven is 1 - 2 alpha; 1 - alpha is what happens.
    expect(held / 20_000).toBeGreaterThan(1 - alpha - 0.01)
    expect(held / 20_000).toBeLessThan(1 - alpha + 0.03)
  })

  const given = fc
    .array(fc.array(fc.double({ min: 0, max: 9, noNaN: true }), { maxLength: 12 }), { minLength: 1, maxLength: 4 })
    .map((residuals): CvPlus => {
      const nRows = residuals.reduce((sum, own) => sum + own.length, 0)
      return {
        task: 'regression',
        method: 'cv+',
        alpha: 0.2,
        nRows,
        residuals: residuals.map((own) => Float64Array.from(own).sort()),
      }
    })

  test('are what sorting all moved predictions gives', () => {
    fc.assert(
      fc.property(
        given,
        fc.array(fc.double({ min: -9, max: 9, noNaN: true }), { minLength: 4, maxLength: 4 }),
        (of, p) => {
          const predictions = p.slice(0, of.residuals.length)
          const moved = (sign: number) =>
            Float64Array.from(
              of.residuals.flatMap((own, fold) => [...own].map((r) => predictions[fold]! + sign * r)),
            ).sort()
          const n = of.nRows
          const lower = moved(-1)[Math.floor(0.2 * (n + 1) + 1e-9) - 1]
          const upper = moved(1)[Math.ceil(0.8 * (n + 1) - 1e-9) - 1]
          const interval = cvPlusInterval(predictions, of)
          if (lower === undefined || upper === undefined) expect(interval).toBeNull()
          else {
            expect(interval).toEqual([lower, upper])
            expect(lower).toBeLessThanOrEqual(upper)
          }
        },
      ),
    )
  })

  test('of a single model are the prediction plus and minus the split-conformal half width', () => {
    const residuals = [Float64Array.from({ length: 19 }, (_, i) => i + 1)]
    const of: CvPlus = { task: 'regression', method: 'cv+', alpha: 0.05, nRows: 19, residuals }
    expect(cvPlusInterval([100], of)).toEqual([81, 119])
    expect(cvPlusInterval([100], { ...of, alpha: 0.04 })).toBeNull()
  })

  test('stay the same when their state goes through bytes, and damaged states are refused', () => {
    const known = drawn(40, new RandomState(3))
    const { folds, outOfFold } = crossFitted(known, 3)
    const fitted = fitCvPlus(known.target, outOfFold, folds)
    expect(restoreCvPlus(decodeState(encodeState(cvPlusState(fitted))))).toEqual(fitted)
    const damaged: State[] = [
      { alpha: 0.7, residuals: [] },
      { alpha: 0.1, residuals: [Float64Array.of(2, 1)] },
      { alpha: 0.1, residuals: [Float64Array.of(-1)] },
      { alpha: 0.1, residuals: [Float64Array.of(Number.NaN)] },
      { alpha: 0.1, residuals: [1] },
      { alpha: 0.1 },
    ]
    for (const state of damaged) expect(codeOf(() => restoreCvPlus(state))).toBe('MODEL_STATE_INVALID')
  })

  test('leave out rows that no fold predicted, and are refused for other shapes and alphas', () => {
    const known = drawn(30, new RandomState(4))
    const { folds, outOfFold } = crossFitted(known, 4)
    outOfFold[folds[0]!.validation[0]!] = Number.NaN
    const fitted = fitCvPlus(known.target, outOfFold, folds)
    expect(fitted.nRows).toBe(29)
    expect(fitted.residuals.map((own) => own.length)).toEqual([5, 6, 6, 6, 6])
    expect(cvPlusInterval([1, 2, Number.NaN, 4, 5], fitted)).toEqual([Number.NaN, Number.NaN])
    expect(codeOf(() => cvPlusInterval([1, 2], fitted))).toBe('INTERNAL')
    expect(codeOf(() => fitCvPlus(known.target, outOfFold.slice(1), folds))).toBe('INTERNAL')
    for (const alpha of [0, 0.5]) expect(codeOf(() => fitCvPlus(known.target, outOfFold, folds, alpha))).toBe('USAGE')
  })
})

describe('quantile intervals', () => {
  /** Bounds that fan out as the data do, but are `factor` times as wide as they should be. */
  const bounds = (x: Float64Array, factor: number) => ({
    low: x.map((value) => 2 * value - factor * 1.645 * (value ** 2 / 4)),
    high: x.map((value) => 2 * value + factor * 1.645 * (value ** 2 / 4)),
  })

  test.each([0.3, 1, 2.5])('keep the promise where the models are %d times as wide as they should be', (factor) => {
    let held = 0
    const heldFar = { rows: 0, held: 0 }
    for (let seed = 0; seed < 200; seed++) {
      const random = new RandomState(seed)
      const known = drawn(100, random, true)
      const own = bounds(known.x, factor)
      const fitted = fitQuantileInterval(known.target, own.low, own.high, 0.1)
      const fresh = drawn(100, random, true)
      const { low, high } = bounds(fresh.x, factor)
      for (const [row, value] of fresh.y.entries()) {
        const [from, to] = quantileInterval(low[row]!, high[row]!, fitted)!
        const holds = from <= value && value <= to ? 1 : 0
        held += holds
        if (fresh.x[row]! < 3.5) continue
        heldFar.rows++
        heldFar.held += holds
      }
    }
    // The mean lies in [0.9, 0.9 + 1/101]; 200 tables of 100 rows leave 0.3 % of noise.
    expect(held / 20_000).toBeGreaterThan(0.89)
    expect(held / 20_000).toBeLessThan(0.92)
    // Right models keep it where the scatter is largest, too.
    if (factor === 1) expect(heldFar.held / heldFar.rows).toBeGreaterThan(0.87)
  })

  test('move the bounds by the ⌈(n + 1)(1 - alpha)⌉-th smallest distance outside', () => {
    const values = Float64Array.from({ length: 19 }, (_, i) => i)
    const fitted = fitQuantileInterval(
      { task: 'regression', values },
      new Float64Array(19),
      new Float64Array(19).fill(10),
      0.1,
    )
    // Distances: 0 or more outside for 10 … 18, and negative within; the 18th smallest is 17 - 10.
    expect(fitted).toEqual({ task: 'regression', method: 'quantile', alpha: 0.1, nRows: 19, margin: 7 })
    expect(quantileInterval(1, 2, fitted)).toEqual([-6, 9])
  })

  test('change bounds over that cross, and meet in the middle where moving inwards makes them', () => {
    const values = new Float64Array(20)
    const crossed = fitQuantileInterval(
      { task: 'regression', values },
      values.map(() => 5),
      values.map(() => -5),
    )
    expect(crossed.margin).toBe(-5)
    expect(quantileInterval(5, -5, crossed)).toEqual([0, 0])
    expect(quantileInterval(1, 3, crossed)).toEqual([2, 2])
    expect(quantileInterval(Number.NaN, 3, crossed)).toEqual([Number.NaN, -2])
  })

  test('promise nothing with too few rows, leave out rows of NaN, and are refused for other shapes and alphas', () => {
    const values = new Float64Array(9)
    const target = { task: 'regression', values } as const
    expect(fitQuantileInterval(target, values, values, 0.1).margin).toBe(0)
    const low = values.map((_, row) => (row === 0 ? Number.NaN : 0))
    expect(fitQuantileInterval(target, low, values, 0.1)).toMatchObject({ nRows: 8, margin: null })
    expect(quantileInterval(0, 1, { margin: null })).toBeNull()
    expect(codeOf(() => fitQuantileInterval(target, values.slice(1), values))).toBe('INTERNAL')
    expect(codeOf(() => fitQuantileInterval(target, values, values.slice(1)))).toBe('INTERNAL')
    expect(codeOf(() => fitQuantileInterval(target, values, values, 1))).toBe('USAGE')
  })
})
