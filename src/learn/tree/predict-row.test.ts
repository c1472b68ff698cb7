import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { codeOf } from '../../../test/support/code-of.ts'
import { RandomState } from '../../table/random.ts'
import { gradientBoosting } from '../boosting/gradient-boosting.ts'
import type { EstimatorDefinition } from '../estimator.ts'
import { randomForest } from '../forest/random-forest.ts'
import { answersRows } from '../row-model.ts'
import { classTarget, matrixOf } from './testing/synthetic.ts'

const N_COLUMNS = 5

/** Numbers, missing ones and infinities, and in the last column codes of 7 categories. */
function problem(seed: number, nClasses: number) {
  const random = new RandomState(seed)
  const x = matrixOf(120, N_COLUMNS, (_, column) => {
    if (random.randint(9) === 0) return Number.NaN
    if (column === N_COLUMNS - 1) return random.randint(7)
    return random.randint(30) === 0 ? Number.POSITIVE_INFINITY : random.normal()
  })
  const signal = Float64Array.from({ length: 120 }, () => random.random())
  const target =
    nClasses === 0
      ? { task: 'regression' as const, values: signal }
      : classTarget(
          Int32Array.from(signal, (value) => Math.floor(value * nClasses)),
          nClasses,
        )
  return { x, target, seed }
}

const cases = fc.record({
  seed: fc.nat(1000),
  nClasses: fc.constantFrom(0, 2, 3),
  kind: fc.constantFrom(
    [gradientBoosting, { maxIterations: 4, minSamplesLeaf: 3, minSamplesPerGroup: 2, maxCategoriesOneVsRest: 0 }],
    [randomForest, { nEstimators: 4 }],
  ),
  categories: fc.boolean(),
})

describe('one row at a time', () => {
  test('a model gives the very answer that it gives in a batch, categories and codes never seen among them', () => {
    fc.assert(
      fc.property(cases, ({ seed, nClasses, kind: [definition, options], categories }) => {
        const { x, ...rest } = problem(seed, nClasses)
        const native = categories && definition === gradientBoosting
        const table = native ? { ...x, categories: Int32Array.of(0, 0, 0, 0, 7) } : x
        const estimator = definition as EstimatorDefinition
        const model = estimator.fit({ ...rest, x: table }, estimator.options.parse(options))
        if (!answersRows(model)) throw new Error('The model does not answer single rows.')
        const asked = matrixOf(40, N_COLUMNS, (row, column) =>
          column === N_COLUMNS - 1 && row % 5 === 0 ? row + 0.5 * (row % 2) : x.data[column * 120 + row]!,
        )
        const batch = model.predict(asked)
        const width = batch.length / 40
        const values = new Float64Array(N_COLUMNS)
        const output = new Float64Array(width).fill(77)
        for (let row = 0; row < 40; row++) {
          for (let column = 0; column < N_COLUMNS; column++) values[column] = asked.data[column * 40 + row]!
          model.predictRow(values, output)
          expect(output).toEqual(batch.slice(row * width, (row + 1) * width))
        }
      }),
      { numRuns: 60 },
    )
  })

  test('of another width, or into a place of another size, is refused', () => {
    const model = randomForest.fit(problem(1, 2), randomForest.options.parse({ nEstimators: 2 }))
    if (!answersRows(model)) throw new Error('The model does not answer single rows.')
    expect(codeOf(() => model.predictRow(new Float64Array(4), new Float64Array(2)))).toBe('INTERNAL')
    expect(codeOf(() => model.predictRow(new Float64Array(5), new Float64Array(1)))).toBe('INTERNAL')
  })
})
