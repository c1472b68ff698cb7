import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { Target } from '../table/target.ts'
import { crossFitFolds } from './target-encode.ts'

const anyTarget = fc.record({
  codes: fc.array(fc.nat(2), { minLength: 1, maxLength: 60 }),
  k: fc.integer({ min: 2, max: 7 }),
  seed: fc.nat(99),
})

test('folds for cross-fitting differ by at most one row, over all and within each class', () => {
  fc.assert(
    fc.property(anyTarget, ({ codes, k, seed }) => {
      const target: Target = { task: 'classification', classes: ['a', 'b', 'c'], codes: Int32Array.from(codes) }
      const foldOf = crossFitFolds(target, k, seed)
      const spread = (rows: readonly number[]) => {
        const sizes = new Array<number>(k).fill(0)
        for (const row of rows) sizes[foldOf[row]!]!++
        return Math.max(...sizes) - Math.min(...sizes)
      }
      const rows = codes.map((_, row) => row)
      expect(spread(rows)).toBeLessThanOrEqual(1)
      for (const code of [0, 1, 2]) expect(spread(rows.filter((row) => codes[row] === code))).toBeLessThanOrEqual(1)
    }),
  )
})

test('folds for cross-fitting depend on the seed and on nothing else', () => {
  const target: Target = { task: 'regression', values: new Float64Array(50) }
  expect(crossFitFolds(target, 5, 3)).toEqual(crossFitFolds(target, 5, 3))
  expect(crossFitFolds(target, 5, 3)).not.toEqual(crossFitFolds(target, 5, 4))
})
