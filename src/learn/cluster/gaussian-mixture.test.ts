import { readFileSync } from 'node:fs'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { codeOf } from '../../../test/support/code-of.ts'
import { matrixOf } from '../../../test/support/fit-inputs.ts'
import { RandomState } from '../../table/random.ts'
import type { State } from '../../table/state.ts'
import type { Components, Covariance } from './gaussian-components.ts'
import { fitGaussianMixture, GaussianMixtureOptions, gaussianMixture } from './gaussian-mixture.ts'
import { expectNear, groupedRows } from './testing/grouped-rows.ts'

type Nested = number | readonly Nested[]

interface MixtureCase {
  data: string
  nClusters: number
  covariance: Covariance
  start: { weights: number[]; means: number[][]; covariances: Nested } | null
  seed: number
  nInit: number
  tol: number
  maxIterations: number
  regCovar: number
  weights: number[]
  means: number[][]
  covariances: Nested
  labels: number[]
  probabilities: number[][]
  logLikelihoods: number[]
  lowerBound: number
  bic: number
  aic: number
  iterations: number
  converged: boolean
}

const fixture = JSON.parse(readFileSync(new URL('./fixtures/cluster.json', import.meta.url), 'utf8')) as {
  versions: Record<string, string>
  data: Record<string, number[][]>
  mixtures: MixtureCase[]
  quality: { data: string; nClusters: number; mixtureLowerBound: number[] }[]
}

const flat = (nested: Nested): number[] => (typeof nested === 'number' ? [nested] : nested.flatMap(flat))

function startOf({ start, covariance, nClusters }: MixtureCase): Components | undefined {
  if (!start) return undefined
  return {
    covariance,
    nClusters,
    nColumns: start.means[0]!.length,
    weights: Float64Array.from(start.weights),
    means: Float64Array.from(start.means.flat()),
    covariances: Float64Array.from(flat(start.covariances)),
  }
}

describe(`Gaussian mixtures against scikit-learn ${fixture.versions['scikit-learn']}`, () => {
  const named = fixture.mixtures.map((of) => ({ ...of, from: of.start ? 'given components' : `seed ${of.seed}` }))
  test.each(named)('$covariance, $data, $nClusters clusters from $from: the same steps and components', (of) => {
    const { nClusters, covariance, regCovar, nInit, tol, maxIterations, seed } = of
    const x = matrixOf(fixture.data[of.data]!)
    const options = GaussianMixtureOptions.parse({ nClusters, covariance, regCovar, nInit, tol, maxIterations })
    const model = fitGaussianMixture({ x, seed }, options, startOf(of))
    const { components, iterations, converged, lowerBound } = model.parts
    // For `diag` scikit-learn subtracts squares: of a constant 5, 5e-15 is left where the variance is 1e-6.
    const tolerance = covariance === 'diag' && of.data === 'constant column' ? 1e-7 : 1e-9
    expect({ iterations, converged }).toEqual({ iterations: of.iterations, converged: of.converged })
    expectNear(components.weights, of.weights, tolerance)
    expectNear(components.means, of.means.flat(), tolerance)
    expectNear(components.covariances, flat(of.covariances), tolerance)
    expect(Array.from(model.predict(x))).toEqual(of.labels)
    expectNear(model.predictProba(x).subarray(0, 5 * nClusters), of.probabilities.flat(), tolerance)
    expectNear(model.logLikelihoods(x).subarray(0, 5), of.logLikelihoods, tolerance)
    expectNear([lowerBound], [of.lowerBound], tolerance)
    const { bic, aic } = model.informationCriteria(x)
    expectNear([bic, aic], [of.bic, of.aic], tolerance)
  })

  test.each(fixture.quality)('on $data each of many seeds gives the same likelihood', (of) => {
    const options = GaussianMixtureOptions.parse({ nClusters: of.nClusters })
    const x = matrixOf(fixture.data[of.data]!)
    const ours = of.mixtureLowerBound.map((_, seed) => fitGaussianMixture({ x, seed }, options).parts.lowerBound)
    expectNear(ours, of.mixtureLowerBound, 1e-9)
  })
})

const problems = fc.record({
  seed: fc.integer({ min: 0, max: 1e6 }),
  nRows: fc.integer({ min: 20, max: 40 }),
  nColumns: fc.integer({ min: 1, max: 3 }),
  nClusters: fc.integer({ min: 1, max: 3 }),
  covariance: fc.constantFrom<Covariance>('full', 'tied', 'diag', 'spherical'),
})

