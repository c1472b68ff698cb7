import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { Target } from '../../table/target.ts'
import { foldsOf } from '../splits/fold.ts'
import { subsampleFold } from './subsample-fold.ts'

const nRows = 600
const codes = Int32Array.from({ length: nRows }, (_, row) => (row % 50 === 0 ? 2 : row % 3 === 0 ? 1 : 0))
const target: Target = { task: 'classification', classes: ['a', 'b', 'c'], codes }
const [fold] = foldsOf(
  Int32Array.from({ length: nRows }, (_, row) => row % 4),
  4,
)
const counts = (rows: Uint32Array) => {
  const of = [0, 0, 0]
  for (const row of rows) of[codes[row]!]!++
  return of
}

test('every class keeps its share within a row, and at least one row', () => {
  fc.assert(
    fc.property(fc.double({ min: 0.001, max: 0.999, noNaN: true }), fc.nat(100), (share, seed) => {
      const part = subsampleFold(fold!, target, share, seed)
      for (const side of ['train', 'validation'] as const) {
        const all = counts(fold![side])
        for (const [code, n] of counts(part[side]).entries()) {
          expect(n).toBe(all[code] === 0 ? 0 : Math.max(1, Math.round(share * all[code]!)))
        }
        expect([...part[side]]).toEqual([...new Set(part[side])].sort((a, b) => a - b))
        expect(part[side].every((row) => fold![side].includes(row))).toBe(true)
      }
    }),
    { numRuns: 50 },
  )
})

test('the rows of a smaller share are among those of a larger one', () => {
  const small = subsampleFold(fold!, target, 0.1, 5)
  const large = subsampleFold(fold!, target, 0.3, 5)
  for (const side of ['train', 'validation'] as const) {
    const known = new Set(large[side])
    expect(small[side].every((row) => known.has(row))).toBe(true)
  }
})

test('numbers are drawn without regard to their value, by the seed', () => {
  const values: Target = { task: 'regression', values: Float64Array.from(codes) }
  const part = subsampleFold(fold!, values, 0.5, 1)
  expect(part.train.length).toBe(Math.round(fold!.train.length / 2))
  expect(subsampleFold(fold!, values, 0.5, 1)).toEqual(part)
  expect(subsampleFold(fold!, values, 0.5, 2)).not.toEqual(part)
})

test('the whole share is the fold itself, and there is no other than (0, 1]', () => {
  expect(subsampleFold(fold!, target, 1, 0)).toBe(fold)
  for (const share of [0, -1, 1.1, Number.NaN]) expect(() => subsampleFold(fold!, target, share, 0)).toThrow(/share/)
})
