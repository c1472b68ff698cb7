import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { RandomState } from '../../table/random.ts'
import type { Target } from '../../table/target.ts'
import { gradientBoosting } from '../boosting/gradient-boosting.ts'
import type { ForestModel } from '../forest/forest-model.ts'
import { randomForest } from '../forest/random-forest.ts'
import { classTarget, matrixOf } from '../tree/testing/synthetic.ts'
import { KernelMemory } from './kernel-memory.ts'
import { kernelsAvailable, withoutKernels } from './load-kernels.ts'

/** A table with ties, missing values, infinities, a constant and an empty column; and a target of any kind. */
function problem(seed: number, nRows: number, nColumns: number, nClasses: number) {
  const random = new RandomState(seed)
  const x = matrixOf(nRows, nColumns, (_, column) => {
    if (column % 5 === 3) return column % 2 === 1 ? 7 : Number.NaN
    if (random.randint(8) === 0) return Number.NaN
    if (random.randint(50) === 0) return random.randint(2) === 0 ? Number.POSITIVE_INFINITY : Number.NEGATIVE_INFINITY
    return column % 2 === 0 ? random.normal() : random.randint(1 + 3 * column)
  })
  const signal = Float64Array.from({ length: nRows }, (_, row) => (x.data[row]! > 0 ? 1 : 0) + random.normal())
  const target: Target =
    nClasses === 0
      ? { task: 'regression', values: signal }
      : classTarget(
          Int32Array.from(signal, (s) => Math.min(nClasses - 1, Math.max(0, Math.round(s)))),
          nClasses,
        )
  const sampleWeight = seed % 2 === 0 ? null : Float64Array.from(signal, () => random.randint(4) / 2 + 0.25)
  if (sampleWeight && nRows > 3) sampleWeight[2] = 0
  return { x, target, ...(sampleWeight && { sampleWeight }), seed }
}

const problems = fc.record({
  seed: fc.nat(100_000),
  nRows: fc.integer({ min: 1, max: 160 }),
  nColumns: fc.integer({ min: 1, max: 11 }),
  nClasses: fc.constantFrom(0, 2, 3, 4),
})

const boostingOptions = fc.record(
  {
    maxIterations: fc.integer({ min: 1, max: 4 }),
    maxLeaves: fc.constantFrom(2, 5, 31),
    maxDepth: fc.constantFrom(null, 2),
    maxBins: fc.constantFrom(2, 16, 255),
    minSamplesLeaf: fc.constantFrom(1, 3, 20),
    l1Regularization: fc.constantFrom(0, 0.7),
    l2Regularization: fc.constantFrom(0, 1.3),
    subsample: fc.constantFrom(1, 0.6),
    featureFraction: fc.constantFrom(1, 0.5),
    featureFractionByNode: fc.constantFrom(1, 0.5),
    extraTrees: fc.boolean(),
  },
  { requiredKeys: ['maxIterations', 'minSamplesLeaf'] },
)

const forestOptions = fc.record(
  {
    nEstimators: fc.constantFrom(1, 4),
    maxFeatures: fc.constantFrom('sqrt', 'log2', 0.5, 1),
    maxDepth: fc.constantFrom(null, 1, 4),
    minSamplesSplit: fc.constantFrom(2, 10),
    minSamplesLeaf: fc.constantFrom(1, 4),
    maxBins: fc.constantFrom(3, 255),
    bootstrap: fc.boolean(),
    extraTrees: fc.boolean(),
    classWeight: fc.constantFrom(null, 'balanced'),
  },
  { requiredKeys: ['nEstimators'] },
)

