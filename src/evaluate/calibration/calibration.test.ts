import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { codeOf } from '../../../test/support/code-of.ts'
import { decodeState, encodeState } from '../../packaging/state-codec.ts'
import { RandomState } from '../../table/random.ts'
import { scoreAll } from '../metrics/score-all.ts'
import { stratifiedKFold } from '../splits/stratified-k-fold.ts'
import { timeSeriesFolds } from '../splits/time-split.ts'
import { brentRoot } from './brent-root.ts'
import type { CalibrationInput } from './calibrator.ts'
import { calibrations, fitCalibrator, restoreCalibrator } from './calibrators.ts'
import { calibrateOutOfFold, chooseCalibrator } from './choose-calibrator.ts'
import { fitIsotonic, isotonicAt } from './isotonic.ts'
import { fitPlatt } from './platt.ts'
import { poolAdjacentViolators } from './pool-adjacent-violators.ts'
import { fitTemperature } from './temperature.ts'

/** Rows whose probabilities are right where `sharpness` is 1, too sure above. */
function drawn(nRows: number, nClasses: number, sharpness: number, seed: number) {
  const random = new RandomState(seed)
  const probabilities = new Float64Array(nRows * nClasses)
  const codes = new Int32Array(nRows)
  for (let row = 0; row < nRows; row++) {
    const z = Array.from({ length: nClasses }, () => 1.5 * random.normal())
    const shares = softmax(z)
    let left = random.random()
    codes[row] = Math.max(
      shares.findIndex((p) => {
        left -= p
        return left < 0
      }),
      0,
    )
    probabilities.set(softmax(z.map((value) => value * sharpness)), row * nClasses)
  }
  const classes = Array.from({ length: nClasses }, (_, c) => `class ${c}`)
  return { target: { task: 'classification', codes, classes }, probabilities } satisfies CalibrationInput
}

function softmax(z: readonly number[]): number[] {
  const e = z.map((value) => Math.exp(value - Math.max(...z)))
  const sum = e.reduce((a, b) => a + b)
  return e.map((value) => value / sum)
}

const inputs = fc
  .record({
    nRows: fc.integer({ min: 1, max: 40 }),
    nClasses: fc.integer({ min: 2, max: 4 }),
    sharpness: fc.constantFrom(0.3, 1, 4, 60),
    seed: fc.nat(10_000),
    weighted: fc.boolean(),
  })
  .map(({ nRows, nClasses, sharpness, seed, weighted }): CalibrationInput => {
    const input = drawn(nRows, nClasses, sharpness, seed)
    if (!weighted) return input
    return { ...input, sampleWeight: Float64Array.from({ length: nRows }, (_, row) => (row === 0 ? 1 : row % 3)) }
  })

