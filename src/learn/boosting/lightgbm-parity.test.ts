import { describe, expect, test } from 'vitest'
import { matrixColumn, selectMatrixRows } from '../../table/matrix.ts'
import { RandomState } from '../../table/random.ts'
import { selectTarget, type Target } from '../../table/target.ts'
import { firstOutput, treeCount } from '../tree/ensemble.ts'
import { addTreeOutputs } from '../tree/predict.ts'
import {
  classTarget,
  type Kind,
  matrixOf,
  type PeerLoss,
  range,
  syntheticData,
  testLoss,
  treesFixture,
} from '../tree/testing/synthetic.ts'
import { fitBoostedTrees } from './fit.ts'
import { gradientBoosting } from './gradient-boosting.ts'
import { GradientBoostingOptions } from './options.ts'

/** As `lightgbm_trees` in trees.py. */
function wholeNumbers(kind: Kind, seed: number, n: number, p: number, k: number) {
  const random = new RandomState(seed)
  const x = matrixOf(n, p, () => random.randint(k))
  const at = (row: number, column: number) => x.data[column * n + row]!
  const signal = Array.from({ length: n }, (_, row) => {
    const step = at(row, 2) > 5 ? at(row, 3) : 0
    return at(row, 0) - 0.4 * at(row, 1) + step * 0.7 + 2 * random.normal()
  })
  const target: Target =
    kind === 'regression'
      ? { task: 'regression', values: Float64Array.from(signal) }
      : kind === 'binary'
        ? classTarget(
            signal.map((s) => (s > 5 ? 1 : 0)),
            2,
          )
        : classTarget(
            signal.map((s) => (s > 3 ? 1 : 0) + (s > 7 ? 1 : 0)),
            3,
          )
  return { x, target }
}

describe.each(treesFixture.lightgbm)("on whole numbers ($kind), boosting grows LightGBM's trees", (reference) => {
  const { x, target } = wholeNumbers(reference.kind, reference.seed, reference.n, reference.p, reference.k)
  const options = GradientBoostingOptions.parse({
    preset: 'lightgbm-compatible',
    maxIterations: 10,
    maxLeaves: 8,
    minSamplesLeaf: 1,
    l2Regularization: 1,
  })
  const { trees, initial } = fitBoostedTrees({ x, target, seed: 0 }, options)

  test('the first split is the same', () => {
    expect(trees.feature[0]).toBe(reference.rootFeature)
    expect(trees.threshold[0]).toBeCloseTo(reference.rootThreshold, 9)
  })

  test('the first tree has the same leaf values; LightGBM sums float32 gradients and adds its start to the first tree', () => {
    const nLeaves = reference.firstTreeLeaves.length
    const ours = Array.from(trees.values.subarray(0, nLeaves), (value) => value + initial[firstOutput(trees, 0)]!)
    const ascending = (values: readonly number[]) => values.toSorted((a, b) => a - b)
    const theirs = ascending(reference.firstTreeLeaves)
    for (const [i, value] of ascending(ours).entries()) expect(value).toBeCloseTo(theirs[i]!, 6)
    expect((trees.roots[1]! + 1) / 2).toBe(nLeaves)
  })

  test('raw scores after 10 rounds agree within 1e-5', () => {
    const nOutputs = initial.length
    expect(treeCount(trees)).toBe(10 * nOutputs)
    const raw = new Float64Array(x.nRows * nOutputs)
    for (let row = 0; row < x.nRows; row++) raw.set(initial, row * nOutputs)
    addTreeOutputs(trees, x, raw)
    for (const [row, scores] of reference.raw.entries()) {
      for (const [output, score] of scores.entries()) {
        expect(Math.abs(raw[row * nOutputs + output]! - score)).toBeLessThan(1e-5)
      }
    }
    expect(raw.reduce((sum, value) => sum + value, 0) / raw.length).toBeCloseTo(reference.rawMean, 5)
  })
})

describe.each(treesFixture.quality)(
  'on synthetic data with missing values ($kind), boosting is as good as its peers',
  (peers) => {
    const { x, target } = syntheticData(peers.kind, peers.seed, 2800)
    const train = range(800)
    const held = Uint32Array.from({ length: 2000 }, (_, i) => 800 + i)
    const trainX = selectMatrixRows(x, train)
    const trainTarget = selectTarget(target, train)
    const testX = selectMatrixRows(x, held)
    const testTarget = selectTarget(target, held)

    const meanLoss = (options: object) => {
      const parsed = gradientBoosting.options.parse({ preset: 'lightgbm-compatible', maxLeaves: 15, ...options })
      let sum = 0
      for (let seed = 0; seed < 5; seed++) {
        sum += testLoss(
          gradientBoosting.fit({ x: trainX, target: trainTarget, seed }, parsed).predict(testX),
          testTarget,
        )
      }
      return sum / 5
    }
    /** Three standard errors of the difference of two means, plus 1 %: the engines draw rows and columns differently. */
    const margin = (peer: PeerLoss) => 3 * peer.sd * Math.sqrt(1 / peer.seeds + 1 / 5) + 0.01 * peer.mean

    test('the data are those of the fixture', () => {
      let sum = 0
      for (let column = 0; column < x.nColumns; column++) {
        for (const value of matrixColumn(x, column)) if (!Number.isNaN(value)) sum += value
      }
      expect(sum).toBeCloseTo(peers.checksum, 6)
    })

    test('its mean loss with row and column sampling lies in the interval of LightGBM', () => {
      const ours = meanLoss({ subsample: 0.8, featureFraction: 0.5 })
      expect(Math.abs(ours - peers.lightgbm.mean)).toBeLessThan(margin(peers.lightgbm))
    })

    test('its mean loss with random thresholds is not above the interval of LightGBM', () => {
      const ours = meanLoss({ subsample: 0.8, featureFraction: 0.5, extraTrees: true })
      expect(ours).toBeLessThan(peers.lightgbmExtraTrees.mean + margin(peers.lightgbmExtraTrees))
    })

    test('its mean loss with columns drawn by node is not above the interval of scikit-learn', () => {
      const ours = meanLoss({ featureFractionByNode: 0.5 })
      expect(ours).toBeLessThan(peers.histGradientBoosting.mean + margin(peers.histGradientBoosting))
    })
  },
)
