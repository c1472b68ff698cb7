import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { codeOf } from '../../../test/support/code-of.ts'
import { RandomState } from '../../table/random.ts'
import { type ConformalSets, fitConformal, predictionSet } from '../conformal.ts'
import { adaptiveSet, fitAdaptiveSets } from './adaptive-sets.ts'
import { classConditionalSet, fitClassConditional } from './class-conditional.ts'

const classes = ['common', 'other', 'rare']

/** A common class that is easily told, and a rare one that looks like another; half of the rows are hard. */
function drawn(nRows: number, random: RandomState) {
  const codes = new Int32Array(nRows)
  const hard = new Uint8Array(nRows)
  const predictions = new Float64Array(3 * nRows)
  for (let row = 0; row < nRows; row++) {
    const u = random.random()
    codes[row] = u < 0.6 ? 0 : u < 0.85 ? 1 : 2
    hard[row] = random.randint(2)
    const e = classes.map((_, c) => {
      const pull = c === codes[row] ? (codes[row] === 2 ? 0.2 : 2) : 0
      return Math.exp(random.normal() + (hard[row] ? pull / 2 : 2 * pull))
    })
    const sum = e.reduce((a, b) => a + b)
    for (let c = 0; c < 3; c++) predictions[3 * row + c] = e[c]! / sum
  }
  return { target: { task: 'classification', codes, classes } as const, predictions, hard }
}

type Drawn = ReturnType<typeof drawn>

/** Shares of fresh rows whose set holds the truth, over many tables: of all, of each class, of hard rows; and the mean size. */
function coverage(alpha: number, answer: (known: Drawn) => (probabilities: Float64Array) => number[]) {
  const held = [0, 0, 0]
  const rows = [0, 0, 0]
  let size = 0
  let heldHard = 0
  let rowsHard = 0
  for (let seed = 0; seed < 150; seed++) {
    const random = new RandomState(seed)
    const setOf = answer(drawn(200, random))
    const fresh = drawn(150, random)
    for (const [row, code] of fresh.target.codes.entries()) {
      const set = setOf(fresh.predictions.subarray(3 * row, 3 * row + 3))
      const holds = set.includes(code) ? 1 : 0
      rows[code]!++
      held[code]! += holds
      size += set.length
      rowsHard += fresh.hard[row]!
      heldHard += fresh.hard[row]! * holds
    }
  }
  const total = rows.reduce((a, b) => a + b)
  return {
    alpha,
    all: held.reduce((a, b) => a + b) / total,
    byClass: held.map((n, c) => n / rows[c]!),
    hard: heldHard / rowsHard,
    size: size / total,
  }
}

describe('class-conditional sets', () => {
  test.each([0.1, 0.2])('hold the truth of each class as often as promised, at alpha %d', (alpha) => {
    const own = coverage(alpha, ({ target, predictions }) => {
      const { thresholds } = fitClassConditional(target, predictions, alpha)
      return (probabilities) => classConditionalSet(probabilities, thresholds)
    })
    // 22 500 rows, some 3 400 of the rare class: 0.6 % of noise there. The most probable class always in covers more.
    for (const share of own.byClass) expect(share).toBeGreaterThan(1 - alpha - 0.015)
    expect(own.byClass[2]).toBeLessThan(1 - alpha + 0.05)
    const plain = coverage(alpha, ({ target, predictions }) => {
      const { threshold } = fitConformal(target, predictions, alpha) as ConformalSets
      return (probabilities) => predictionSet(probabilities, threshold)
    })
    expect(plain.all).toBeGreaterThan(1 - alpha - 0.01)
    // The promise over all rows leaves the rare class out.
    expect(plain.byClass[2]).toBeLessThan(1 - alpha - 0.1)
  })

  test('take each threshold from the rows of that class alone', () => {
    const codes = Int32Array.from({ length: 28 }, (_, row) => (row < 19 ? 0 : 1))
    const predictions = Float64Array.from(codes, (code, row) => (code === 0 ? 1 - row / 100 : 0.5)).reduce<number[]>(
      (rows, p, row) => rows.concat(codes[row] === 0 ? [p, 1 - p, 0] : [1 - p, p, 0]),
      [],
    )
    const fitted = fitClassConditional({ task: 'classification', codes, classes }, Float64Array.from(predictions), 0.1)
    expect(fitted).toMatchObject({ method: 'class-conditional', alpha: 0.1, nRows: [19, 9, 0] })
    // ⌈20 * 0.9⌉ = 18th smallest of 0, 0.01, …, 0.18; ⌈10 * 0.9⌉ = 9th of 9; none for a class without rows.
    expect(fitted.thresholds).toEqual([expect.closeTo(0.17, 12), 0.5, 1])
    expect(classConditionalSet([0.4, 0.5, 0.1], fitted.thresholds)).toEqual([1, 2])
    expect(classConditionalSet([0.9, 0.1, 0], fitted.thresholds)).toEqual([0, 2])
  })
})

