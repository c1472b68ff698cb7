import { describe, expect, test } from 'vitest'
import { selectMatrixRows } from '../../table/matrix.ts'
import { selectTarget } from '../../table/target.ts'
import { treeCount } from '../tree/ensemble.ts'
import {
  classTarget,
  matrixOf,
  type PeerLoss,
  range,
  syntheticData,
  testLoss,
  treesFixture,
} from '../tree/testing/synthetic.ts'
import { runTreeEstimatorContract } from '../tree/testing/tree-estimator-contract.ts'
import { fitForest } from './fit.ts'
import { featuresPerSplit, RandomForestOptions } from './options.ts'
import { randomForest } from './random-forest.ts'

runTreeEstimatorContract({
  definition: randomForest,
  quick: { nEstimators: 8 },
  plain: { nEstimators: 1, bootstrap: false, maxFeatures: 1, minSamplesLeaf: 1, minSamplesSplit: 2, maxDepth: 6 },
})

/** Mean loss over three seeds on the held-out rows of the fixture's data. */
function meanLoss(reference: (typeof treesFixture.quality)[number], options: object): number {
  const { x, target } = syntheticData(reference.kind, reference.seed, 2800)
  const held = Uint32Array.from({ length: 2000 }, (_, i) => 800 + i)
  const trainX = selectMatrixRows(x, range(800))
  const trainTarget = selectTarget(target, range(800))
  const parsed = randomForest.options.parse({ nEstimators: 60, minSamplesLeaf: 3, ...options })
  let sum = 0
  for (let seed = 0; seed < 3; seed++) {
    const model = randomForest.fit({ x: trainX, target: trainTarget, seed }, parsed)
    sum += testLoss(model.predict(selectMatrixRows(x, held)), selectTarget(target, held))
  }
  return sum / 3
}

/** Three standard errors of the difference of two means, plus 1 %: bins are coarser than exact splits. */
const margin = (peer: PeerLoss) => 3 * peer.sd * Math.sqrt(1 / peer.seeds + 1 / 3) + 0.01 * peer.mean

describe('on synthetic data with missing values', () => {
  test.each(treesFixture.quality)("the mean loss lies in the interval of scikit-learn's ($kind)", (reference) => {
    expect(Math.abs(meanLoss(reference, {}) - reference.forest.mean)).toBeLessThan(margin(reference.forest))
  })

  test('with balanced classes it does too', () => {
    const reference = treesFixture.quality.find(({ kind }) => kind === 'multiclass')!
    const peer = reference.balancedForest!
    const ours = meanLoss(reference, { classWeight: 'balanced' })
    expect(Math.abs(ours - peer.mean)).toBeLessThan(margin(peer))
  })
})

describe('a forest', () => {
  test('of one tree without bootstrap knows its training rows by heart', () => {
    const { x, target } = syntheticData('multiclass', 3, 150)
    const options = RandomForestOptions.parse({ nEstimators: 1, bootstrap: false })
    const p = randomForest.fit({ x, target, seed: 0 }, options).predict(x)
    if (target.task !== 'classification') throw new Error('expected classes')
    for (const [row, code] of target.codes.entries()) expect(p[3 * row + code]).toBe(1)
  })

  test('learns an exclusive or, whose first split lowers no impurity', () => {
    const x = matrixOf(4, 2, (row, column) => (column === 0 ? row & 1 : row >> 1))
    const target = classTarget([0, 1, 1, 0], 2)
    const options = RandomForestOptions.parse({ nEstimators: 1, bootstrap: false, maxFeatures: 1 })
    const p = randomForest.fit({ x, target, seed: 0 }, options).predict(x)
    expect(Array.from(p)).toEqual([1, 0, 0, 1, 0, 1, 1, 0])
  })

  test('keeps to its depth and leaf sizes', () => {
    const { x, target } = syntheticData('regression', 3, 300)
    const shallow = fitForest(
      { x, target, seed: 0 },
      RandomForestOptions.parse({ nEstimators: 5, maxDepth: 2, bootstrap: false }),
    ).trees
    for (let t = 0; t < 5; t++) expect(shallow.roots[t + 1]! - shallow.roots[t]!).toBeLessThanOrEqual(7)
    const coarse = fitForest(
      { x, target, seed: 0 },
      RandomForestOptions.parse({ nEstimators: 5, minSamplesLeaf: 20, bootstrap: false }),
    ).trees
    expect(coarse.cover.every((cover) => cover >= 20)).toBe(true)
    const unsplit = fitForest(
      { x, target, seed: 0 },
      RandomForestOptions.parse({ nEstimators: 5, minSamplesSplit: 301, bootstrap: false }),
    ).trees
    expect(unsplit.feature.every((column) => column < 0)).toBe(true)
  })

  test('has its first trees whatever comes after them', () => {
    const { x, target } = syntheticData('binary', 3, 200)
    const grown = [3, 6].map(
      (nEstimators) => fitForest({ x, target, seed: 5 }, RandomForestOptions.parse({ nEstimators })).trees,
    )
    const end = grown[0]!.roots[3]!
    expect(treeCount(grown[1]!)).toBe(6)
    expect(grown[1]!.threshold.subarray(0, end)).toEqual(grown[0]!.threshold)
  })

  test('with random thresholds makes other trees than without', () => {
    const { x, target } = syntheticData('binary', 3, 200)
    const grow = (extraTrees: boolean) =>
      fitForest({ x, target, seed: 5 }, RandomForestOptions.parse({ nEstimators: 3, extraTrees })).trees
    expect(grow(true).threshold).not.toEqual(grow(false).threshold)
  })
})

test('columns per split follow scikit-learn, and are at least one', () => {
  expect(featuresPerSplit(null, 36, 'classification')).toBe(6)
  expect(featuresPerSplit(null, 36, 'regression')).toBe(36)
  expect(featuresPerSplit('log2', 36, 'regression')).toBe(5)
  expect(featuresPerSplit(0.3, 36, 'classification')).toBe(10)
  expect(featuresPerSplit(0.01, 36, 'classification')).toBe(1)
  expect(featuresPerSplit('log2', 1, 'classification')).toBe(1)
})