describe.each(calibrations)('$method calibration', ({ method, fit: learn }) => {
  test('gives rows that sum to 1, from any probabilities', () => {
    fc.assert(
      fc.property(inputs, (input) => {
        const nClasses = input.target.classes.length
        const corners = [...input.probabilities, ...Array.from({ length: nClasses }, (_, c) => (c === 0 ? 1 : 0))]
        const calibrated = learn(input).apply(Float64Array.from(corners))
        for (let from = 0; from < calibrated.length; from += nClasses) {
          const row = calibrated.subarray(from, from + nClasses)
          expect(row.every((p) => p >= 0 && p <= 1)).toBe(true)
          expect(row.reduce((sum, p) => sum + p, 0)).toBeCloseTo(1, 12)
        }
      }),
      { numRuns: 60 },
    )
  })

  test('answers a row by itself as among others, and after its state went through bytes, to the last bit', () => {
    fc.assert(
      fc.property(inputs, (input) => {
        const nClasses = input.target.classes.length
        const calibrator = learn(input)
        const calibrated = calibrator.apply(input.probabilities)
        const restored = restoreCalibrator(decodeState(encodeState(calibrator.state())))
        expect(restored.method).toBe(method)
        expect(restored.apply(input.probabilities)).toEqual(calibrated)
        for (let from = 0; from < calibrated.length; from += nClasses) {
          const alone = calibrator.apply(input.probabilities.slice(from, from + nClasses))
          expect(alone).toEqual(calibrated.slice(from, from + nClasses))
        }
      }),
      { numRuns: 40 },
    )
  })

  test('leaves out rows that no fold predicted and those without weight', () => {
    const input = drawn(60, 3, 2, 4)
    const known = Uint8Array.from({ length: 60 }, (_, row) => (row < 10 || row % 7 === 0 ? 0 : 1))
    const rows = Array.from({ length: 60 }, (_, row) => row).filter((row) => known[row])
    const packed = fitCalibrator(method, {
      target: { ...input.target, codes: Int32Array.from(rows, (row) => input.target.codes[row]!) },
      probabilities: Float64Array.from(rows.flatMap((row) => [...input.probabilities.slice(3 * row, 3 * row + 3)])),
    })
    const probabilities = input.probabilities.map((p, i) => (known[Math.floor(i / 3)] ? p : Number.NaN))
    expect(learn({ target: input.target, probabilities }).state()).toEqual(packed.state())
    expect(learn({ ...input, sampleWeight: Float64Array.from(known) }).state()).toEqual(packed.state())
  })

  test('weighs a row of weight 2 as two rows', () => {
    const input = drawn(50, 3, 2, 5)
    const twice = Uint32Array.from({ length: 100 }, (_, i) => i >> 1)
    const repeated = learn({
      target: { ...input.target, codes: Int32Array.from(twice, (row) => input.target.codes[row]!) },
      probabilities: Float64Array.from([...twice].flatMap((r) => [...input.probabilities.slice(3 * r, 3 * r + 3)])),
    })
    const weighted = learn({ ...input, sampleWeight: new Float64Array(50).fill(2) })
    const expected = repeated.apply(input.probabilities)
    weighted.apply(input.probabilities).forEach((p, i) => {
      expect(p).toBeCloseTo(expected[i]!, 9)
    })
  })

  test('brings the probabilities of a model that is too sure near the truth, on rows that it has not seen', () => {
    const calibrator = learn(drawn(3000, 3, 3, 6))
    const fresh = drawn(3000, 3, 3, 7)
    const before = scoreAll(fresh.target, fresh.probabilities)
    const after = scoreAll(fresh.target, calibrator.apply(fresh.probabilities))
    expect(after['log_loss']).toBeLessThan(before['log_loss']! - 0.2)
    expect(after['ece']).toBeLessThan(0.05)
    expect(before['ece']).toBeGreaterThan(0.1)
  })

  test('keeps a row with NaN one, and refuses rows of another width', () => {
    const calibrator = learn(drawn(20, 3, 1, 0))
    expect(calibrator.apply(Float64Array.of(Number.NaN, 0.5, 0.5)).some(Number.isNaN)).toBe(true)
    expect(codeOf(() => calibrator.apply(new Float64Array(4)))).toBe('INTERNAL')
  })

  test('is refused without a row to learn from, for other shapes and for what is no probability', () => {
    const input = drawn(4, 2, 1, 0)
    const { target, probabilities } = input
    expect(codeOf(() => learn({ target, probabilities: probabilities.map(() => Number.NaN) }))).toBe(
      'OUT_OF_FOLD_MISSING',
    )
    expect(codeOf(() => learn({ ...input, sampleWeight: new Float64Array(4) }))).toBe('OUT_OF_FOLD_MISSING')
    expect(codeOf(() => learn({ ...input, sampleWeight: new Float64Array(3) }))).toBe('INTERNAL')
    expect(codeOf(() => learn({ target, probabilities: probabilities.slice(2) }))).toBe('INTERNAL')
    expect(codeOf(() => learn({ target, probabilities: probabilities.map((p) => 2 * p + 1) }))).toBe('INTERNAL')
  })
})

