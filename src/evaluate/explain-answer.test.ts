import { describe, expect, test } from 'vitest'
import { codeOf } from '../../test/support/code-of.ts'
import { isMissing } from '../table/column.ts'
import { columnOf, selectRows } from '../table/table.ts'
import { answeringPipeline, restoreAnswering } from './answering-pipeline.ts'
import { makeBackground } from './background.ts'
import { fitPlatt } from './calibration/platt.ts'
import { fitTemperature } from './calibration/temperature.ts'
import { fitSmall, N_ROWS, table, targets } from './testing/small-pipelines.ts'

const background = makeBackground(table, ['age', 'course', 'grade'], 1)
const sumOf = (of: { base: number; contributions: readonly { contribution: number }[] }) =>
  of.contributions.reduce((sum, { contribution }) => sum + contribution, of.base)

describe.each(['two', 'three', 'value'] as const)('the explanation of a blend (%s)', (of) => {
  const linear = of === 'value' ? 'ridge' : 'logistic-regression'
  const members = ['baseline', 'random-forest', 'gradient-boosting', linear].map((name) =>
    fitSmall(name, of, name === 'random-forest' ? { nEstimators: 8 } : {}),
  )
  const weights = Float64Array.of(0.1, 0.3, 0.4, 0.2)
  const pipeline = answeringPipeline({ members, weights, background })
  const width = of === 'value' ? 1 : targets[of].classes.length
  const said = pipeline.blend(table)

  test('adds up to what the blend says, for every output, within 1e-9', () => {
    for (const row of [0, 5, 17, N_ROWS - 1]) {
      for (let output = 0; output < width; output++) {
        const own = pipeline.explain(table, row, output)
        expect(own.space).toBe(of === 'value' ? 'value' : 'probability')
        expect(own.score).toBeCloseTo(said[row * width + output]!, 12)
        expect(Math.abs(sumOf(own) - own.score)).toBeLessThan(1e-9)
        expect(own.backgroundRows).toBe(background.nRows)
      }
    }
  })

  test('starts from the mean of what it says of the background rows', () => {
    const reference = pipeline.blend(background)
    const mean = reference.filter((_, i) => i % width === 0).reduce((sum, p) => sum + p, 0) / background.nRows
    expect(pipeline.explain(table, 3, 0).base).toBeCloseTo(mean, 12)
  })

  test('is the same when the pipeline comes from its state', () => {
    expect(restoreAnswering(pipeline.state()).explain(table, 7, 0)).toEqual(pipeline.explain(table, 7, 0))
  })

  test('gives the columns that models know nothing of nothing, and a row like the background no more than the rest does', () => {
    const same = answeringPipeline({ members, weights, background: selectRows(table, Uint32Array.of(9)) })
    for (const { contribution } of same.explain(table, 9, 0).contributions) expect(contribution).toBeCloseTo(0, 12)
  })
})

test('one boosted model’s log-odds are tempered exactly; under another calibrator the score is the one before it', () => {
  const boosting = fitSmall('gradient-boosting', 'two')
  const input = { target: targets.two, probabilities: fitSmall('logistic-regression', 'two').predict(table) }
  const calibrator = fitTemperature(input)
  const own = boosting.explain(table, 4, 1)
  const pipeline = answeringPipeline({ members: [boosting], calibrator })
  const tempered = pipeline.explain(table, 4, 1)
  expect(tempered.score).toBe(calibrator.inverseTemperature * own.score)
  expect(Math.abs(sumOf(tempered) - tempered.score)).toBeLessThan(1e-9)
  const p = pipeline.predict(table)[4 * 2 + 1]!
  expect(Math.log(p / (1 - p))).toBeCloseTo(tempered.score, 6)
  expect(tempered.beforeCalibration).toBe(false)
  const platt = answeringPipeline({ members: [boosting], calibrator: fitPlatt(input) }).explain(table, 4, 1)
  expect(platt).toMatchObject({ ...own, beforeCalibration: true })
  expect(answeringPipeline({ members: [boosting] }).explain(table, 4, 1)).toMatchObject(own)
})

test('a member of Poisson loss, whose scores are logarithms, is carried over to the value', () => {
  const counts = fitSmall('gradient-boosting', 'value', { loss: 'poisson', minSamplesLeaf: 5 })
  const pipeline = answeringPipeline({
    members: [counts, fitSmall('ridge', 'value')],
    weights: Float64Array.of(0.9, 0.1),
    background,
  })
  for (const row of [0, 5, 17]) {
    const own = pipeline.explain(table, row, 0)
    expect(own.space).toBe('value')
    expect(own.score).toBeCloseTo(pipeline.blend(table)[row]!, 12)
    expect(Math.abs(sumOf(own) - own.score)).toBeLessThan(1e-9)
  }
  const alone = counts.explain(table, 0, 0)
  expect(alone.space).toBe('log-value')
  expect(Math.exp(alone.score)).toBeCloseTo(counts.predict(table)[0]!, 10)
})

test('a blend without background is not explained, nor a row that is not there', () => {
  const members = [fitSmall('gradient-boosting', 'two'), fitSmall('logistic-regression', 'two')]
  const blend = answeringPipeline({ members })
  expect(codeOf(() => blend.explain(table, 0, 0))).toBe('INTERNAL')
  expect(codeOf(() => answeringPipeline({ members: [members[0]!] }).explain(table, N_ROWS, 0))).toBe('INTERNAL')
})

describe('the background', () => {
  test('has each column’s spread, holes included, in rows that nobody is', () => {
    const ages = columnOf(table, 'age')
    const share = Array.from({ length: N_ROWS }, (_, row) => isMissing(ages, row)).filter(Boolean).length / N_ROWS
    const own = columnOf(background, 'age') as { kind: 'number'; values: Float64Array }
    expect(own.values.filter(Number.isNaN)).toHaveLength(Math.round(share * background.nRows))
    expect(own.values.every((value) => Number.isNaN(value) || Number.isInteger(value))).toBe(true)
    const grades = columnOf(background, 'grade') as { kind: 'number'; values: Float64Array }
    const mean = grades.values.reduce((sum, value) => sum + value, 0) / background.nRows
    const truth = (columnOf(table, 'grade') as { values: Float64Array }).values
    expect(Math.abs(mean - truth.reduce((sum, value) => sum + value, 0) / N_ROWS)).toBeLessThan(0.3)
  })

  test('is the same for the same seed, and holds no text', () => {
    expect(makeBackground(table, ['age', 'grade'], 1)).toEqual(makeBackground(table, ['age', 'grade'], 1))
    const texts = { nRows: 2, columns: new Map([['note', { kind: 'text' as const, values: ['secret', 'words'] }]]) }
    expect(columnOf(makeBackground(texts, ['note'], 1), 'note')).toMatchObject({ values: Array(24).fill(null) })
  })
})
