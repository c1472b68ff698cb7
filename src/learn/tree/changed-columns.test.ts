import fc from 'fast-check'
import { expect, test } from 'vitest'
import { RandomState } from '../../table/random.ts'
import { ChangedColumnOutputs } from './changed-columns.ts'
import { addTreeOutputs } from './predict.ts'
import { randomTrees } from './testing/random-trees.ts'
import { matrixOf } from './testing/synthetic.ts'

const N_COLUMNS = 6
const cases = fc.record({
  seed: fc.nat(10_000),
  nRows: fc.constantFrom(1, 7, 80),
  shape: fc.constantFrom({ nOutputs: 1, width: 1 }, { nOutputs: 3, width: 1 }, { nOutputs: 3, width: 3 }),
  categories: fc.constantFrom(0, 0.4),
  changed: fc.uniqueArray(fc.nat(N_COLUMNS - 1), { maxLength: N_COLUMNS }),
  nVersions: fc.integer({ min: 1, max: 3 }),
})

test('rows with changed columns have the very sums that all trees give them anew, missing values and categories among them', () => {
  fc.assert(
    fc.property(cases, ({ seed, nRows, shape, categories, changed, nVersions }) => {
      const trees = randomTrees({ seed, nTrees: 9, nColumns: N_COLUMNS, ...shape, maxDepth: 6, categories })
      const random = new RandomState(seed)
      const value = () => (random.randint(8) === 0 ? Number.NaN : random.randint(5))
      const x = matrixOf(nRows, N_COLUMNS, value)
      const versions = Array.from({ length: nVersions }, () => {
        const data = x.data.slice()
        for (const column of changed) for (let row = 0; row < nRows; row++) data[column * nRows + row] = value()
        return { ...x, data }
      })
      const initial = Float64Array.from({ length: shape.nOutputs }, () => random.normal())
      const whole = versions.map((version) => {
        const sums = Float64Array.from({ length: nRows * shape.nOutputs }, (_, i) => initial[i % shape.nOutputs]!)
        addTreeOutputs(trees, version, sums)
        return sums
      })
      expect(new ChangedColumnOutputs(trees, x).outputs(changed, versions, initial)).toEqual(whole)
    }),
  )
})

test('more leaves than are kept are told beforehand', () => {
  const trees = randomTrees({ seed: 1, nTrees: 8, nColumns: 2, nOutputs: 1, width: 1, maxDepth: 2 })
  expect(ChangedColumnOutputs.fits(trees, 2 ** 22)).toBe(true)
  expect(ChangedColumnOutputs.fits(trees, 2 ** 22 + 1)).toBe(false)
})
