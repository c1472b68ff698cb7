import { describe, expect, test } from 'vitest'
import type { Target } from '../../table/target.ts'
import { treeCount } from '../tree/ensemble.ts'
import { classTarget, type Kind, matrixOf, range, syntheticData } from '../tree/testing/synthetic.ts'
import { runTreeEstimatorContract } from '../tree/testing/tree-estimator-contract.ts'
import { fitBoostedTrees } from './fit.ts'
import { gradientBoosting } from './gradient-boosting.ts'
import { holdOutRows } from './hold-out.ts'
import { lossOf } from './loss.ts'
import { GradientBoostingOptions } from './options.ts'

runTreeEstimatorContract({
  definition: gradientBoosting,
  quick: {
    preset: 'lightgbm-compatible',
    maxIterations: 12,
    maxLeaves: 6,
    minSamplesLeaf: 5,
    subsample: 0.8,
    featureFraction: 0.7,
    featureFractionByNode: 0.8,
    l2Regularization: 1,
  },
  plain: { preset: 'lightgbm-compatible', maxIterations: 15, maxLeaves: 5, minSamplesLeaf: 1 },
})

const grow = (target: Target, options: object, x = matrixOf(0, 0, () => 0)) =>
  fitBoostedTrees({ x, target, seed: 3 }, GradientBoostingOptions.parse({ preset: 'lightgbm-compatible', ...options }))

describe('boosting', () => {
  const { x, target } = syntheticData('multiclass', 5, 300)

  test('keeps to its leaves, depth and leaf sizes', () => {
    const { trees } = grow(target, { maxIterations: 4, maxLeaves: 5, minSamplesLeaf: 25 }, x)
    for (let t = 0; t < treeCount(trees); t++) expect(trees.roots[t + 1]! - trees.roots[t]!).toBeLessThanOrEqual(9)
    expect(trees.cover.every((cover) => cover >= 25)).toBe(true)
    const shallow = grow(target, { maxIterations: 4, maxDepth: 1, minSamplesLeaf: 1 }, x).trees
    for (let t = 0; t < treeCount(shallow); t++) expect(shallow.roots[t + 1]! - shallow.roots[t]!).toBe(3)
  })

  test('makes children whose cover adds up to their parent', () => {
    const { trees } = grow(target, { maxIterations: 3, subsample: 0.7, minSamplesLeaf: 3 }, x)
    for (const [node, column] of trees.feature.entries()) {
      if (column < 0) continue
      const child = trees.child[node]!
      expect(trees.cover[child]! + trees.cover[child + 1]!).toBe(trees.cover[node])
    }
    for (let t = 0; t < treeCount(trees); t++) expect(trees.cover[trees.roots[t]!]).toBe(210)
  })

  test('stops where no leaf can be split any more', () => {
    const step = matrixOf(40, 1, (row) => (row < 20 ? 0 : 1))
    const values = Float64Array.from({ length: 40 }, (_, row) => (row < 20 ? -1 : 1))
    const learnt = grow({ task: 'regression', values }, { maxIterations: 50, learningRate: 1 }, step)
    expect(treeCount(learnt.trees)).toBe(1)
    expect(Array.from(learnt.trees.values)).toEqual([-1, 1])
  })

  test('with L1 above every gradient grows nothing', () => {
    expect(treeCount(grow(target, { l1Regularization: 1e6 }, x).trees)).toBe(0)
  })

  test.each(['binary', 'multiclass', 'regression'] as const)(
    'lowers its training loss in each of the first rounds (%s)',
    (kind) => {
      const data = syntheticData(kind, 8, 300)
      const n = range(300)
      const losses = [1, 2, 4, 8, 16].map((maxIterations) => {
        const answers = gradientBoosting
          .fit({ ...data, seed: 0 }, GradientBoostingOptions.parse({ maxIterations }))
          .predict(data.x)
        let sum = 0
        for (const row of n) {
          const { target } = data
          sum +=
            target.task === 'regression'
              ? (answers[row]! - target.values[row]!) ** 2
              : -Math.log(answers[row * target.classes.length + target.codes[row]!]!)
        }
        return sum
      })
      for (let i = 1; i < losses.length; i++) expect(losses[i]!).toBeLessThan(losses[i - 1]!)
    },
  )
})