describe('a model fitted with the kernels', () => {
  test('runs on them here', () => {
    expect(kernelsAvailable()).toBe(true)
    expect(withoutKernels(kernelsAvailable)).toBe(false)
    expect(withoutKernels(() => KernelMemory.take(100))).toBeNull()
  })

  test('is, by boosting, the same to the last bit as one fitted without, and answers the same', () => {
    fc.assert(
      fc.property(problems, boostingOptions, ({ seed, nRows, nColumns, nClasses }, options) => {
        const input = problem(seed, nRows, nColumns, nClasses)
        const parsed = gradientBoosting.options.parse(options)
        const fitted = gradientBoosting.fit(input, parsed)
        const plain = withoutKernels(() => gradientBoosting.fit(input, parsed))
        expect(fitted.state()).toEqual(plain.state())
        expect(fitted.predict(input.x)).toEqual(withoutKernels(() => plain.predict(input.x)))
      }),
      { numRuns: 150 },
    )
  })

  test('is, by a forest, the same to the last bit as one fitted without, and answers the same', () => {
    fc.assert(
      fc.property(problems, forestOptions, ({ seed, nRows, nColumns, nClasses }, given) => {
        const input = problem(seed, nRows, nColumns, nClasses)
        const options = randomForest.options.parse({ ...given, oobScore: given.bootstrap !== false })
        const fitted = randomForest.fit(input, options) as ForestModel
        const plain = withoutKernels(() => randomForest.fit(input, options) as ForestModel)
        expect(fitted.state()).toEqual(plain.state())
        expect(fitted.oobPredictions).toEqual(plain.oobPredictions)
        expect(fitted.predict(input.x)).toEqual(withoutKernels(() => plain.predict(input.x)))
      }),
      { numRuns: 200 },
    )
  })

  test('is the same by a forest of larger nodes and more columns than lie side by side', () => {
    for (const [nRows, nColumns, nClasses] of [
      [9000, 3, 2],
      [6000, 40, 3],
      [700, 33, 2],
    ] as const) {
      const input = problem(nRows, nRows, nColumns, nClasses)
      const options = randomForest.options.parse({ nEstimators: 2, maxFeatures: 0.4 })
      const plain = withoutKernels(() => randomForest.fit(input, options).state())
      expect(randomForest.fit(input, options).state()).toEqual(plain)
    }
  }, 60_000)

  test('is the same by boosting of more rows than go together and more columns than lie side by side', () => {
    for (const [nRows, nColumns, nClasses, featureFraction] of [
      [2600, 37, 3, 1],
      [1500, 6, 2, 1],
      [1501, 45, 3, 0.6],
    ] as const) {
      const input = problem(nRows, nRows, nColumns, nClasses)
      const options = gradientBoosting.options.parse({ maxIterations: 2, subsample: 0.9, featureFraction })
      const plain = withoutKernels(() => gradientBoosting.fit(input, options).state())
      expect(gradientBoosting.fit(input, options).state()).toEqual(plain)
    }
  }, 60_000)

  test('answers a batch the same to the last bit as row by row, missing values and infinities among them', () => {
    for (const nClasses of [0, 2, 3]) {
      const input = problem(7, 300, 9, nClasses)
      // An odd number of rows, over several blocks; other values than those learnt from.
      const { x } = problem(8, 197, 9, nClasses)
      for (const estimator of [gradientBoosting, randomForest]) {
        const model = estimator.restore(
          withoutKernels(() => estimator.fit(input, estimator.options.parse({ minSamplesLeaf: 1 }) as never)).state(),
        )
        const answers = model.predict(x)
        expect(answers).toEqual(withoutKernels(() => model.predict(x)))
        expect(answers.some((value) => value !== answers[0])).toBe(true)
      }
    }
  })

  test('leaves nothing behind: a hundred fits, some of them cancelled, take one memory in turns', () => {
    const before = KernelMemory.take(2 ** 20)!
    before.free()
    const input = problem(1, 120, 6, 3)
    const options = gradientBoosting.options.parse({ maxIterations: 2, minSamplesLeaf: 2 })
    const first = gradientBoosting.fit(input, options).state()
    for (let i = 0; i < 100; i++) {
      if (i % 10 === 0) {
        const signal = AbortSignal.abort()
        expect(() => gradientBoosting.fit({ ...input, signal }, options)).toThrow('stopped before it was done')
      } else expect(gradientBoosting.fit(input, options).state()).toEqual(first)
    }
    const after = KernelMemory.take(1000)!
    expect(after).toBe(before)
    after.free()
  })
})
