import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { Target } from '../table/target.ts'
import { resampleRows, weighRows } from './resample.ts'

const classification = (codes: readonly number[]): Target => ({
  task: 'classification',
  classes: ['a', 'b', 'c', 'never'],
  codes: Int32Array.from(codes),
})
const anyCodes = fc.array(fc.nat(2), { minLength: 1, maxLength: 60 })
const regression: Target = { task: 'regression', values: Float64Array.of(1, 2) }

function countsOf(codes: readonly number[], rows: Uint32Array): number[] {
  const counts = [0, 0, 0]
  for (const row of rows) counts[codes[row]!]!++
  return counts
}

describe('balanced weights', () => {
  test('are n / (K · count), as scikit-learn computes them', () => {
    // compute_sample_weight('balanced', [0, 0, 0, 1]) is [2/3, 2/3, 2/3, 2]
    expect(Array.from(weighRows(classification([0, 0, 0, 1])))).toEqual([4 / 6, 4 / 6, 4 / 6, 2])
  })

  test('give every class that has rows the same sum', () => {
    fc.assert(
      fc.property(anyCodes, (codes) => {
        const sums = [0, 0, 0]
        weighRows(classification(codes)).forEach((weight, row) => {
          sums[codes[row]!]! += weight
        })
        const present = new Set(codes)
        for (const code of present) expect(sums[code]).toBeCloseTo(codes.length / present.size, 9)
      }),
    )
  })
})

describe('resampling', () => {
  test('oversampling keeps every row and brings all classes up to the largest', () => {
    fc.assert(
      fc.property(anyCodes, fc.nat(1000), (codes, seed) => {
        const rows = resampleRows(classification(codes), 'oversample', seed)
        expect(new Set(rows).size).toBe(codes.length)
        const before = countsOf(
          codes,
          Uint32Array.from(codes, (_, row) => row),
        )
        const largest = Math.max(...before)
        expect(countsOf(codes, rows)).toEqual(before.map((count) => (count > 0 ? largest : 0)))
      }),
    )
  })

  test('undersampling repeats no row and brings all classes down to the smallest', () => {
    fc.assert(
      fc.property(anyCodes, fc.nat(1000), (codes, seed) => {
        const rows = resampleRows(classification(codes), 'undersample', seed)
        expect(new Set(rows).size).toBe(rows.length)
        const before = countsOf(
          codes,
          Uint32Array.from(codes, (_, row) => row),
        )
        const smallest = Math.min(...before.filter((count) => count > 0))
        expect(countsOf(codes, rows)).toEqual(before.map((count) => (count > 0 ? smallest : 0)))
      }),
    )
  })

  test('equal seeds choose equal rows, others do not', () => {
    const codes = Array.from({ length: 200 }, (_, i) => (i % 10 === 0 ? 1 : 0))
    const draw = (seed: number) => Array.from(resampleRows(classification(codes), 'undersample', seed))
    expect(draw(4)).toEqual(draw(4))
    expect(draw(4)).not.toEqual(draw(5))
  })

  test('a regression has no classes to balance', () => {
    expect(() => resampleRows(regression, 'oversample', 0)).toThrow('a regression has none')
    expect(() => weighRows(regression)).toThrow('a regression has none')
  })
})