describe.each(calibrations)('$method calibration of next to nothing', ({ fit: learn }) => {
  test.each([
    ['one row', [1], [0.3, 0.7]],
    ['one class, which was predicted', [1, 1, 1], [0, 1, 0.2, 0.8, 0.4, 0.6]],
    ['one class, which was not', [1, 1, 1], [1, 0, 1, 0, 0.9, 0.1]],
  ] as const)('%s leaves probabilities', (_, codes, probabilities) => {
    const target = { task: 'classification', codes: Int32Array.from(codes), classes: ['a', 'b'] } as const
    const given = Float64Array.of(1, 0, 0.5, 0.5, 0, 1)
    const calibrated = learn({ target, probabilities: Float64Array.from(probabilities) }).apply(given)
    for (let row = 0; row < 3; row++) {
      const [a, b] = [calibrated[2 * row]!, calibrated[2 * row + 1]!]
      expect(a >= 0 && b >= 0).toBe(true)
      expect(a + b).toBeCloseTo(1, 12)
    }
    // Nothing says that class a comes up more often than it was said to.
    expect(calibrated[3]).toBeGreaterThanOrEqual(0.5 - 1e-12)
  })
})

describe('temperature', () => {
  test('never changes which class is the most probable', () => {
    fc.assert(
      fc.property(inputs, (input) => {
        const { target, probabilities } = input
        const after = fitTemperature(input).apply(probabilities)
        const n = target.classes.length
        for (let from = 0; from < after.length; from += n) {
          const own = probabilities.subarray(from, from + n)
          // e^-10 leaves classes apart by less than rounding, but never turns them round.
          expect(after[from + own.indexOf(Math.max(...own))]).toBe(Math.max(...after.subarray(from, from + n)))
        }
      }),
    )
  })

  test('is 1 for uniform rows, the least for a model worse than chance, and large but calm for one always right', () => {
    const target = { task: 'classification', codes: Int32Array.of(0, 1, 1), classes: ['a', 'b'] } as const
    const beta = (...p: number[]) => fitTemperature({ target, probabilities: Float64Array.from(p) }).inverseTemperature
    expect(beta(0.5, 0.5, 0.5, 0.5, 0.5, 0.5)).toBe(1)
    expect(beta(0.1, 0.9, 0.9, 0.1, 0.8, 0.2)).toBe(Math.exp(-10))
    const right = beta(0.9, 0.1, 0.3, 0.7, 0.2, 0.8)
    expect(right).toBeGreaterThan(10)
    expect(right).toBeLessThan(100)
  })

  test('undoes the sharpening of probabilities that were right', () => {
    expect(fitTemperature(drawn(20_000, 3, 3, 8)).inverseTemperature).toBeCloseTo(1 / 3, 1)
  })
})

describe('Platt', () => {
  test('over the log-odds leaves probabilities that are right about as they are', () => {
    const [sigmoid] = fitPlatt(drawn(20_000, 2, 1, 9)).sigmoids
    expect(sigmoid!.a).toBeCloseTo(-1, 1)
    expect(sigmoid!.b).toBeCloseTo(0, 1)
  })

  test('of probabilities that are all the same gives the shares of the targets, for every class', () => {
    const target = { task: 'classification', codes: Int32Array.of(0, 1, 1, 1, 2, 2), classes: ['a', 'b', 'c'] } as const
    const calibrator = fitPlatt({ target, probabilities: new Float64Array(18).fill(1 / 3) })
    // (n1 t1 + n0 t0) / n with t1 = (n1 + 1) / (n1 + 2), t0 = 1 / (n0 + 2)
    const share = (n1: number) => ((n1 * (n1 + 1)) / (n1 + 2) + (6 - n1) / (8 - n1)) / 6
    const sum = share(1) + share(3) + share(2)
    const calibrated = calibrator.apply(new Float64Array(3).fill(1 / 3))
    expect([...calibrated]).toEqual([1, 3, 2].map((n1) => expect.closeTo(share(n1) / sum, 12)))
  })
})

