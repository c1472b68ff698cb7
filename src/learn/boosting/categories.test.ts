import { describe, expect, test } from 'vitest'
import { type Matrix, selectMatrixRows } from '../../table/matrix.ts'
import { RandomState } from '../../table/random.ts'
import { selectTarget, type Target } from '../../table/target.ts'
import { withoutKernels } from '../kernels/load-kernels.ts'
import { learnBins } from '../tree/bin.ts'
import { setHas } from '../tree/category-splits.ts'
import { addTreeOutputs } from '../tree/predict.ts'
import { classTarget, matrixOf, range } from '../tree/testing/synthetic.ts'
import { fitBoostedTrees } from './fit.ts'
import { gradientBoosting } from './gradient-boosting.ts'
import { GradientBoostingOptions } from './options.ts'
import { boostingData, boostingFixture, PARITY_OPTIONS, withCategories } from './testing/boosting-data.ts'

function targetOf(objective: 'regression' | 'binary', signal: Float64Array): Target {
  return objective === 'regression'
    ? { task: 'regression', values: signal }
    : classTarget(
        Int32Array.from(signal, (s) => (s > 0 ? 1 : 0)),
        2,
      )
}

const WITHOUT_L2 = { l2Regularization: 0, categoryL2: 0 }
const LEAVES_OF_ONE_ROW = { ...WITHOUT_L2, minSamplesPerGroup: 1, categorySmoothing: 1, minSamplesLeaf: 1 }
/** What a case is fitted with beside what all are. */
const OPTIONS: Readonly<Record<string, object>> = {
  'one against the rest': { maxCategoriesOneVsRest: 20 },
  'binary without L2': WITHOUT_L2,
  'binary with a tie': WITHOUT_L2,
  'binary without L2, ten rounds': LEAVES_OF_ONE_ROW,
  'two leaves gain the same': { ...LEAVES_OF_ONE_ROW, maxLeaves: 9 },
  'leaves of one row': LEAVES_OF_ONE_ROW,
}

describe.each(boostingFixture.categories)("with categories, boosting grows LightGBM's trees ($name)", (reference) => {
  const { x, signal } = boostingData(reference.seed, reference.n)
  const options = GradientBoostingOptions.parse({
    ...PARITY_OPTIONS,
    maxIterations: reference.rounds,
    minSamplesPerGroup: 20,
    ...OPTIONS[reference.name],
  })
  const target = targetOf(reference.objective, signal)
  const { trees, initial } = fitBoostedTrees({ x: withCategories(x), target, seed: 0 }, options)

  test('the first split sends the same categories left', () => {
    expect(trees.feature[0]).toBe(reference.rootFeature)
    const { set, words } = trees.categories!
    const left = Array.from(range(256)).filter((code) => setHas(words, set[0]!, code))
    expect(left).toEqual(reference.rootCategories)
  })

  test('raw scores after its rounds agree within 1e-5', () => {
    const raw = new Float64Array(x.nRows).fill(initial[0]!)
    addTreeOutputs(trees, x, raw)
    for (const [row, score] of reference.raw.entries()) expect(Math.abs(raw[row]! - score)).toBeLessThan(1e-5)
    expect(raw.reduce((sum, value) => sum + value, 0) / raw.length).toBeCloseTo(reference.rawMean, 5)
  })
})

/** Categories that tell something, with missing ones. */
function mixed(seed: number, n: number): { x: Matrix; target: Target } {
  const random = new RandomState(seed)
  const x = matrixOf(n, 4, (_, column) => {
    if (column > 1) return random.normal()
    return random.randint(10) === 0 ? Number.NaN : random.randint(column === 0 ? 40 : 3)
  })
  const at = (row: number, column: number) => x.data[column * n + row]!
  const codes = Array.from({ length: n }, (_, row) => {
    const effect = Number.isNaN(at(row, 0)) ? 1 : (at(row, 0) * 7) % 5
    return effect + at(row, 2) + (at(row, 1) === 1 ? 2 : 0) + random.normal() > 3 ? 1 : 0
  })
  return { x: { ...x, categories: Int32Array.of(40, 3, 0, 0) }, target: classTarget(codes, 2) }
}

