import fc from 'fast-check'
import { expect, test } from 'vitest'
import { PROFILE_BINS, profileTable, TableProfile } from './profile.ts'
import type { ColumnSchema } from './schema.ts'
import { makeTable } from './table.ts'

const schemaOf = (name: string, kind: ColumnSchema['kind']): ColumnSchema => ({
  name,
  kind,
  dataType: 'float',
  declared: { required: false },
  observed: { missing: 0, distinct: 0, min: null, max: null, categories: [] },
})

function profileNumbers(values: readonly number[]) {
  const table = makeTable([['x', { kind: 'number', values: Float64Array.from(values) }]])
  return profileTable(table, { columns: [schemaOf('x', 'number')] }).columns[0]!
}

test('a number column is profiled as numpy and pandas would', () => {
  const profile = profileNumbers([4, 1, Number.NaN, 2, 2, 6])
  expect(profile).toMatchObject({ count: 5, missing: 1, distinct: 4 })
  expect(profile.distribution).toMatchObject({ mean: 3, std: 2, min: 1, max: 6, quantiles: { p25: 2, p50: 2, p75: 4 } })
  expect(profile.distribution!.quantiles.p05).toBeCloseTo(1.2, 12)
  expect(profile.distribution!.histogram.edges).toHaveLength(PROFILE_BINS + 1)
})

test('the bins of a histogram hold every value once, between their edges', () => {
  const value = fc.oneof(
    fc.double({ noNaN: true, noDefaultInfinity: true, min: -1e6, max: 1e6 }),
    fc.integer({ min: -5, max: 5 }),
  )
  fc.assert(
    fc.property(fc.array(value, { minLength: 1, maxLength: 60 }), (values) => {
      const { edges, counts } = profileNumbers(values).distribution!.histogram
      expect(counts.reduce((sum, count) => sum + count, 0)).toBe(values.length)
      counts.forEach((count, bin) => {
        const last = bin === counts.length - 1
        const inside = values.filter((v) => v >= edges[bin]! && (last ? v <= edges[bin + 1]! : v < edges[bin + 1]!))
        expect(inside).toHaveLength(count)
      })
    }),
    { examples: [[[-2.5e-323, -5e-323]], [[5e-324, -5e-324]], [[0, 5e-324, 1e-323]]] },
  )
})

test('categories are counted in their order, texts by their length, an empty column has no distribution', () => {
  const table = makeTable([
    ['c', { kind: 'category', codes: Int32Array.of(1, 1, -1, 0), categories: ['a', 'b', 'never'] }],
    ['t', { kind: 'text', values: ['one', null, 'three', 'one'] }],
    ['n', { kind: 'number', values: new Float64Array(4).fill(Number.NaN) }],
  ])
  const profile = profileTable(table, {
    columns: [schemaOf('c', 'category'), schemaOf('t', 'text'), schemaOf('n', 'number')],
  })
  expect(profile.columns[0]).toMatchObject({
    count: 3,
    missing: 1,
    distinct: 2,
    categories: [
      { value: 'a', count: 1 },
      { value: 'b', count: 2 },
      { value: 'never', count: 0 },
    ],
  })
  expect(profile.columns[1]).toMatchObject({ count: 3, missing: 1, distinct: 2, distribution: { min: 3, max: 5 } })
  expect(profile.columns[2]).toMatchObject({ count: 0, missing: 4, distribution: null })
  expect(TableProfile.parse(JSON.parse(JSON.stringify(profile)))).toEqual(profile)
})

test('values at the ends of the range of a double have finite statistics', () => {
  const max = Number.MAX_VALUE
  for (const values of [
    [-max, max],
    [1e308, -1e308, 1.7e308, 0, 1],
    [1e200, 2e200, 3e200],
  ]) {
    const profile = profileNumbers(values)
    // The schema of a profile takes finite numbers only.
    expect(TableProfile.shape.columns.element.parse(profile)).toEqual(profile)
  }
  expect(profileNumbers([1e200, 2e200, 3e200]).distribution).toMatchObject({ mean: 2e200, std: 1e200 })
})
