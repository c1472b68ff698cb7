import { describe, expect, test } from 'vitest'
import type { Matrix } from '../../table/matrix.ts'
import { RandomState } from '../../table/random.ts'
import { gaussianMixture } from './gaussian-mixture.ts'
import { kMeans } from './k-means.ts'

/** Three clouds around (0, 0, 0), (4, 2, 0) and (8, 4, 0): the third column tells nothing apart. */
const nRows = 120
const random = new RandomState(3)
const x: Matrix = {
  nRows,
  nColumns: 3,
  names: ['a', 'b', 'none'],
  data: Float64Array.from(
    { length: 3 * nRows },
    (_, i) => [4, 2, 0][Math.floor(i / nRows)]! * (i % 3) + random.normal(),
  ),
}

const sum = (values: Float64Array) => values.reduce((total, value) => total + value, 0)

describe('the margin of a row', () => {
  test('of k-means is the squared distance to the next centre less that to its own, to the last column', () => {
    const model = kMeans.fit({ x, seed: 1 }, kMeans.options.parse({ nClusters: 3 }))
    const labels = model.predict(x)
    for (const row of [0, 1, 2, 50]) {
      const squares = Array.from({ length: 3 }, (_, k) =>
        [0, 1, 2].reduce((all, j) => all + (x.data[j * nRows + row]! - model.centers[k * 3 + j]!) ** 2, 0),
      )
      const own = labels[row]!
      const { rival, space, base, margin, contributions } = model.margin(x, row, own)
      const second = Math.min(...squares.filter((_, k) => k !== own))
      expect(rival).toBe(squares.indexOf(second))
      expect(space).toBe('squared distance')
      expect(base).toBe(0)
      expect(margin).toBeCloseTo(second - squares[own]!, 9)
      expect(margin).toBeGreaterThan(0)
      expect(sum(contributions)).toBeCloseTo(margin, 12)
      expect(contributions).toHaveLength(3)
    }
  })

  test.each(['full', 'tied', 'diag', 'spherical'])(
    'of a mixture (%s) is the log-odds of its cluster against the next one',
    (covariance) => {
      const model = gaussianMixture.fit({ x, seed: 1 }, gaussianMixture.options.parse({ nClusters: 3, covariance }))
      const labels = model.predict(x)
      const probabilities = model.predictProba!(x)
      for (const row of [0, 1, 2, 51]) {
        const own = labels[row]!
        const { rival, space, base, margin, contributions } = model.margin(x, row, own)
        const of = (k: number) => probabilities[row * 3 + k]!
        expect(space).toBe('log-odds')
        expect(of(rival!)).toBe(Math.max(...[0, 1, 2].filter((k) => k !== own).map(of)))
        expect(margin).toBeCloseTo(Math.log(of(own) / of(rival!)), 6)
        expect(base + sum(contributions)).toBeCloseTo(margin, 9)
      }
    },
  )

  test('has no rival where there is one cluster alone', () => {
    const model = gaussianMixture.fit({ x, seed: 1 }, gaussianMixture.options.parse({ nClusters: 1 }))
    expect(model.margin(x, 0, 0)).toEqual({
      rival: null,
      space: 'log-odds',
      base: 0,
      margin: 0,
      contributions: new Float64Array(3),
    })
  })
})
