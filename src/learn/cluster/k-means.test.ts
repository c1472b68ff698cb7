import { readFileSync } from 'node:fs'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { codeOf } from '../../../test/support/code-of.ts'
import { matrixOf } from '../../../test/support/fit-inputs.ts'
import { RandomState } from '../../table/random.ts'
import { fitKMeans, type KMeansModel, KMeansOptions, kMeans } from './k-means.ts'
import { expectNear, groupedRows } from './testing/grouped-rows.ts'

interface KMeansCase {
  data: string
  nClusters: number
  start: number[][] | null
  sampleWeight: number[] | null
  seed: number
  nInit: number
  tol: number
  maxIterations: number
  centers: number[][]
  labels: number[]
  inertia: number
  iterations: number
}

const fixture = JSON.parse(readFileSync(new URL('./fixtures/cluster.json', import.meta.url), 'utf8')) as {
  versions: Record<string, string>
  data: Record<string, number[][]>
  kMeans: KMeansCase[]
  quality: { data: string; nClusters: number; inertia: number[] }[]
}

function fitted(of: KMeansCase): KMeansModel {
  const { nClusters, nInit, tol, maxIterations, seed } = of
  return fitKMeans(
    {
      x: matrixOf(fixture.data[of.data]!),
      seed,
      ...(of.sampleWeight ? { sampleWeight: Float64Array.from(of.sampleWeight) } : {}),
    },
    KMeansOptions.parse({ nClusters, nInit, tol, maxIterations }),
    of.start ? Float64Array.from(of.start.flat()) : undefined,
  )
}

describe(`k-means against scikit-learn ${fixture.versions['scikit-learn']}`, () => {
  const named = fixture.kMeans.map((of) => ({
    ...of,
    from: of.start ? 'given points' : `seed ${of.seed} x ${of.nInit}`,
    weighted: of.sampleWeight ? ', weights' : '',
  }))
  test.each(named)('$data, $nClusters clusters from $from$weighted: the same rows, steps and centres', (of) => {
    const model = fitted(of)
    expect(Array.from(model.predict(matrixOf(fixture.data[of.data]!)))).toEqual(of.labels)
    expect(model.parts.iterations).toBe(of.iterations)
    expectNear(model.centers, of.centers.flat(), 1e-9)
    expectNear([model.parts.inertia], [of.inertia], 1e-9)
  })

  test.each(fixture.quality)('on $data each of many seeds gives the same inertia', ({ data, nClusters, inertia }) => {
    const options = KMeansOptions.parse({ nClusters, nInit: 1 })
    const ours = inertia.map((_, seed) => fitKMeans({ x: matrixOf(fixture.data[data]!), seed }, options).parts.inertia)
    expectNear(ours, inertia, 1e-9)
  })
})

const problems = fc.record({
  seed: fc.integer({ min: 0, max: 1e6 }),
  nRows: fc.integer({ min: 8, max: 40 }),
  nColumns: fc.integer({ min: 1, max: 4 }),
  nClusters: fc.integer({ min: 1, max: 6 }),
})

const exact = (nClusters: number) => KMeansOptions.parse({ nClusters, tol: 0, maxIterations: 1000 })

