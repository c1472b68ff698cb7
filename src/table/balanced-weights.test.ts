import { expect, test } from 'vitest'
import { balancedWeights } from './balanced-weights.ts'

test("balanced weights are scikit-learn's n / (classes * count), and every class weighs the same", () => {
  const codes = Int32Array.of(0, 0, 0, 0, 0, 0, 1, 1)
  const weights = balancedWeights(codes, 2, new Float64Array(8).fill(1))
  expect(weights[0]).toBeCloseTo(8 / (2 * 6), 12)
  expect(weights[7]).toBeCloseTo(8 / (2 * 2), 12)
})

test('a row of weight 2 counts as two rows, one of weight 0 as none', () => {
  const weighted = balancedWeights(Int32Array.of(0, 0, 1, 1), 2, Float64Array.of(2, 1, 1, 0))
  const repeated = balancedWeights(Int32Array.of(0, 0, 0, 1), 2, new Float64Array(4).fill(1))
  expect(weighted[0]).toBeCloseTo(2 * repeated[0]!, 12)
  expect(weighted[2]).toBeCloseTo(repeated[3]!, 12)
  expect(weighted[3]).toBe(0)
})

test('a class without rows takes no share from the others', () => {
  const weights = balancedWeights(Int32Array.of(0, 2), 3, Float64Array.of(1, 1))
  expect(Array.from(weights)).toEqual([1, 1])
})

test('without weights every row counts as 1, to the last bit', () => {
  const codes = Int32Array.of(2, 0, 0, 2, 2, 0, 0)
  const expected = Array.from(codes, (code) => 7 / (2 * (code === 0 ? 4 : 3)))
  expect(Array.from(balancedWeights(codes, 3))).toEqual(expected)
  expect(balancedWeights(codes, 3)).toEqual(balancedWeights(codes, 3, new Float64Array(7).fill(1)))
})
