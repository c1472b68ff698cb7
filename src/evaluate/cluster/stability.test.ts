import { describe, expect, test } from 'vitest'
import { matrixOf } from '../../../test/support/fit-inputs.ts'
import { kMeans } from '../../learn/cluster/k-means.ts'
import { groupedRows } from '../../learn/cluster/testing/grouped-rows.ts'
import { RandomState } from '../../table/random.ts'
import { describeClusters } from './describe-clusters.ts'
import { clusterStability } from './stability.ts'

const fitted = (x: ReturnType<typeof matrixOf>, nClusters: number) => {
  const options = kMeans.options.parse({ nClusters })
  return { x, definition: kMeans, options, seed: 3, model: kMeans.fit({ x, seed: 3 }, options) }
}

describe('stability', () => {
  test('is 1 where rows lie in as many groups as there are clusters, and the same each time it is asked', () => {
    const input = fitted(matrixOf(groupedRows(5, 120, 3)), 3)
    const stability = clusterStability(input)
    expect(stability.mean.value).toBeGreaterThan(0.95)
    expect(stability.repeats).toHaveLength(10)
    expect(clusterStability(input)).toEqual(stability)
  })

  test('is low where there are no groups to find', () => {
    const random = new RandomState(0)
    const rows = Array.from({ length: 120 }, () => [random.normal(), random.normal(), random.normal()])
    expect(clusterStability(fitted(matrixOf(rows), 6)).mean.value).toBeLessThan(0.6)
  })

  test('has no value, and a reason, where half of the rows have too few that differ', () => {
    const four = clusterStability(fitted(matrixOf([[0], [1], [2], [3]]), 4))
    expect(four).toEqual({ mean: { value: Number.NaN, reason: expect.stringContaining('too few') }, repeats: [] })
  })

  test('stops when it is told to', () => {
    const input = fitted(matrixOf(groupedRows(5, 40, 2)), 2)
    expect(() => clusterStability({ ...input, signal: AbortSignal.abort() })).toThrow(
      expect.objectContaining({ code: 'CANCELLED' }),
    )
  })
})

test('clusters are described by their size and the columns that set them apart, farthest first', () => {
  const x = matrixOf([
    [0, 5, 1],
    [0, 5, 2],
    [10, 5, 1],
    [10, 5, 2],
  ])
  const [a, b] = describeClusters(x, Int32Array.of(0, 0, 1, 1), 2, ['far', 'constant', 'alike'])
  expect(a).toEqual({
    cluster: 0,
    rows: 2,
    share: 0.5,
    differs: [
      { feature: 'far', deviations: -1 },
      { feature: 'alike', deviations: 0 },
    ],
  })
  expect(b!.differs[0]).toEqual({ feature: 'far', deviations: 1 })
})
