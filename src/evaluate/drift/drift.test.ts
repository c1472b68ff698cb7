import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { Column } from '../../table/column.ts'
import { columnDrift } from './column-drift.ts'
import { jensenShannonDistance, populationStabilityIndex } from './share-distance.ts'
import { sharedBins } from './shared-bins.ts'

const numbers = (values: readonly number[]): Column => ({ kind: 'number', values: Float64Array.from(values) })
const categories = (codes: readonly number[], names: readonly string[]): Column => ({
  kind: 'category',
  codes: Int32Array.from(codes),
  categories: names,
})
const shares = () =>
  fc.array(fc.integer({ min: 1, max: 1000 }), { minLength: 5, maxLength: 5 }).map((counts) => {
    const total = counts.reduce((sum, count) => sum + count, 0)
    return Float64Array.from(counts, (count) => count / total)
  })

test('the distances are those of scipy and of a sum by hand', () => {
  const [a, b] = [Float64Array.of(0.5, 0.3, 0.2), Float64Array.of(0.2, 0.3, 0.5)]
  // scipy.spatial.distance.jensenshannon([.5,.3,.2], [.2,.3,.5])
  expect(jensenShannonDistance(a, b)).toBeCloseTo(0.25770974832606103, 14)
  expect(populationStabilityIndex(a, b)).toBeCloseTo(2 * 0.3 * Math.log(2.5), 12)
  expect(jensenShannonDistance(Float64Array.of(1, 0), Float64Array.of(0, 1))).toBeCloseTo(Math.sqrt(Math.LN2), 12)
})

test('neither distance depends on which window is the reference, and both are 0 for equal shares', () => {
  fc.assert(
    fc.property(shares(), shares(), (a, b) => {
      expect(populationStabilityIndex(a, b)).toBeCloseTo(populationStabilityIndex(b, a), 12)
      expect(jensenShannonDistance(a, b)).toBeCloseTo(jensenShannonDistance(b, a), 12)
      expect(populationStabilityIndex(a, a)).toBe(0)
      expect(jensenShannonDistance(a, a)).toBe(0)
      expect(jensenShannonDistance(a, b)).toBeLessThanOrEqual(Math.sqrt(Math.LN2) + 1e-12)
    }),
  )
})

describe('bins', () => {
  test('are those of the reference, whatever the current window holds', () => {
    const reference = numbers(Array.from({ length: 100 }, (_, i) => i))
    const near = sharedBins(reference, reference)
    const far = sharedBins(reference, numbers([1e9, -1e9, Number.NaN]))
    expect(far.labels).toEqual(near.labels)
    expect([...near.reference]).toEqual([10, 10, 10, 10, 10, 10, 10, 10, 10, 10, 0])
    expect([...far.current]).toEqual([1, 0, 0, 0, 0, 0, 0, 0, 0, 1, 1])
  })

  test('of few values and of categories are one for each, with what is new and what is missing apart', () => {
    const bins = sharedBins(numbers([1, 2, 2]), numbers([2, 3, Number.NaN]))
    expect(bins.labels).toEqual(['1', '2', 'other', 'missing'])
    expect([...bins.current]).toEqual([0, 1, 1, 1])
    const named = sharedBins(categories([0, 1, -1], ['a', 'b']), categories([0, 1], ['b', 'c']))
    expect(named.labels).toEqual(['a', 'b', 'other', 'missing'])
    expect([...named.current]).toEqual([0, 1, 1, 0])
  })

  test('of a constant column give no drift, and of an empty one none at all', () => {
    expect(columnDrift(numbers([5, 5, 5]), numbers([5, 5]))).toMatchObject({ psi: 0, jensenShannon: 0 })
    expect(columnDrift(numbers([]), numbers([1]))).toBeNull()
  })

  test('values that go missing are drift', () => {
    const reference = numbers(Array.from({ length: 100 }, (_, i) => i))
    const current = numbers(Array.from({ length: 100 }, (_, i) => (i % 2 ? Number.NaN : i)))
    expect(columnDrift(reference, current)!.psi).toBeGreaterThan(1)
  })
})
