import { describe, expect, test } from 'vitest'
import { encodeState } from '../../packaging/state-codec.ts'
import { fitThreads } from '../../pipeline/fit-threads.ts'
import { RandomState } from '../../table/random.ts'
import { gradientBoosting } from '../boosting/gradient-boosting.ts'
import type { FitInput } from '../estimator.ts'
import { continueForest } from './continue-forest.ts'
import { RandomForestOptions } from './options.ts'
import { randomForest } from './random-forest.ts'

function rows(nClasses: number, nRows = 300, seed = 5): FitInput {
  const random = new RandomState(seed)
  const nColumns = 5
  const data = Float64Array.from({ length: nRows * nColumns }, () =>
    random.random() < 0.05 ? Number.NaN : random.random(),
  )
  const score = Float64Array.from({ length: nRows }, (_, row) => (data[row] || 0) * 3 + random.random())
  const x = { nRows, nColumns, data, names: ['a', 'b', 'c', 'd', 'e'] }
  if (nClasses === 0) return { x, target: { task: 'regression', values: score }, seed: 3 }
  const classes = Array.from({ length: nClasses }, (_, i) => `class ${i}`)
  const codes = Int32Array.from(score, (value) => Math.min(nClasses - 1, Math.floor((value / 4) * nClasses)))
  return { x, target: { task: 'classification', classes, codes }, seed: 3 }
}

const options = (more: object = {}) => RandomForestOptions.parse({ nEstimators: 12, ...more })
const bytes = (model: { state(): Parameters<typeof encodeState>[0] }) =>
  Buffer.from(encodeState(model.state())).toString('base64')

describe('growing a forest on', () => {
  test.each([
    ['numbers', 0, {}],
    ['two classes', 2, {}],
    ['three classes', 3, { classWeight: 'balanced' }],
    ['five classes', 5, {}],
    ['random thresholds without a bootstrap', 3, { extraTrees: true, bootstrap: false }],
    ['classes weighed tree by tree', 3, { classWeight: 'balanced_subsample' }],
    ['out of bag', 2, { oobScore: true }],
    ['out of bag, numbers', 0, { oobScore: true }],
  ] as const)('gives the bytes of all trees at once: %s', (_, nClasses, more) => {
    const input = rows(nClasses)
    const whole = randomForest.fit(input, options(more))
    const part = randomForest.fit(input, options({ ...more, nEstimators: 5 }))
    expect(bytes(part)).not.toBe(bytes(whole))
    const restored = randomForest.restore(part.state())
    for (const start of [part, restored]) {
      const gone = continueForest(start, input, options(more))
      expect(bytes(gone)).toBe(bytes(whole))
      expect(gone.figures).toEqual(whole.figures)
      expect(gone.oobPredictions).toEqual((whole as typeof gone).oobPredictions)
    }
  })

  test('gives them with helper threads, too', () => {
    const input = rows(3, 20_000)
    const sized = { maxDepth: 6 }
    const whole = randomForest.fit(input, options({ ...sized, nEstimators: 24 }))
    const part = randomForest.fit(input, options({ ...sized, nEstimators: 5 }))
    const gone = continueForest(part, { ...input, threads: fitThreads(2) }, options({ ...sized, nEstimators: 24 }))
    expect(bytes(gone)).toBe(bytes(whole))
  })

  test('on newer rows the old trees stay as they are, and new ones stand beside them', () => {
    const old = randomForest.fit(rows(2), options({ nEstimators: 5 }))
    const gone = continueForest(old, rows(2, 300, 77), options())
    type Trees = { readonly trees: { readonly roots: Int32Array; readonly threshold: Float64Array } }
    const [before, after] = [old, gone].map((model) => (model.state() as unknown as Trees).trees)
    expect(after!.roots).toHaveLength(13)
    expect(after!.threshold.slice(0, before!.threshold.length)).toEqual(before!.threshold)
    expect(gone.importances().reduce((a, b) => a + b)).toBeCloseTo(1, 12)
  })

  test('a forest that has the trees already comes back as it is', () => {
    const input = rows(2)
    const model = randomForest.fit(input, options())
    expect(continueForest(model, input, options({ nEstimators: 12 }))).toBe(model)
  })

  test.each([
    ['another task', rows(2), /the task regression/],
    [
      'other columns',
      { ...rows(0), x: { nRows: 1, nColumns: 1, data: new Float64Array(1), names: ['a'] } },
      /columns of 5/,
    ],
  ] as const)('%s is refused', (_, input, message) => {
    const model = randomForest.fit(rows(0), options({ nEstimators: 2 }))
    expect(() => continueForest(model, input, options())).toThrow(message)
  })

  test('another number of classes, and another kind of model, are refused', () => {
    const forest = randomForest.fit(rows(2), options({ nEstimators: 2 }))
    expect(() => continueForest(forest, rows(3), options())).toThrow(/classes of 2/)
    const boosted = gradientBoosting.fit(rows(2), gradientBoosting.options.parse({ maxIterations: 2 }))
    expect(() => continueForest(boosted, rows(2), options())).toThrow(/gradient-boosting/)
  })
})