describe('properties of k-means', () => {
  test('the order of the rows changes no centre and no label, from the same start', () => {
    fc.assert(
      fc.property(problems, ({ seed, nRows, nColumns, nClusters }) => {
        const rows = groupedRows(seed, nRows, nColumns)
        const start = Float64Array.from(rows.slice(0, nClusters).flat())
        const order = Array.from(new RandomState(seed).permutation(nRows))
        const shuffled = order.map((row) => rows[row]!)
        const a = fitKMeans({ x: matrixOf(rows), seed: 0 }, exact(nClusters), start)
        const b = fitKMeans({ x: matrixOf(shuffled), seed: 0 }, exact(nClusters), start)
        expectNear(b.centers, a.centers, 1e-9)
        const labels = a.predict(matrixOf(rows))
        expect(Array.from(b.predict(matrixOf(shuffled)))).toEqual(order.map((row) => labels[row]!))
      }),
    )
  })

  test('moving all rows moves the centres and changes no label', () => {
    fc.assert(
      fc.property(problems, ({ seed, nRows, nColumns, nClusters }) => {
        const rows = groupedRows(seed, nRows, nColumns)
        const moved = rows.map((row) => row.map((value, j) => value + 1000 * (j + 1)))
        // From given points: draws of k-means++ may lower the sum equally, and then rounding decides between them.
        const start = (of: number[][]) => Float64Array.from(of.slice(0, nClusters).flat())
        const a = fitKMeans({ x: matrixOf(rows), seed: 0 }, exact(nClusters), start(rows))
        const b = fitKMeans({ x: matrixOf(moved), seed: 0 }, exact(nClusters), start(moved))
        expect(b.predict(matrixOf(moved))).toEqual(a.predict(matrixOf(rows)))
        expectNear(
          b.centers,
          a.centers.map((value, i) => value + 1000 * ((i % nColumns) + 1)),
          1e-9,
        )
        expectNear([b.parts.inertia], [a.parts.inertia], 1e-6)
      }),
    )
  })

  test('a further cluster never raises the inertia when it starts beside the centres found', () => {
    fc.assert(
      fc.property(problems, ({ seed, nRows, nColumns, nClusters }) => {
        const rows = groupedRows(seed, nRows, nColumns)
        const few = fitKMeans({ x: matrixOf(rows), seed }, exact(nClusters))
        const start = Float64Array.from([...few.centers, ...rows[seed % nRows]!])
        const more = fitKMeans({ x: matrixOf(rows), seed }, exact(nClusters + 1), start)
        expect(more.parts.inertia).toBeLessThanOrEqual(few.parts.inertia * (1 + 1e-12))
      }),
    )
  })

  test('no iteration raises the inertia', () => {
    fc.assert(
      fc.property(problems, ({ seed, nRows, nColumns, nClusters }) => {
        const rows = groupedRows(seed, nRows, nColumns)
        const start = Float64Array.from(rows.slice(0, nClusters).flat())
        let before = Number.POSITIVE_INFINITY
        for (let maxIterations = 1; maxIterations <= 6; maxIterations++) {
          const options = { ...exact(nClusters), maxIterations }
          const { inertia } = fitKMeans({ x: matrixOf(rows), seed: 0 }, options, start).parts
          expect(inertia).toBeLessThanOrEqual(before * (1 + 1e-12))
          before = inertia
        }
      }),
    )
  })

  test('at the end each centre is the mean of its rows, and each row nearest to its own centre', () => {
    fc.assert(
      fc.property(problems, ({ seed, nRows, nColumns, nClusters }) => {
        const rows = groupedRows(seed, nRows, nColumns)
        const model = fitKMeans({ x: matrixOf(rows), seed }, exact(nClusters))
        const labels = model.predict(matrixOf(rows))
        let inertia = 0
        for (let cluster = 0; cluster < nClusters; cluster++) {
          const own = rows.filter((_, row) => labels[row] === cluster)
          expect(own.length).toBeGreaterThan(0)
          const center = model.centers.subarray(cluster * nColumns, (cluster + 1) * nColumns)
          expectNear(
            center,
            Array.from(center, (_, j) => own.reduce((sum, row) => sum + row[j]!, 0) / own.length),
            1e-9,
          )
        }
        for (const row of rows) {
          const distances = Array.from({ length: nClusters }, (_, cluster) =>
            row.reduce((sum, value, j) => sum + (value - model.centers[cluster * nColumns + j]!) ** 2, 0),
          )
          inertia += Math.min(...distances)
        }
        expectNear([model.parts.inertia], [inertia], 1e-9)
      }),
    )
  })

  test('a row of weight 2 counts as the row twice, and one of weight 0 not at all', () => {
    fc.assert(
      fc.property(problems, ({ seed, nRows, nColumns, nClusters: drawn }) => {
        // Of more than two, a cluster may lose all its rows; it is then given a row whole, but of two copies one.
        const nClusters = Math.min(drawn, 2)
        const rows = groupedRows(seed, nRows, nColumns)
        const random = new RandomState(seed)
        const weights = rows.map((_, row) => (row < nClusters ? 1 : random.randint(3)))
        const repeated = rows.flatMap((row, i) => Array.from({ length: weights[i]! }, () => row))
        const start = Float64Array.from(rows.slice(0, nClusters).flat())
        const input = { x: matrixOf(rows), seed: 0, sampleWeight: Float64Array.from(weights) }
        const weighted = fitKMeans(input, exact(nClusters), start)
        const copied = fitKMeans({ x: matrixOf(repeated), seed: 0 }, exact(nClusters), start)
        expectNear(weighted.centers, copied.centers, 1e-9)
        expectNear([weighted.parts.inertia], [copied.parts.inertia], 1e-9)
      }),
    )
  })
})