/** Broad components at the first rows. */
function broad(rows: readonly number[][], nClusters: number, covariance: Covariance): Components {
  const nColumns = rows[0]!.length
  const identity = Array.from({ length: nColumns * nColumns }, (_, i) => (i % (nColumns + 1) === 0 ? 9 : 0))
  const covariances = {
    full: Array.from({ length: nClusters }, () => identity).flat(),
    tied: identity,
    diag: Array.from({ length: nClusters * nColumns }, () => 9),
    spherical: Array.from({ length: nClusters }, () => 9),
  }[covariance]
  return {
    covariance,
    nClusters,
    nColumns,
    weights: new Float64Array(nClusters).fill(1 / nClusters),
    means: Float64Array.from(rows.slice(0, nClusters).flat()),
    covariances: Float64Array.from(covariances),
  }
}

/** Exactly so many iterations, so that nothing hangs on when one stops. */
const steps = (nClusters: number, covariance: Covariance, maxIterations: number, regCovar = 1e-6) =>
  GaussianMixtureOptions.parse({ nClusters, covariance, maxIterations, regCovar, tol: 1e-300 })

describe('properties of Gaussian mixtures', () => {
  test('no iteration makes the rows less likely', () => {
    fc.assert(
      fc.property(problems, ({ seed, nRows, nColumns, nClusters, covariance }) => {
        const rows = groupedRows(seed, nRows, nColumns)
        const start = broad(rows, nClusters, covariance)
        let before = Number.NEGATIVE_INFINITY
        for (let n = 1; n <= 6; n++) {
          const options = steps(nClusters, covariance, n, 1e-12)
          const { lowerBound } = fitGaussianMixture({ x: matrixOf(rows), seed: 0 }, options, start).parts
          expect(lowerBound).toBeGreaterThanOrEqual(before - 1e-9)
          before = lowerBound
        }
      }),
    )
  })

  test('the order of the rows changes no component, from the same start', () => {
    fc.assert(
      fc.property(problems, ({ seed, nRows, nColumns, nClusters, covariance }) => {
        const rows = groupedRows(seed, nRows, nColumns)
        const order = Array.from(new RandomState(seed).permutation(nRows))
        const shuffled = order.map((row) => rows[row]!)
        const start = broad(rows, nClusters, covariance)
        const options = steps(nClusters, covariance, 5)
        const a = fitGaussianMixture({ x: matrixOf(rows), seed: 0 }, options, start)
        const b = fitGaussianMixture({ x: matrixOf(shuffled), seed: 0 }, options, start)
        expectNear(b.parts.components.covariances, a.parts.components.covariances, 1e-7)
        expectNear(b.centers, a.centers, 1e-7)
      }),
    )
  })

  test('moving all rows moves the means and nothing else', () => {
    fc.assert(
      fc.property(problems, ({ seed, nRows, nColumns, nClusters, covariance }) => {
        const rows = groupedRows(seed, nRows, nColumns)
        const moved = rows.map((row) => row.map((value) => value + 1000))
        const options = steps(nClusters, covariance, 5)
        const a = fitGaussianMixture({ x: matrixOf(rows), seed: 0 }, options, broad(rows, nClusters, covariance))
        const b = fitGaussianMixture({ x: matrixOf(moved), seed: 0 }, options, broad(moved, nClusters, covariance))
        expectNear(b.parts.components.covariances, a.parts.components.covariances, 1e-7)
        expectNear(
          b.centers,
          a.centers.map((mean) => mean + 1000),
          1e-9,
        )
        expectNear(b.predictProba(matrixOf(moved)), a.predictProba(matrixOf(rows)), 1e-6)
      }),
    )
  })

  test('a row of weight 2 counts as the row twice, and one of weight 0 not at all', () => {
    fc.assert(
      fc.property(problems, ({ seed, nRows, nColumns, nClusters, covariance }) => {
        const rows = groupedRows(seed, nRows, nColumns)
        const random = new RandomState(seed)
        const weights = rows.map((_, row) => (row < nClusters ? 1 : random.randint(3)))
        const repeated = rows.flatMap((row, i) => Array.from({ length: weights[i]! }, () => row))
        const start = broad(rows, nClusters, covariance)
        const options = steps(nClusters, covariance, 5)
        const sampleWeight = Float64Array.from(weights)
        const weighted = fitGaussianMixture({ x: matrixOf(rows), seed: 0, sampleWeight }, options, start)
        const copied = fitGaussianMixture({ x: matrixOf(repeated), seed: 0 }, options, start)
        expectNear(weighted.centers, copied.centers, 1e-7)
        expectNear(weighted.parts.components.covariances, copied.parts.components.covariances, 1e-7)
        expectNear(
          [weighted.informationCriteria(matrixOf(rows), sampleWeight).bic],
          [copied.informationCriteria(matrixOf(repeated)).bic],
          1e-7,
        )
      }),
    )
  })

  test('the label is the most probable cluster', () => {
    fc.assert(
      fc.property(problems, ({ seed, nRows, nColumns, nClusters, covariance }) => {
        const x = matrixOf(groupedRows(seed, nRows, nColumns))
        const model = fitGaussianMixture({ x, seed }, steps(nClusters, covariance, 3))
        const probabilities = model.predictProba(x)
        for (const [row, label] of model.predict(x).entries()) {
          const own = probabilities.slice(row * nClusters, (row + 1) * nClusters)
          expect(label).toBe(own.indexOf(Math.max(...own)))
          expectNear([own.reduce((a, b) => a + b)], [1], 1e-12)
        }
      }),
    )
  })
})

