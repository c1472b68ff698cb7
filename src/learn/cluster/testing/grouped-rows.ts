import { expect } from 'vitest'
import { RandomState } from '../../../table/random.ts'

/** Test support: rows around three centres, without ties. */
export function groupedRows(seed: number, nRows: number, nColumns: number): number[][] {
  const random = new RandomState(seed)
  const centers = Array.from({ length: 3 }, () => Array.from({ length: nColumns }, () => 12 * random.random() - 6))
  return Array.from({ length: nRows }, () => {
    const center = centers[random.randint(3)]!
    return center.map((value) => value + random.normal())
  })
}

/** Test support: equal numbers but for `tolerance`, relative to those above 1. */
export function expectNear(actual: ArrayLike<number>, expected: ArrayLike<number>, tolerance: number): void {
  expect(actual.length).toBe(expected.length)
  for (let i = 0; i < expected.length; i++) {
    expect(Math.abs(actual[i]! - expected[i]!)).toBeLessThanOrEqual(tolerance * Math.max(1, Math.abs(expected[i]!)))
  }
}