describe('what k-means answers at the edges', () => {
  test('clusters without rows are given the rows farthest from their centres', () => {
    const rows = [[0], [1], [2], [50], [90]]
    const far = Float64Array.of(1, 1e6, 2e6)
    const model = fitKMeans({ x: matrixOf(rows), seed: 0 }, exact(3), far)
    expect(model.warnings).toBeUndefined()
    expect(Array.from(model.centers).sort((a, b) => a - b)).toEqual([1, 50, 90])
  })

  test('a row that is alone in its cluster stays when another cluster is empty', () => {
    const x = matrixOf([[0], [1], [10]])
    const model = fitKMeans({ x, seed: 0 }, { ...exact(3), maxIterations: 1 }, Float64Array.of(0.5, 15, 1000))
    expect(model.parts).toMatchObject({ inertia: 0, nFilled: 3 })
    expect(model.centers[1]).toBe(10)
  })

  test('a row of weight 0 does not widen the tolerance, however far it lies', () => {
    const rows = groupedRows(4, 60, 2)
    const options = KMeansOptions.parse({ nClusters: 5, nInit: 1 })
    const start = Float64Array.from(rows.slice(0, 5).flat())
    const outlying = matrixOf([...rows, [1e9, -1e9]])
    const sampleWeight = Float64Array.from({ length: 61 }, (_, row) => Number(row < 60))
    const { parts } = fitKMeans({ x: outlying, seed: 0, sampleWeight }, options, start)
    const without = fitKMeans({ x: matrixOf(rows), seed: 0 }, options, start).parts
    expect(without.iterations).toBeGreaterThan(2)
    expect(parts.iterations).toBe(without.iterations)
    expectNear(parts.centers, without.centers, 1e-12)
  })

  test('as many clusters as distinct rows give each row a cluster', () => {
    const rows = [[1], [2], [4], [8], [1], [8]]
    const model = fitKMeans({ x: matrixOf(rows), seed: 3 }, KMeansOptions.parse({ nClusters: 4 }))
    expect(model.parts.inertia).toBe(0)
    expect(new Set(model.predict(matrixOf(rows))).size).toBe(4)
  })

  test('a fit that is stopped by its limit says so, and so does the model restored from its state', () => {
    const x = matrixOf(groupedRows(1, 60, 2))
    const model = fitKMeans({ x, seed: 0 }, KMeansOptions.parse({ nClusters: 8, nInit: 1, maxIterations: 1, tol: 0 }))
    expect(model.warnings).toEqual(['k-means stopped after 1 iterations, before it converged.'])
    expect(kMeans.restore(model.state()).warnings).toEqual(model.warnings)
  })

  test('starting points of another shape are refused', () => {
    const input = { x: matrixOf([[1], [2]]), seed: 0 }
    expect(codeOf(() => fitKMeans(input, KMeansOptions.parse({ nClusters: 2 }), Float64Array.of(1, 2, 3)))).toBe(
      'INTERNAL',
    )
  })
})
