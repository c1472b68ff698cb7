import { describe, expect, test } from 'vitest'
import { deriveSeed, RandomState } from '../../table/random.ts'
import type { Target } from '../../table/target.ts'
import { withoutKernels } from '../kernels/load-kernels.ts'
import { addTreeOutputs } from '../tree/predict.ts'
import { syntheticData } from '../tree/testing/synthetic.ts'
import { fitForest } from './fit.ts'
import { restoreForestModel } from './forest-model.ts'
import { RandomForestOptions } from './options.ts'
import { randomForest } from './random-forest.ts'

const options = (given: object) => RandomForestOptions.parse({ nEstimators: 40, oobScore: true, ...given })

describe.each(['multiclass', 'regression'] as const)('out of bag (%s)', (kind) => {
  const { x, target } = syntheticData(kind, 41, 200)
  const nOutputs = target.task === 'classification' ? target.classes.length : 1

  test('each row is answered by the mean of the trees that did not draw it', () => {
    const { trees, outOfBag } = fitForest({ x, target, seed: 5 }, options({}))
    const sums = new Float64Array(200 * nOutputs)
    const counts = new Float64Array(200)
    for (let t = 0; t < 40; t++) {
      const random = new RandomState(deriveSeed(5, 'forest', 'tree', t))
      const drawn = new Set(Array.from({ length: 200 }, () => random.randint(200)))
      const alone = new Float64Array(200 * nOutputs)
      // One tree's answers: what it adds, its nodes taken out of the whole.
      addTreeOutputs({ ...trees, roots: trees.roots.subarray(t, t + 2) }, x, alone)
      for (let row = 0; row < 200; row++) {
        if (drawn.has(row)) continue
        counts[row]!++
        for (let j = 0; j < nOutputs; j++) sums[row * nOutputs + j]! += alone[row * nOutputs + j]!
      }
    }
    expect(outOfBag!.predictions).toEqual(sums.map((sum, i) => sum / counts[Math.floor(i / nOutputs)]!))
    expect(outOfBag!.nWithout).toBe(0)
  })

  test('the score is that of fresh rows, nearly, and lies in the state; trees stay as they were', () => {
    const model = randomForest.fit({ x, target, seed: 5 }, options({})) as ReturnType<typeof restoreForestModel>
    const fresh = syntheticData(kind, 42, 2000)
    const answers = model.predict(fresh.x)
    const expected =
      fresh.target.task === 'classification' ? accuracy(answers, fresh.target) : rSquared(answers, fresh.target.values)
    expect(Math.abs(model.oobScore! - expected)).toBeLessThan(0.08)
    expect(restoreForestModel(model.state()).oobScore).toBe(model.oobScore)
    const plain = randomForest.fit({ x, target, seed: 5 }, options({ oobScore: false }))
    expect(model.state()).toEqual({ ...(plain.state() as object), oobScore: model.oobScore })
    expect(model.warnings).toEqual([])
    expect(withoutKernels(() => randomForest.fit({ x, target, seed: 5 }, options({})).state())).toEqual(model.state())
  })

  test('rows that every tree drew have no answer, and a warning says so', () => {
    const model = randomForest.fit({ x, target, seed: 5 }, options({ nEstimators: 1 }))
    expect(model.warnings).toHaveLength(1)
    expect(model.warnings![0]).toMatch(/^1[12]\d rows have no out-of-bag answer/)
    const [one] = randomForest.fit({ x, target, seed: 5 }, options({ nEstimators: 1 })).warnings!
    expect(one).toBe(model.warnings![0])
  })
})

test('out-of-bag scores need bags', () => {
  const { x, target } = syntheticData('binary', 41, 50)
  expect(() => randomForest.fit({ x, target, seed: 5 }, options({ bootstrap: false }))).toThrow(
    expect.objectContaining({ code: 'ESTIMATOR_OPTIONS_INVALID' }),
  )
})

describe('class weights of a forest', () => {
  const { x, target } = syntheticData('multiclass', 41, 200)
  const learn = (classWeight: unknown) =>
    randomForest.fit({ x, target, seed: 5 }, options({ classWeight, oobScore: false, minSamplesLeaf: 5 }))
  const meanShare = (model: ReturnType<typeof learn>) => {
    const p = model.predict(x)
    return p.reduce((sum, value, i) => sum + (i % 3 === 1 ? value : 0), 0) / 200
  }

  test('a class of larger factor is answered more, one of factor 1 as without', () => {
    expect(meanShare(learn({ 'class 1': 5 }))).toBeGreaterThan(meanShare(learn(null)) + 0.05)
    expect(learn({ 'class 1': 1 }).state()).toEqual(learn(null).state())
  })

  test('balanced by sample differs from balanced as a whole, which is not what rows drawn are', () => {
    expect(learn('balanced_subsample').state()).not.toEqual(learn('balanced').state())
    expect(Math.abs(meanShare(learn('balanced_subsample')) - meanShare(learn('balanced')))).toBeLessThan(0.03)
  })

  test('a class that there is not is refused, with the one probably meant', () => {
    expect(() => learn({ class1: 2 })).toThrow('there is no class "class1"; did you mean "class 1"?')
  })
})

function accuracy(answers: Float64Array, { codes, classes }: Extract<Target, { task: 'classification' }>): number {
  const k = classes.length
  return (
    codes.filter((code, row) => {
      const shares = answers.subarray(row * k, (row + 1) * k)
      return shares.indexOf(Math.max(...shares)) === code
    }).length / codes.length
  )
}

function rSquared(answers: Float64Array, values: Float64Array): number {
  const mean = values.reduce((a, b) => a + b, 0) / values.length
  const total = values.reduce((sum, value) => sum + (value - mean) ** 2, 0)
  return 1 - values.reduce((sum, value, row) => sum + (value - answers[row]!) ** 2, 0) / total
}
