import { describe, expect, test } from 'vitest'
import { codeOf } from '../../../test/support/code-of.ts'
import { matrixOf } from '../../../test/support/fit-inputs.ts'
import { gaussianMixture } from '../../learn/cluster/gaussian-mixture.ts'
import { kMeans } from '../../learn/cluster/k-means.ts'
import { RandomState } from '../../table/random.ts'
import { adjustedRandIndex } from './adjusted-rand.ts'
import { type ChooseClustersInput, chooseClusters } from './choose-clusters.ts'
import { silhouette } from './silhouette.ts'

const random = new RandomState(8)
const truth = Int32Array.from({ length: 160 }, (_, row) => row % 4)
const x = matrixOf(
  Array.from(truth, (group) => [(group % 2) * 8 + random.normal(), Math.floor(group / 2) * 8 + random.normal()]),
)

const choose = (input: Partial<ChooseClustersInput>) =>
  chooseClusters({ x, seed: 1, definition: kMeans, from: 2, to: 7, ...input })

describe('choosing the number of clusters', () => {
  test.each([
    { definition: kMeans, by: 'silhouette' },
    { definition: gaussianMixture, by: 'silhouette' },
    { definition: gaussianMixture, by: 'bic' },
  ] as const)('$definition.name by $by finds the four groups that the rows were made of', ({ definition, by }) => {
    const choice = choose({ definition, by })
    expect(choice).toMatchObject({ by, nClusters: 4 })
    expect(choice.candidates.map(({ nClusters }) => nClusters)).toEqual([2, 3, 4, 5, 6, 7])
    expect(adjustedRandIndex(choice.model.predict(x), truth)).toBeGreaterThan(0.99)
  })

  test('the model is the one that its number of clusters and the seed give, whatever the range', () => {
    const wide = choose({})
    expect(choose({ from: 4, to: 4 }).model.state()).toEqual(wide.model.state())
    expect(kMeans.fit({ x, seed: 1 }, kMeans.options.parse({ nClusters: 4 })).state()).toEqual(wide.model.state())
    expect(wide.candidates[2]!.score).toEqual(silhouette(x, wide.model.predict(x)))
  })

  test('one cluster can win by a criterion of densities', () => {
    const cloud = matrixOf(Array.from({ length: 120 }, () => [random.normal(), random.normal()]))
    expect(choose({ x: cloud, definition: gaussianMixture, by: 'bic', from: 1, to: 4 }).nClusters).toBe(1)
  })

  test('a sample stands for the rows where there are many', () => {
    const choice = choose({ sampleRows: 80 })
    expect(choice.nClusters).toBe(4)
    expect(choice.candidates[2]!.score).toEqual(silhouette(x, choice.model.predict(x), { sampleRows: 80, seed: 1 }))
  })

  test('numbers above the distinct rows are named with their error and passed over', () => {
    const few = matrixOf([[0], [0], [1], [1], [9], [9]])
    const choice = choose({ x: few, to: 5 })
    expect(choice.nClusters).toBe(3)
    expect(choice.candidates.map(({ error }) => error?.error)).toEqual([
      undefined,
      undefined,
      'CLUSTERS_TOO_MANY',
      'CLUSTERS_TOO_MANY',
    ])
    expect(codeOf(() => choose({ x: matrixOf([[5], [5]]) }))).toBe('CLUSTERS_TOO_MANY')
    expect(() => choose({ x: matrixOf([[5], [6]]) })).toThrow(/No number of clusters from 2 to 7 has a silhouette/)
  })

  test('options hold for every number, and wrong ones are refused', () => {
    const choice = choose({ options: { nInit: 1, maxIterations: 1, tol: 0 } })
    expect(choice.candidates.every(({ warnings }) => warnings.length === 1)).toBe(true)
    expect(codeOf(() => choose({ options: { nInit: 0 } }))).toBe('ESTIMATOR_OPTIONS_INVALID')
    expect(codeOf(() => choose({ options: { wrong: 1 } }))).toBe('ESTIMATOR_OPTIONS_INVALID')
  })

  test('impossible ranges, criteria that a clusterer lacks, missing values and an aborted signal end it', () => {
    expect(codeOf(() => choose({ from: 1 }))).toBe('USAGE')
    expect(codeOf(() => choose({ from: 5, to: 4 }))).toBe('USAGE')
    expect(codeOf(() => choose({ from: 2.5 }))).toBe('USAGE')
    expect(codeOf(() => choose({ by: 'bic' }))).toBe('USAGE')
    expect(codeOf(() => choose({ x: matrixOf([[1], [Number.NaN], [2]]) }))).toBe('MATRIX_NOT_FINITE')
    expect(codeOf(() => choose({ signal: AbortSignal.abort() }))).toBe('CANCELLED')
  })
})