describe('early stopping', () => {
  const { x, target } = syntheticData('multiclass', 5, 300)

  test('stops long before the last round, on a whole number of rounds, and predicts better than without', () => {
    const options = { maxIterations: 400, learningRate: 0.3, earlyStoppingRounds: 5, minSamplesLeaf: 5 }
    const nTrees = treeCount(grow(target, options, x).trees)
    expect(nTrees % 3).toBe(0)
    expect(nTrees).toBeGreaterThan(0)
    expect(nTrees).toBeLessThan(300)
    const fresh = syntheticData('multiclass', 6, 1000)
    const loss = (earlyStoppingRounds: number | null) => {
      const parsed = GradientBoostingOptions.parse({ ...options, maxIterations: 100, earlyStoppingRounds })
      const p = gradientBoosting.fit({ x, target, seed: 3 }, parsed).predict(fresh.x)
      if (fresh.target.task !== 'classification') throw new Error('expected classes')
      return fresh.target.codes.reduce((sum, code, row) => sum - Math.log(p[3 * row + code]!), 0)
    }
    expect(loss(5)).toBeLessThan(loss(null))
  })

  test('keeps no round where none helps', () => {
    const noise = classTarget(
      Array.from({ length: 300 }, (_, row) => ((row * 7919) % 13) % 2),
      2,
    )
    const same = matrixOf(300, 1, (row) => row % 3)
    const learnt = grow(noise, { maxIterations: 20, learningRate: 10, earlyStoppingRounds: 3, minSamplesLeaf: 1 }, same)
    expect(treeCount(learnt.trees)).toBeLessThanOrEqual(5)
  })

  test('holds out its share of each class and never a whole class', () => {
    const classes = classTarget([...new Array<number>(80).fill(0), ...new Array<number>(20).fill(1), 2], 3)
    const weights = new Float64Array(101).fill(1)
    weights[0] = 0
    const { train, heldOut } = holdOutRows(classes, weights, { earlyStoppingRounds: 3, validationFraction: 0.25 }, 1)
    if (classes.task !== 'classification') throw new Error('expected classes')
    const byClass = [0, 1, 2].map((code) => heldOut.filter((row) => classes.codes[row] === code).length)
    expect(byClass).toEqual([20, 5, 0])
    expect([...train, ...heldOut].toSorted((a, b) => a - b)).toEqual(Array.from({ length: 100 }, (_, i) => i + 1))
  })

  test('holds nothing out where there is one row', () => {
    const one = holdOutRows(
      classTarget([1], 2),
      Float64Array.of(1),
      { earlyStoppingRounds: 1, validationFraction: 0.9 },
      1,
    )
    expect([one.train.length, one.heldOut.length]).toEqual([1, 0])
  })
})

describe.each(['binary', 'multiclass', 'regression'] satisfies Kind[])('the loss for %s', (kind) => {
  const { target } = syntheticData(kind, 9, 40)
  const weights = Float64Array.from({ length: 40 }, (_, row) => 0.5 + (row % 4))
  const loss = lossOf(target, weights)
  const raw = Float64Array.from({ length: 40 * loss.nOutputs }, (_, i) => Math.sin(i * 1.7))
  const total = weights.reduce((a, b) => a + b, 0)

  test('has the gradients that small steps of the mean loss give', () => {
    const gradients = new Float64Array(40)
    const hessians = new Float64Array(40)
    loss.beginRound(raw)
    for (let output = 0; output < loss.nOutputs; output++) {
      loss.gradients(raw, output, gradients, hessians)
      for (let row = 0; row < 40; row++) {
        const step = 1e-5
        const at = (shift: number) => {
          const moved = raw.slice()
          moved[output * 40 + row]! += shift
          return loss.mean(moved) * total
        }
        expect(gradients[row]).toBeCloseTo((at(step) - at(-step)) / (2 * step), 5)
        expect(hessians[row]!).toBeGreaterThan(0)
      }
    }
  })

  test('starts from the best constant', () => {
    const constant = (shift: number) => {
      const scores = new Float64Array(40 * loss.nOutputs)
      for (let output = 0; output < loss.nOutputs; output++) {
        scores.fill(loss.initial[output]! + (output === 0 ? shift : 0), output * 40, (output + 1) * 40)
      }
      return loss.mean(scores)
    }
    expect(constant(0)).toBeLessThan(constant(0.01))
    expect(constant(0)).toBeLessThan(constant(-0.01))
  })
})
