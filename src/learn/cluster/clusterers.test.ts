import { describe, expect, test } from 'vitest'
import { codeOf } from '../../../test/support/code-of.ts'
import { matrixOf } from '../../../test/support/fit-inputs.ts'
import type { State } from '../../table/state.ts'
import type { ClusterInput } from './clusterer.ts'
import { clusterer, clusterers } from './clusterers.ts'
import { expectNear, groupedRows } from './testing/grouped-rows.ts'

const rows = groupedRows(5, 80, 3)
const x = matrixOf(rows)

describe.each([...clusterers.values()])('$name', (definition) => {
  const options = (nClusters: number) => definition.options.parse({ nClusters })
  const clustered = (input: Partial<ClusterInput>, nClusters = 3) =>
    definition.fit({ x, seed: 1, ...input }, options(nClusters))
  const model = clustered({})
  const labels = model.predict(x)

  test('gives each row a label from 0 to nClusters - 1', () => {
    expect(model).toMatchObject({ clusterer: definition.name, nClusters: 3, nColumns: 3 })
    expect(labels).toBeInstanceOf(Int32Array)
    expect(labels).toHaveLength(80)
    expect(new Set(labels)).toEqual(new Set([0, 1, 2]))
    expect(model.centers).toHaveLength(9)
  })

  test('answers a row alone with the same bits as in a batch, and no rows with nothing', () => {
    for (const row of [0, 17, 79]) {
      expect(model.predict(matrixOf([rows[row]!]))).toEqual(labels.slice(row, row + 1))
      expect(model.predictProba?.(matrixOf([rows[row]!]))).toEqual(model.predictProba?.(x).slice(row * 3, row * 3 + 3))
    }
    expect(model.predict(matrixOf([], 3))).toEqual(new Int32Array(0))
  })

  test('the same data and seed give the same state, and the inputs stay as they were', () => {
    const data = x.data.slice()
    expect(clustered({}).state()).toEqual(model.state())
    expect(x.data).toEqual(data)
  })

  test('a model restored from its state answers with the same bits', () => {
    const restored = definition.restore(model.state())
    expect(restored.predict(x)).toEqual(labels)
    expect(restored.predictProba?.(x)).toEqual(model.predictProba?.(x))
    expect(restored.state()).toEqual(model.state())
  })

  test('a damaged state is refused', () => {
    const state = model.state() as object
    const damaged: State[] = [null, [], {}, { ...state, nClusters: 4 }, { ...state, converged: 'yes' }]
    for (const each of damaged) {
      expect(codeOf(() => definition.restore(each))).toBe('MODEL_STATE_INVALID')
    }
  })

  test('one cluster has its centre at the mean of the rows', () => {
    const mean = [0, 1, 2].map((j) => rows.reduce((sum, row) => sum + row[j]!, 0) / rows.length)
    expectNear(clustered({}, 1).centers, mean, 1e-12)
  })

  test('one row is one cluster, and not two', () => {
    const one = matrixOf([[3, 4]])
    const alone = clustered({ x: one }, 1)
    expect(alone.centers).toEqual(Float64Array.of(3, 4))
    expect(alone.predict(matrixOf([[9, 9]]))).toEqual(Int32Array.of(0))
    expect(codeOf(() => clustered({ x: one }, 2))).toBe('CLUSTERS_TOO_MANY')
  })

  test('more clusters than distinct rows are refused, saying how many differ', () => {
    const repeated = matrixOf([[1], [1], [2], [2], [2]])
    expect(() => clustered({ x: repeated })).toThrow(/asked for 3 clusters; only 2 of the 5 rows are distinct/)
    expect(codeOf(() => clustered({ x: repeated, sampleWeight: Float64Array.of(1, 1, 0, 0, 0) }, 2))).toBe(
      'CLUSTERS_TOO_MANY',
    )
    expect(new Set(clustered({ x: repeated }, 2).predict(repeated)).size).toBe(2)
  })

  test('a missing or infinite value is refused naming its column, in fitting and in answering', () => {
    for (const bad of [Number.NaN, Number.POSITIVE_INFINITY]) {
      expect(() => clustered({ x: matrixOf([[1], [bad], [2]]) }, 2)).toThrow(/column "x0"/)
      expect(codeOf(() => model.predict(matrixOf([[1, bad, 2]])))).toBe('MATRIX_NOT_FINITE')
    }
    expect(codeOf(() => model.predict(matrixOf([[1]])))).toBe('INTERNAL')
  })

  test('constant columns change nothing, and one column is enough', () => {
    const withConstant = matrixOf(rows.map((row) => [...row, 7]))
    expect(clustered({ x: withConstant }).predict(withConstant)).toEqual(labels)
    const single = matrixOf(Array.from({ length: 40 }, (_, i) => [(i % 2) * 100 + i / 40]))
    const found = clustered({ x: single }, 2).predict(single)
    expect(found.every((label, row) => label === found[row % 2])).toBe(true)
    expect(found[0]).not.toBe(found[1])
  })

  test('no columns make one cluster, and no rows none', () => {
    expect(clustered({ x: matrixOf([[], []], 0) }, 1).predict(matrixOf([[]], 0))).toEqual(Int32Array.of(0))
    expect(codeOf(() => clustered({ x: matrixOf([[], []], 0) }, 2))).toBe('CLUSTERS_TOO_MANY')
    expect(codeOf(() => clustered({ x: matrixOf([], 3) }))).toBe('FIT_NO_ROWS')
  })

  test('weights that are negative, too few or all 0 are refused', () => {
    for (const weights of [[-1], [1, 2], []]) {
      const sampleWeight = Float64Array.from(weights)
      expect(codeOf(() => clustered({ x: matrixOf([[1]]), sampleWeight }, 1))).toBe('WEIGHTS_INVALID')
    }
    expect(codeOf(() => clustered({ sampleWeight: new Float64Array(80) }))).toBe('WEIGHTS_INVALID')
  })

  test('rows of weight 0 draw no centre', () => {
    const sampleWeight = Float64Array.from(rows, (_, row) => Number(row % 2 === 0))
    const outlying = matrixOf(rows.map((row, i) => (i % 2 === 0 ? row : row.map((value) => value + 1e6))))
    expect(clustered({ x: outlying, sampleWeight }).centers.every((value) => Math.abs(value) < 100)).toBe(true)
  })

  test('large and small numbers are clustered as others are', () => {
    for (const factor of [1e60, 1e9]) {
      const large = matrixOf(rows.map((row) => row.map((value) => value * factor)))
      const found = clustered({ x: large })
      expect(found.predict(large)).toEqual(labels)
      expect(found.centers.every(Number.isFinite)).toBe(true)
    }
  })

  test('an aborted signal stops the fit', () => {
    expect(codeOf(() => clustered({ signal: AbortSignal.abort() }))).toBe('CANCELLED')
  })

  test('impossible options are refused', () => {
    for (const bad of [
      { nClusters: 0 },
      { nClusters: 1.5 },
      { nInit: 0 },
      { tol: -1 },
      { maxIterations: 0 },
      { k: 3 },
    ]) {
      expect(definition.options.safeParse(bad).success).toBe(false)
    }
  })
})

test('an unknown clusterer is refused with the name that was meant', () => {
  expect(clusterer('k-means').title).toBe('k-means')
  expect(() => clusterer('k-mean')).toThrow('There is no clusterer "k-mean"; did you mean "k-means"?')
  expect(codeOf(() => clusterer('x'))).toBe('CLUSTERER_UNKNOWN')
})
