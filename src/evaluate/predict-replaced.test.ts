import { describe, expect, test } from 'vitest'
import { FeatureOptions } from '../features/feature-options.ts'
import type { FittedFeatures } from '../features/fitted-features.ts'
import { type FittedPipeline, fitPipeline } from '../learn/fitted-pipeline.ts'
import { type Column, selectColumn } from '../table/column.ts'
import { RandomState } from '../table/random.ts'
import { columnOf, makeTable, type Table } from '../table/table.ts'
import { answeringPipeline } from './answering-pipeline.ts'
import { fitTemperature } from './calibration/temperature.ts'
import { permutationImportance } from './permutation-importance.ts'
import { predictReplaced } from './predict-replaced.ts'
import { fitSmall, N_ROWS, schema, table, targets } from './testing/small-pipelines.ts'

const SMALL = { nEstimators: 6 }
const shuffled = (of: Table, name: string, seeds: readonly number[]): Column[] =>
  seeds.map((seed) => {
    const rows = Uint32Array.from({ length: of.nRows }, (_, row) => row)
    new RandomState(seed).shuffle(rows)
    return selectColumn(columnOf(of, name), rows)
  })

function expectSameAnswers(pipeline: ReturnType<typeof answeringPipeline>, of: Table, names: readonly string[]): void {
  const predict = predictReplaced(pipeline, of)
  for (const name of names) {
    const columns = shuffled(of, name, [1, 2, 3])
    const anew = columns.map((column) => pipeline.predict({ ...of, columns: new Map(of.columns).set(name, column) }))
    expect(predict(name, columns), name).toEqual(anew)
  }
}

describe('answers with one input column replaced are those of the whole pipeline, to the last bit', () => {
  test.each(['random-forest', 'gradient-boosting', 'logistic-regression', 'baseline'])('%s alone', (name) => {
    expectSameAnswers(answeringPipeline({ members: [fitSmall(name, 'three')] }), table, ['age', 'course', 'grade'])
  })

  test('two classes, and numbers', () => {
    for (const of of ['two', 'value'] as const) {
      const members = [fitSmall('gradient-boosting', of), fitSmall('random-forest', of, SMALL)]
      expectSameAnswers(answeringPipeline({ members }), table, ['age', 'course', 'grade'])
    }
  })

  test('a calibrated blend of trees and a linear model', () => {
    const members = ['random-forest', 'gradient-boosting', 'logistic-regression'].map((name) => fitSmall(name, 'three'))
    const calibrator = fitTemperature({ target: targets.three, probabilities: members[2]!.predict(table) })
    const weights = Float64Array.of(0.5, 0.3, 0.2)
    expectSameAnswers(answeringPipeline({ members, weights, calibrator }), table, ['age', 'course', 'grade'])
  })

  test('a member that answers tables and has no matrix', () => {
    const { replacing: _, ...features } = fitSmall('random-forest', 'three').features
    const foreign = { ...fitSmall('random-forest', 'three'), features: features as FittedFeatures }
    expectSameAnswers(answeringPipeline({ members: [foreign] }), table, ['age', 'grade'])
    const members = [foreign, fitSmall('gradient-boosting', 'three')]
    const own = predictReplaced({ members, weights: Float64Array.of(0.5, 0.5), calibrator: null }, table)
    const [column] = shuffled(table, 'age', [1])
    const of = { ...table, columns: new Map(table.columns).set('age', column!) }
    const each = members.map((member) => member.predict(of))
    expect(own('age', [column!])[0]).toEqual(each[0]!.map((p, i) => 0.5 * p + 0.5 * each[1]![i]!))
  })

  test('texts as terms, for trees and for linear models', () => {
    const words = ['neural', 'network', 'exam', 'grade', 'and', 'of']
    const random = new RandomState(4)
    const body: Column = {
      kind: 'text',
      values: Array.from({ length: N_ROWS }, () => Array.from({ length: 9 }, () => words[random.randint(6)]).join(' ')),
    }
    const texts = makeTable([...table.columns, ['body', body]])
    const member = (estimatorName: string): FittedPipeline =>
      fitPipeline({
        table: texts,
        schema: { columns: [...schema.columns, { ...schema.columns[1]!, name: 'body', kind: 'text' }] },
        inputs: ['age', 'grade', 'body'],
        target: targets.two,
        featureOptions: FeatureOptions.parse({ text: { terms: 'tfidf' } }),
        estimatorName,
        estimatorOptions: {},
        seed: 1,
      })
    const members = [member('random-forest'), member('logistic-regression')]
    expectSameAnswers(answeringPipeline({ members }), texts, ['age', 'grade', 'body'])
  })
})

test('features tell which of their columns are made of an input, derived ones included', () => {
  const { features } = fitSmall('gradient-boosting', 'three')
  const own = features.replacing!(table)
  const made = (input: string) => own.madeOf(input).map((column) => features.sources[column])
  expect(new Set(made('age'))).toEqual(new Set(['age', 'perYear']))
  expect(new Set(made('grade'))).toEqual(new Set(['grade', 'perYear']))
  expect(new Set(made('course'))).toEqual(new Set(['course']))
  expect(made('unknown')).toEqual([])
})

test('importances are the same with and without the shorter way', () => {
  const pipeline = answeringPipeline({
    members: [fitSmall('random-forest', 'three'), fitSmall('gradient-boosting', 'three')],
  })
  const options = { columns: pipeline.inputs, metric: 'log_loss', seed: 5 }
  const predict = (rows: Table) => pipeline.predict(rows)
  const plain = permutationImportance(table, targets.three, predict, options)
  let asked = 0
  const only = (rows: Table) => {
    asked++
    return predict(rows)
  }
  const shorter = permutationImportance(table, targets.three, only, {
    ...options,
    predictReplaced: predictReplaced(pipeline, table),
  })
  expect(shorter).toEqual(plain)
  expect(asked).toBe(1)
})