describe('boosting on categories', () => {
  const { x, target } = mixed(3, 900)
  const options = { preset: 'lightgbm-compatible', maxIterations: 15, minSamplesPerGroup: 10, categorySmoothing: 2 }
  const learn = (given: object, matrix = x, y = target) =>
    gradientBoosting.fit({ x: matrix, target: y, seed: 4 }, GradientBoostingOptions.parse({ ...options, ...given }))
  const model = learn({})

  test.each([{}, { extraTrees: true }, { subsample: 0.7, featureFractionByNode: 0.6 }])(
    'gives the same bytes with and without kernels (%j)',
    (given) => {
      const state = learn(given).state()
      expect(state).toEqual(withoutKernels(() => learn(given).state()))
      expect(state).toHaveProperty('trees.categorySets')
    },
  )

  test('scores of rows not learnt from are those that predict gives: early stopping keeps the best round of its own', () => {
    const state = learn({ subsample: 0.5, earlyStoppingRounds: 3 }).state()
    expect(state).toEqual(withoutKernels(() => learn({ subsample: 0.5, earlyStoppingRounds: 3 }).state()))
  })

  test('comes back from its state with the same answers, for codes that training never saw as well', () => {
    const odd = [Number.NaN, 39, 40, 254, 255, 256, -1, 2.5, 1e9]
    const fresh = matrixOf(200, 4, (row, column) => odd[(row * 3 + column) % odd.length]!)
    const restored = gradientBoosting.restore(model.state())
    expect(restored.predict(fresh)).toEqual(model.predict(fresh))
    expect(restored.predict(x)).toEqual(model.predict(x))
  })

  test('an unknown code goes where a missing one does', () => {
    const row = (code: number) => matrixOf(1, 4, (_, column) => (column === 0 ? code : column === 1 ? 2 : 0.1))
    const missing = model.predict(row(Number.NaN))
    for (const code of [256, -1, 0.5, 1e12]) expect(model.predict(row(code))).toEqual(missing)
  })

  test('contributions add up to the score', () => {
    for (let row = 0; row < 900; row += 37) {
      const { base, score, contributions } = model.explain(x, row, 1)
      expect(Math.abs(contributions.reduce((a, b) => a + b, base) - score)).toBeLessThan(1e-9)
    }
  })

  test('the names of the codes do not matter: any other numbering learns the same', () => {
    // Weak order of equal ratios aside, which the smallest code breaks: real ratios differ.
    const renumber = (code: number) => (code * 11 + 5) % 40
    const data = x.data.slice()
    for (let row = 0; row < 900; row++) data[row] = Number.isNaN(data[row]!) ? Number.NaN : renumber(data[row]!)
    const other = { ...x, data }
    const renamed = learn({}, other)
    const answers = model.predict(x)
    for (const [i, value] of renamed.predict(other).entries()) expect(value).toBeCloseTo(answers[i]!, 9)
  })

  test('tells more than the codes taken as numbers, on rows that it has not seen', () => {
    const fresh = mixed(4, 2000)
    const loss = (matrix: Matrix) => {
      const p = learn({}, matrix).predict(fresh.x)
      if (fresh.target.task !== 'classification') throw new Error('expected classes')
      return fresh.target.codes.reduce((sum, code, row) => sum - Math.log(p[2 * row + code]!), 0) / 2000
    }
    const { categories: _, ...numbers } = x
    expect(loss(x)).toBeLessThan(loss(numbers))
  })

  test('rows picked keep their categories', () => {
    const rows = range(300)
    expect(selectMatrixRows(x, rows).categories).toEqual(x.categories)
    expect(learn({}, selectMatrixRows(x, rows), selectTarget(target, rows)).state()).toHaveProperty(
      'trees.categorySets',
    )
  })

  test('a category column that holds no code is refused, without the value', () => {
    const bad = matrixOf(3, 1, (row) => [0, 1, 7.5][row]!)
    expect(() => learnBins({ ...bad, categories: Int32Array.of(3) }, range(3), null, 255, 0)).toThrow(
      'Column "x0" should hold codes from 0 to 2; row 2 (counted from 0) does not.',
    )
    expect(() => learnBins({ ...bad, categories: Int32Array.of(256) }, range(3), null, 255, 0)).toThrow(
      'Column "x0" has 256 categories; trees tell 255 apart.',
    )
  })
})