describe('what a Gaussian mixture answers at the edges', () => {
  const constant = matrixOf(Array.from({ length: 12 }, (_, i) => [i, 5]))

  test.each(['full', 'tied', 'diag'] as const)(
    '%s: a constant column without regCovar is refused, with it is none',
    (covariance) => {
      const of = (regCovar: number) =>
        fitGaussianMixture(
          { x: constant, seed: 0 },
          GaussianMixtureOptions.parse({ nClusters: 2, covariance, regCovar }),
        )
      expect(codeOf(() => of(0))).toBe('COVARIANCE_SINGULAR')
      expect(new Set(of(1e-6).predict(constant))).toEqual(new Set([0, 1]))
    },
  )

  test('a row too far for any density has the shares of the clusters as probabilities', () => {
    const options = GaussianMixtureOptions.parse({ nClusters: 2, regCovar: 1e-200 })
    const model = fitGaussianMixture({ x: constant, seed: 0 }, options)
    const far = matrixOf([[3, 1e99]])
    expect(model.logLikelihoods(far)).toEqual(Float64Array.of(Number.NEGATIVE_INFINITY))
    expect(model.predictProba(far)).toEqual(model.parts.components.weights)
  })

  test('a row of weight 0 too far for any density leaves the likelihood a number', () => {
    const x = matrixOf([...Array.from({ length: 12 }, (_, i) => [i, 5]), [3, 1e99]])
    const sampleWeight = new Float64Array(13).fill(1)
    sampleWeight[12] = 0
    const options = GaussianMixtureOptions.parse({ nClusters: 2, regCovar: 1e-200 })
    const model = fitGaussianMixture({ x, seed: 0, sampleWeight }, options)
    expect(model.parts.converged).toBe(true)
    expect(Number.isFinite(model.parts.lowerBound)).toBe(true)
    expect(Number.isFinite(model.informationCriteria(x, sampleWeight).bic)).toBe(true)
  })

  test('a fit that is stopped by its limit says so', () => {
    const x = matrixOf(groupedRows(1, 60, 2))
    expect(fitGaussianMixture({ x, seed: 0 }, steps(3, 'full', 2)).warnings).toEqual([
      'The mixture stopped after 2 iterations, before it converged.',
    ])
  })

  test('starting components of another shape are refused', () => {
    const rows = groupedRows(1, 20, 2)
    expect(
      codeOf(() => fitGaussianMixture({ x: matrixOf(rows), seed: 0 }, steps(3, 'full', 2), broad(rows, 3, 'diag'))),
    ).toBe('INTERNAL')
  })

  test('a state with an unknown shape, a share of 0 or no positive definite covariance is damaged', () => {
    const x = matrixOf(groupedRows(1, 30, 2))
    const state = fitGaussianMixture({ x, seed: 0 }, steps(2, 'full', 2)).state() as object
    const damaged: Record<string, State>[] = [
      { covariance: 'round' },
      { weights: Float64Array.of(1, 0) },
      { covariances: new Float64Array(8) },
      { means: Float64Array.of(1, 2, 3, Number.NaN) },
    ]
    for (const part of damaged) {
      expect(codeOf(() => gaussianMixture.restore({ ...state, ...part }))).toBe('MODEL_STATE_INVALID')
    }
  })
})