describe('isotonic', () => {
  test('curves rise, pass by the mean of the truth, and do not depend on the order of the rows', () => {
    fc.assert(
      fc.property(inputs, fc.nat(1000), (input, seed) => {
        const { target, probabilities, sampleWeight } = input
        const nRows = target.codes.length
        const n = target.classes.length
        const calibrator = fitIsotonic(input)
        for (const { y } of calibrator.curves) expect([...y]).toEqual([...y].sort((a, b) => a - b))
        const weightOf = (row: number) => sampleWeight?.[row] ?? 1
        let surplus = 0
        for (let row = 0; row < nRows; row++) {
          const fitted = isotonicAt(calibrator.curves.at(-1)!, probabilities[row * n + n - 1]!)
          surplus += weightOf(row) * (fitted - (target.codes[row] === n - 1 ? 1 : 0))
        }
        // Scores that are taken for one lie on the line between their neighbours, not on the point that they made.
        const scores = Array.from({ length: nRows }, (_, row) => probabilities[row * n + n - 1]!).sort((a, b) => a - b)
        if (scores.every((p, i) => i === 0 || p === scores[i - 1] || p - scores[i - 1]! > 1e-12)) {
          expect(surplus).toBeCloseTo(0, 9)
        }
        const order = new RandomState(seed).permutation(nRows)
        const shuffled = fitIsotonic({
          target: { ...target, codes: Int32Array.from(order, (row) => target.codes[row]!) },
          probabilities: Float64Array.from([...order].flatMap((row) => [...probabilities.slice(row * n, row * n + n)])),
          sampleWeight: Float64Array.from(order, weightOf),
        })
        expect(shuffled.state()).toEqual(calibrator.state())
      }),
      { numRuns: 60 },
    )
  })

  test('a row that is 0 for every class becomes the uniform one', () => {
    const target = { task: 'classification', codes: Int32Array.of(0, 1, 2), classes: ['a', 'b', 'c'] } as const
    const calibrator = fitIsotonic({
      target,
      probabilities: Float64Array.of(0.8, 0.1, 0.1, 0.1, 0.8, 0.1, 0, 0.2, 0.8),
    })
    expect([...calibrator.apply(Float64Array.of(0.1, 0.1, 0.1))]).toEqual([1 / 3, 1 / 3, 1 / 3])
  })

  test('pooling gives the nearest rising values: as the means of all stretches say', () => {
    const values = fc.array(fc.tuple(fc.integer({ min: -9, max: 9 }), fc.integer({ min: 1, max: 4 })), {
      minLength: 1,
      maxLength: 12,
    })
    fc.assert(
      fc.property(values, (pairs) => {
        const y = Float64Array.from(pairs, ([value]) => value)
        const w = Float64Array.from(pairs, ([, weight]) => weight)
        const mean = (from: number, to: number) => {
          let sum = 0
          let total = 0
          for (let i = from; i <= to; i++) {
            sum += w[i]! * y[i]!
            total += w[i]!
          }
          return sum / total
        }
        const pooled = poolAdjacentViolators(y, w)
        // The max-min formula (Robertson, Wright and Dykstra 1988, theorem 1.4.4): quadratic, and nothing like pooling.
        for (let i = 0; i < y.length; i++) {
          const upper = (from: number) => Math.min(...Array.from({ length: y.length - i }, (_, k) => mean(from, i + k)))
          const expected = Math.max(...Array.from({ length: i + 1 }, (_, from) => upper(from)))
          expect(pooled[i]).toBeCloseTo(expected, 10)
        }
      }),
    )
  })
})

