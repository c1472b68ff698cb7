import fc from 'fast-check'
import { expect, test } from 'vitest'
import { readState } from '../read-state.ts'
import { ensembleState, restoreEnsemble } from './ensemble.ts'
import { fromHalf, LEAF_FORMATS, packLeaves, roundLeaves, toHalf, unpackLeaves } from './leaf-format.ts'
import { randomTrees } from './testing/random-trees.ts'

const leaves = fc.array(fc.double({ min: -100, max: 100, noNaN: true }), { minLength: 1, maxLength: 40 })

test.each(LEAF_FORMATS)(
  'rounded leaves come back from %s as they were, and rounding them again changes nothing',
  (format) => {
    fc.assert(
      fc.property(leaves, (drawn) => {
        const rounded = roundLeaves(Float64Array.from(drawn), format)
        const reader = readState({ values: packLeaves(rounded, format) }, 'trees')
        // + 0: -0 and 0 add alike.
        expect(unpackLeaves(reader, 'values', format).map((v) => v + 0)).toEqual(rounded.map((v) => v + 0))
        expect(roundLeaves(rounded, format).map((v) => v + 0)).toEqual(rounded.map((v) => v + 0))
      }),
    )
  },
)

test.each([
  ['float32', 2 ** -24],
  ['float16', 2 ** -11],
] as const)('%s is off by at most half a unit of its last place', (format, share) => {
  fc.assert(
    fc.property(leaves, (drawn) => {
      const values = Float64Array.from(drawn)
      roundLeaves(values, format).forEach((rounded, i) => {
        expect(Math.abs(rounded - values[i]!)).toBeLessThanOrEqual(Math.abs(values[i]!) * share + 2 ** -25)
      })
    }),
  )
})

test('int8 is off by at most half of the 127th part of the largest', () => {
  fc.assert(
    fc.property(leaves, (drawn) => {
      const values = Float64Array.from(drawn)
      const largest = Math.max(...values.map(Math.abs))
      roundLeaves(values, 'int8').forEach((rounded, i) => {
        expect(Math.abs(rounded - values[i]!)).toBeLessThanOrEqual((largest / 127) * 0.501 + 2 ** -100)
      })
    }),
  )
})

test('halves are those of IEEE 754: known bits, ties to even, the smallest, the largest', () => {
  const known: [number, number][] = [
    [0, 0],
    [1, 0x3c00],
    [-2, 0xc000],
    [65504, 0x7bff],
    [1e9, 0x7bff],
    [2 ** -24, 1],
    [2 ** -25, 0],
    [1 + 2 ** -11, 0x3c00],
    [1 + 3 * 2 ** -11, 0x3c02],
    [1 / 3, 0x3555],
  ]
  for (const [value, half] of known) expect(toHalf(value)).toBe(half)
  for (let half = 0; half < 0x7c00; half++) expect(toHalf(fromHalf(half))).toBe(half)
})

test.each(LEAF_FORMATS)('trees with leaves in %s keep them so in their state', (format) => {
  const trees = randomTrees({ seed: 1, nTrees: 4, nColumns: 3, nOutputs: 3, width: 3, maxDepth: 4 })
  const rounded = { ...trees, values: roundLeaves(trees.values, format), leafFormat: format }
  const restored = restoreEnsemble(readState(ensembleState(rounded), 'trees'))
  expect(restored).toEqual(rounded)
  expect(() =>
    restoreEnsemble(readState({ ...(ensembleState(rounded) as object), leafFormat: 'float8' }, 'trees')),
  ).toThrow('leafFormat')
})
