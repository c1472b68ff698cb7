import { readFileSync } from 'node:fs'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { codeOf } from '../../../test/support/code-of.ts'
import { matrixOf } from '../../../test/support/fit-inputs.ts'
import { expectNear, groupedRows } from '../../learn/cluster/testing/grouped-rows.ts'
import { RandomState } from '../../table/random.ts'
import { adjustedRandIndex } from './adjusted-rand.ts'
import { calinskiHarabasz } from './calinski-harabasz.ts'
import { daviesBouldin } from './davies-bouldin.ts'
import { silhouette, silhouetteSamples, silhouetteScores } from './silhouette.ts'

const fixture = JSON.parse(readFileSync(new URL('./fixtures/cluster-metrics.json', import.meta.url), 'utf8')) as {
  versions: Record<string, string>
  scores: {
    name: string
    x: number[][]
    labels: number[]
    silhouettes: number[]
    silhouette: number
    sampled: number
    daviesBouldin: number
    calinskiHarabasz: number
  }[]
  pairs: { name: string; a: number[]; b: number[]; adjustedRand: number }[]
}

describe(`scores of clusters against scikit-learn ${fixture.versions['scikit-learn']}, within 1e-9`, () => {
  test.each(fixture.scores)('$name', (of) => {
    const x = matrixOf(of.x)
    const labels = Int32Array.from(of.labels)
    expectNear(silhouetteSamples(x, labels), of.silhouettes, 1e-9)
    expectNear([silhouette(x, labels).value], [of.silhouette], 1e-9)
    const sampleRows = Math.floor(of.x.length / 2)
    expectNear([silhouette(x, labels, { sampleRows, seed: 5 }).value], [of.sampled], 1e-9)
    expectNear([daviesBouldin(x, labels).value], [of.daviesBouldin], 1e-9)
    expectNear([calinskiHarabasz(x, labels).value], [of.calinskiHarabasz], 1e-9)
  })

  test.each(fixture.pairs)('adjusted Rand index: $name', ({ a, b, adjustedRand }) => {
    expect(adjustedRandIndex(Int32Array.from(a), Int32Array.from(b))).toBeCloseTo(adjustedRand, 12)
    expect(adjustedRandIndex(Int32Array.from(b), Int32Array.from(a))).toBeCloseTo(adjustedRand, 12)
  })
})

const problems = fc
  .record({
    seed: fc.integer({ min: 0, max: 1e6 }),
    nRows: fc.integer({ min: 8, max: 150 }),
    nColumns: fc.integer({ min: 1, max: 3 }),
    nGroups: fc.integer({ min: 2, max: 5 }),
  })
  .map(({ seed, nRows, nColumns, nGroups }) => {
    const random = new RandomState(seed)
    return {
      rows: groupedRows(seed, nRows, nColumns),
      labels: Int32Array.from({ length: nRows }, (_, row) => (row < nGroups ? row : random.randint(nGroups))),
      order: random.permutation(nRows),
    }
  })

/** As the definition says, row by row. */
function plainSilhouettes(rows: readonly number[][], labels: Int32Array): number[] {
  const groups = Array.from(new Set(labels))
  return rows.map((row, i) => {
    const mean = (group: number) => {
      const others = rows.filter((_, j) => labels[j] === group && j !== i)
      return others.reduce((sum, other) => sum + Math.hypot(...other.map((v, j) => v - row[j]!)), 0) / others.length
    }
    const own = labels[i]!
    if (labels.filter((label) => label === own).length === 1) return 0
    const within = mean(own)
    const next = Math.min(...groups.filter((group) => group !== own).map(mean))
    return (next - within) / Math.max(within, next)
  })
}