describe('the choice of a calibrator', () => {
  const folds = (input: CalibrationInput) => stratifiedKFold(input.target.codes, 5, { shuffle: true, seed: 1 })

  test('takes one for a model that is too sure, and none for one that is right', () => {
    const sure = drawn(600, 3, 3, 10)
    const choice = chooseCalibrator(sure, folds(sure))
    const { method } = choice.calibrator!
    expect(choice.logLoss[method]).toBeLessThan(choice.logLoss.none - 0.2)
    expect(choice.logLoss[method]).toBe(Math.min(...Object.values(choice.logLoss)))
    expect(scoreAll(sure.target, choice.outOfFold)['log_loss']).toBeCloseTo(choice.logLoss[method], 12)
    expect(chooseCalibrator(sure, folds(sure), ['temperature']).calibrator?.method).toBe('temperature')
    const right = drawn(600, 3, 1, 11)
    const kept = chooseCalibrator(right, folds(right), ['isotonic'])
    expect(kept.calibrator).toBeNull()
    expect(kept.outOfFold).toBe(right.probabilities)
    expect(kept.logLoss.platt).toBeNaN()
  })

  test('calibrates a fold without looking at its own truths', () => {
    const input = drawn(100, 3, 2, 12)
    const [first, ...rest] = folds(input)
    const calibrate = (codes: Int32Array) =>
      calibrateOutOfFold({ ...input, target: { ...input.target, codes } }, [first!, ...rest], fitTemperature)
    const turned = input.target.codes.slice()
    for (const row of first!.validation) turned[row] = (turned[row]! + 1) % 3
    const before = calibrate(input.target.codes)
    const after = calibrate(turned)
    for (const row of first!.validation) {
      expect(after.slice(3 * row, 3 * row + 3)).toEqual(before.slice(3 * row, 3 * row + 3))
    }
    expect(after).not.toEqual(before)
  })

  test('with folds by time leaves out the rows that nothing came before', () => {
    const input = drawn(60, 2, 2, 13)
    const byTime = timeSeriesFolds(
      Float64Array.from({ length: 60 }, (_, row) => row),
      4,
    )
    const predicted = new Set(byTime.flatMap(({ validation }) => [...validation]))
    const probabilities = input.probabilities.map((p, i) => (predicted.has(i >> 1) ? p : Number.NaN))
    const calibrated = calibrateOutOfFold({ ...input, probabilities }, byTime, fitTemperature)
    const known = Array.from({ length: 60 }, (_, row) => row).filter((row) => !Number.isNaN(calibrated[2 * row]))
    expect(known).toEqual(byTime.slice(1).flatMap(({ validation }) => [...validation]))
    expect(chooseCalibrator({ ...input, probabilities }, byTime).logLoss.none).not.toBeNaN()
  })
})

describe('state of a calibrator', () => {
  test.each([
    ['no object', null],
    ['an unknown method', { method: 'magic', nClasses: 2 }],
    ['a temperature of 0', { method: 'temperature', nClasses: 2, inverseTemperature: 0 }],
    ['one class', { method: 'temperature', nClasses: 1, inverseTemperature: 1 }],
    [
      'sigmoids of other classes',
      { method: 'platt', nClasses: 3, scale: 'log-odds', a: new Float64Array(1), b: new Float64Array(1) },
    ],
    [
      'a sigmoid that is NaN',
      { method: 'platt', nClasses: 2, scale: 'log-odds', a: Float64Array.of(Number.NaN), b: new Float64Array(1) },
    ],
    [
      'an unknown scale',
      { method: 'platt', nClasses: 2, scale: 'odds', a: new Float64Array(1), b: new Float64Array(1) },
    ],
    [
      'a curve that falls',
      { method: 'isotonic', nClasses: 2, curves: [{ x: Float64Array.of(0, 1), y: Float64Array.of(1, 0) }] },
    ],
    [
      'a curve that turns back',
      { method: 'isotonic', nClasses: 2, curves: [{ x: Float64Array.of(1, 0), y: Float64Array.of(0, 1) }] },
    ],
    [
      'a curve without points',
      { method: 'isotonic', nClasses: 2, curves: [{ x: new Float64Array(0), y: new Float64Array(0) }] },
    ],
    ['too few curves', { method: 'isotonic', nClasses: 3, curves: [{ x: Float64Array.of(0), y: Float64Array.of(1) }] }],
  ])('is refused with %s', (_, state) => {
    expect(codeOf(() => restoreCalibrator(state))).toBe('MODEL_STATE_INVALID')
  })
})

test('Brent’s method finds a root to rounding, wherever it lies', () => {
  fc.assert(
    fc.property(fc.double({ min: -9, max: 9, noNaN: true }), fc.constantFrom(1, 3, 9), (root, power) => {
      // Nearer than 1e-35 the function itself is 0.
      const found = brentRoot((x) => Math.sign(x - root) * Math.abs(x - root) ** power, -10, 10)
      expect(Math.abs(found - root)).toBeLessThanOrEqual(8 * Number.EPSILON * Math.abs(root) + 1e-35)
    }),
  )
  expect(brentRoot((x) => x + 2, -2, 5)).toBe(-2)
  expect(brentRoot((x) => Math.atan(x - 1e-3) - 0, -1e6, 10)).toBeCloseTo(1e-3, 15)
})