describe('adaptive sets', () => {
  test.each([0.05, 0.1, 0.3])('hold the truth at least as often as promised, at alpha %d', (alpha) => {
    const own = coverage(alpha, ({ target, predictions }) => {
      const { threshold } = fitAdaptiveSets(target, predictions, alpha)
      return (probabilities) => adaptiveSet(probabilities, threshold)
    })
    expect(own.all).toBeGreaterThan(1 - alpha - 0.01)
  })

  test.each([0.2, 0.3])(
    'hold it no more often, but for the most probable class always being in, at alpha %d',
    (alpha) => {
      const own = coverage(alpha, ({ target, predictions }) => {
        const { threshold } = fitAdaptiveSets(target, predictions, alpha)
        return (probabilities) =>
          adaptiveSet(probabilities, threshold).filter((c, rank) => rank > 0 || probabilities[c]! <= threshold)
      })
      // The mean over many tables lies in [1 - alpha, 1 - alpha + 1/201]; 22 500 rows leave 0.4 % of noise.
      expect(own.all).toBeGreaterThan(1 - alpha - 0.01)
      expect(own.all).toBeLessThan(1 - alpha + 0.015)
    },
  )

  test('serve hard rows better than one threshold for all does', () => {
    const hardness = (of: (known: Drawn) => (probabilities: Float64Array) => number[]) => coverage(0.2, of)
    const adaptive = hardness(({ target, predictions }) => {
      const { threshold } = fitAdaptiveSets(target, predictions, 0.2)
      return (probabilities) => adaptiveSet(probabilities, threshold)
    })
    const plain = hardness(({ target, predictions }) => {
      const { threshold } = fitConformal(target, predictions, 0.2) as ConformalSets
      return (probabilities) => predictionSet(probabilities, threshold)
    })
    expect(Math.abs(adaptive.hard - adaptive.all)).toBeLessThan(Math.abs(plain.hard - plain.all))
    expect(adaptive.size).toBeLessThan(3)
  })

  test('start with the most probable class, are never empty, hold all at threshold 1, and grow with it', () => {
    fc.assert(
      fc.property(
        fc.array(fc.integer({ min: 0, max: 9 }), { minLength: 2, maxLength: 6 }),
        fc.double({ min: 0, max: 1, noNaN: true }),
        fc.double({ min: 0, max: 1, noNaN: true }),
        (parts, a, b) => {
          const total = parts.reduce((sum, part) => sum + part, 0) || 1
          const probabilities = parts.map((part) => part / total)
          const small = adaptiveSet(probabilities, Math.min(a, b))
          const large = adaptiveSet(probabilities, Math.max(a, b))
          expect(small[0]).toBe(probabilities.indexOf(Math.max(...probabilities)))
          expect(large.slice(0, small.length)).toEqual(small)
          expect(adaptiveSet(probabilities, 1)).toHaveLength(parts.length)
        },
      ),
    )
  })

  test('hold the truth of every row that they were made from and whose score is within the threshold', () => {
    const { target, predictions } = drawn(300, new RandomState(1))
    const { threshold, nRows } = fitAdaptiveSets(target, predictions, 0.1)
    expect(nRows).toBe(300)
    const held = target.codes.filter((code, row) =>
      adaptiveSet(predictions.subarray(3 * row, 3 * row + 3), threshold).includes(code),
    )
    // ⌈301 * 0.9⌉ of 300 rows have a score up to the threshold.
    expect(held.length).toBeGreaterThanOrEqual(271)
  })
})

test.each([
  ['class-conditional', fitClassConditional],
  ['adaptive', fitAdaptiveSets],
] as const)(
  '%s sets leave out rows that no fold predicted, and are refused for other shapes and alphas',
  (_, learn) => {
    const { target, predictions } = drawn(100, new RandomState(2))
    const part = predictions.map((p, i) => (i < 90 ? Number.NaN : p))
    const later = {
      target: { ...target, codes: target.codes.slice(30) },
      predictions: predictions.slice(90),
    }
    expect(learn(target, part)).toEqual(learn(later.target, later.predictions))
    expect(codeOf(() => learn(target, predictions.slice(1)))).toBe('INTERNAL')
    for (const alpha of [0, 1, Number.NaN]) expect(codeOf(() => learn(target, predictions, alpha))).toBe('USAGE')
  },
)

test('with too few rows adaptive sets hold every class', () => {
  const target = { task: 'classification', codes: Int32Array.of(0), classes } as const
  const { threshold } = fitAdaptiveSets(target, Float64Array.of(0.8, 0.1, 0.1))
  expect(adaptiveSet([0.8, 0.1, 0.1], threshold)).toEqual([0, 1, 2])
})