describe('properties of scores of clusters', () => {
  test('silhouettes by blocks are those of the definition, in [-1, 1]', () => {
    fc.assert(
      fc.property(problems, ({ rows, labels }) => {
        const found = silhouetteSamples(matrixOf(rows), labels)
        expectNear(found, plainSilhouettes(rows, labels), 1e-9)
        expect(found.every((value) => value >= -1 && value <= 1)).toBe(true)
      }),
      { numRuns: 30 },
    )
  })

  test('neither the order of the rows, nor their place, nor the numbers of the labels matter', () => {
    fc.assert(
      fc.property(problems, ({ rows, labels, order }) => {
        const x = matrixOf(rows)
        const other = matrixOf(Array.from(order, (row) => rows[row]!.map((value) => value + 100)))
        const renamed = Int32Array.from(order, (row) => 7 - 3 * labels[row]!)
        for (const score of [silhouette, daviesBouldin, calinskiHarabasz]) {
          expectNear([score(other, renamed).value], [score(x, labels).value], 1e-8)
        }
        expect(
          adjustedRandIndex(
            renamed,
            Int32Array.from(order, (row) => labels[row]!),
          ),
        ).toBe(1)
      }),
    )
  })

  test('stretching all columns alike changes no score', () => {
    fc.assert(
      fc.property(problems, ({ rows, labels }) => {
        const stretched = matrixOf(rows.map((row) => row.map((value) => value * 1e-20)))
        for (const score of [silhouette, daviesBouldin, calinskiHarabasz]) {
          expectNear([score(stretched, labels).value], [score(matrixOf(rows), labels).value], 1e-9)
        }
      }),
    )
  })

  test('several labelings together have the silhouettes that each has alone', () => {
    fc.assert(
      fc.property(problems, ({ rows, labels, order }) => {
        const x = matrixOf(rows)
        const other = Int32Array.from(order, (row) => row % 3)
        expect(silhouetteScores(x, [labels, other])).toEqual([silhouette(x, labels), silhouette(x, other)])
      }),
    )
  })
})

describe('scores of clusters at the edges', () => {
  const x = matrixOf([[1], [2], [4]])

  test('one cluster, a cluster for each row, and no rows have no score and a reason', () => {
    for (const score of [silhouette, daviesBouldin, calinskiHarabasz]) {
      expect(score(x, Int32Array.of(1, 1, 1))).toEqual({ value: Number.NaN, reason: 'all rows are in one cluster' })
      expect(score(x, Int32Array.of(0, 1, 2)).reason).toBe('every row is a cluster of its own')
      expect(score(matrixOf([], 1), new Int32Array(0)).reason).toBe('there are no rows')
    }
    expect(silhouetteSamples(x, Int32Array.of(1, 1, 1))).toEqual(new Float64Array(3).fill(Number.NaN))
  })

  test('rows that are all the same have a silhouette of 0, and no spread', () => {
    const same = matrixOf([[1], [1], [1], [1]])
    const labels = Int32Array.of(0, 0, 1, 1)
    expect(silhouette(same, labels).value).toBe(0)
    expect(daviesBouldin(same, labels).value).toBe(0)
    expect(calinskiHarabasz(same, labels).value).toBe(1)
  })

  test('missing values, other lengths and samples of no rows are refused', () => {
    const labels = Int32Array.of(0, 0, 1)
    for (const score of [silhouette, daviesBouldin, calinskiHarabasz]) {
      expect(codeOf(() => score(matrixOf([[1], [Number.NaN], [2]]), labels))).toBe('MATRIX_NOT_FINITE')
      expect(codeOf(() => score(x, Int32Array.of(0, 1)))).toBe('INTERNAL')
    }
    expect(codeOf(() => adjustedRandIndex(labels, Int32Array.of(0)))).toBe('INTERNAL')
    expect(codeOf(() => silhouette(x, labels, { sampleRows: 0 }))).toBe('USAGE')
  })

  test('an aborted signal stops a silhouette', () => {
    expect(codeOf(() => silhouette(x, Int32Array.of(0, 0, 1), { signal: AbortSignal.abort() }))).toBe('CANCELLED')
  })
})
