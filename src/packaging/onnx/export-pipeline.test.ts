import fc from 'fast-check'
import { beforeAll, describe, expect, test } from 'vitest'
import { type AnsweringPipeline, answeringPipeline } from '../../evaluate/answering-pipeline.ts'
import { fitCalibrator } from '../../evaluate/calibration/calibrators.ts'
import { FeatureOptions } from '../../features/feature-options.ts'
import { mixedSchema, mixedTable, mixedTarget } from '../../features/fixtures/mixed-table.ts'
import { type FittedPipeline, fitPipeline } from '../../learn/fitted-pipeline.ts'
import { RandomState } from '../../table/random.ts'
import type { Target } from '../../table/target.ts'
import { exportOnnx, type OnnxExport } from './export-pipeline.ts'
import { type Agreement, compareOnnx, onnxAnswers } from './onnx-answers.ts'
import { openOnnx } from './onnx-session.ts'
import { readOnnx } from './read-model.ts'
import { awkwardTable } from './testing/awkward-tables.ts'

const N_ROWS = 220
const table = mixedTable(N_ROWS, 1)
const FACTS = { name: 'mixed', version: 7, bellwetherVersion: '0.1.0', signature: '{"task":"test"}' }
type Kind = 'binary' | 'multiclass' | 'regression'

/** A target that the columns know something of, so that trees have something to split on. */
function targetOf(kind: Kind): Target {
  const drawn = mixedTarget(N_ROWS, kind, 2)
  const grade = table.columns.get('grade')!
  if (grade.kind !== 'number') throw new Error('grade holds numbers')
  if (drawn.task === 'regression')
    return { ...drawn, values: drawn.values.map((v, i) => 1000 + 50 * v + (grade.values[i]! || 0)) }
  const last = drawn.classes.length - 1
  return { ...drawn, codes: drawn.codes.map((code, i) => (grade.values[i]! > 13 ? last : code)) }
}

function fitted(estimatorName: string, kind: Kind, options: object = {}, features: object = {}): FittedPipeline {
  return fitPipeline({
    table,
    schema: mixedSchema,
    inputs: mixedSchema.columns.map(({ name }) => name),
    target: targetOf(kind),
    featureOptions: FeatureOptions.parse(features),
    estimatorName,
    estimatorOptions: options as Record<string, unknown>,
    seed: 3,
  })
}

const alone = (member: FittedPipeline): AnsweringPipeline => answeringPipeline({ members: [member] })

/** Rows like those of training, and awkward ones. */
function agreement(pipeline: AnsweringPipeline, exported: OnnxExport = exportOnnx(pipeline, FACTS)): Agreement {
  const [usual, awkward] = [mixedTable(300, 99), awkwardTable(300, 5)].map((rows) =>
    compareOnnx(exported, pipeline, rows),
  )
  return {
    rows: usual!.rows + awkward!.rows,
    otherLabels: usual!.otherLabels + awkward!.otherLabels,
    largestDifference: Math.max(usual!.largestDifference, awkward!.largestDifference),
  }
}

function expectAlike({ rows, otherLabels, largestDifference }: Agreement): void {
  expect(rows).toBeGreaterThan(0)
  expect(otherLabels).toBe(0)
  expect(largestDifference).toBeLessThanOrEqual(1e-6)
}

const CASES: readonly (readonly [string, Kind, object])[] = [
  ['baseline', 'multiclass', {}],
  ['baseline', 'regression', {}],
  ['logistic-regression', 'binary', {}],
  ['logistic-regression', 'multiclass', {}],
  ['sparse-logistic-regression', 'multiclass', {}],
  ['ridge', 'regression', {}],
  ['elastic-net', 'regression', {}],
  ['random-forest', 'binary', { nEstimators: 20 }],
  ['random-forest', 'multiclass', { nEstimators: 20 }],
  ['random-forest', 'regression', { nEstimators: 20 }],
  ['gradient-boosting', 'binary', { maxIterations: 30 }],
  ['gradient-boosting', 'multiclass', { maxIterations: 30 }],
  ['gradient-boosting', 'regression', { maxIterations: 30 }],
  ['gradient-boosting', 'regression', { maxIterations: 30, loss: 'poisson' }],
  ['gradient-boosting', 'regression', { maxIterations: 30, loss: 'quantile', quantile: 0.8 }],
]

describe('an exported model', () => {
  test.each(CASES)('of %s for a %s target answers in ONNX Runtime as ours does', (name, kind, options) => {
    expectAlike(agreement(alone(fitted(name, kind, options))))
  })

  test('is the same bytes when it is made again', () => {
    const pipeline = alone(fitted('gradient-boosting', 'binary', { maxIterations: 5 }))
    expect(exportOnnx(pipeline, FACTS).bytes).toEqual(exportOnnx(pipeline, FACTS).bytes)
  })

  test('has an input for each column, and says what the caller works out beforehand', () => {
    const { inputs, outputs, bytes } = exportOnnx(alone(fitted('ridge', 'regression')), FACTS)
    expect(inputs.map(({ name, type }) => `${name}: ${type}`)).toEqual([
      'grade: double',
      'age: double',
      'course: string',
      'city: string',
      'debtor: string',
      'enrolled: double',
      'length(comment): double',
      'wordCount(comment): double',
    ])
    expect(inputs.filter(({ precomputed }) => precomputed !== null).map(({ name }) => name)).toEqual([
      'enrolled',
      'length(comment)',
      'wordCount(comment)',
    ])
    expect(outputs).toEqual(['value'])
    const model = readOnnx(bytes)
    expect(model.metadata.get('bellwether.model')).toBe('mixed')
    expect(model.metadata.get('bellwether.version')).toBe('7')
    expect(model.metadata.get('bellwether.signature')).toBe('{"task":"test"}')
    expect(JSON.parse(model.metadata.get('bellwether.inputs')!)).toEqual(inputs)
    expect(model.opsets).toEqual(
      new Map([
        ['', 17],
        ['ai.onnx.ml', 3],
      ]),
    )
  })

  test('keeps apart from its outputs a column that is called as they are', () => {
    const columns = new Map(table.columns)
    columns.set('label', columns.get('grade')!)
    columns.set('probabilities', columns.get('age')!)
    const renamed = { nRows: N_ROWS, columns }
    const like = (name: string, as: string) => ({ ...mixedSchema.columns.find((each) => each.name === as)!, name })
    const member = fitPipeline({
      table: renamed,
      schema: { columns: [like('label', 'grade'), like('probabilities', 'age')] },
      inputs: ['label', 'probabilities'],
      target: targetOf('binary'),
      featureOptions: FeatureOptions.parse({}),
      estimatorName: 'logistic-regression',
      estimatorOptions: {},
      seed: 1,
    })
    const exported = exportOnnx(alone(member), FACTS)
    expect(exported.inputs.map(({ name }) => name)).toEqual(['label', 'probabilities'])
    expect(exported.outputs).toEqual(['label_', 'probabilities_'])
    expectAlike(compareOnnx(exported, alone(member), renamed))
  })
})

describe('an exported ensemble', () => {
  let members: FittedPipeline[]
  beforeAll(() => {
    members = [
      fitted('random-forest', 'multiclass', { nEstimators: 10 }),
      fitted('gradient-boosting', 'multiclass', { maxIterations: 10 }),
      fitted('logistic-regression', 'multiclass'),
    ]
  })
  const weights = Float64Array.of(0.5, 0.3, 0.2)

  test('blends its members', () => expectAlike(agreement(answeringPipeline({ members, weights }))))

  test.each(['temperature', 'platt', 'isotonic'] as const)('is calibrated by %s', (method) => {
    const target = targetOf('multiclass')
    if (target.task !== 'classification') throw new Error('classes')
    const probabilities = answeringPipeline({ members, weights }).predict(table)
    const calibrator = fitCalibrator(method, { target, probabilities })
    expectAlike(agreement(answeringPipeline({ members, weights, calibrator })))
  })

  test.each(['temperature', 'platt', 'isotonic'] as const)('of two classes is calibrated by %s', (method) => {
    const target = targetOf('binary')
    if (target.task !== 'classification') throw new Error('classes')
    const member = fitted('random-forest', 'binary', { nEstimators: 12 })
    const calibrator = fitCalibrator(method, { target, probabilities: member.predict(table) })
    expectAlike(agreement(answeringPipeline({ members: [member], calibrator })))
  })

  test('decides on labels by the weights that it learnt', () => {
    const decision = Float64Array.of(3, 0.4, 1)
    const pipeline = answeringPipeline({ members, weights, decision })
    expectAlike(agreement(pipeline))
    const exported = exportOnnx(pipeline, FACTS)
    const { labels, predictions } = onnxAnswers(openOnnx(exported.bytes), exported, pipeline, mixedTable(200, 4))
    const mostProbable = labels.map((_, row) => {
      const own = predictions.subarray(3 * row, 3 * row + 3)
      return pipeline.target.classes[own.indexOf(Math.max(...own))]
    })
    expect(labels).not.toEqual(mostProbable)
  })
})

describe('exported terms of texts', () => {
  const words = ['Neural', 'network', 'über', 'été', 'data', 'DATA', 'x1', 'the', '漢字', 'loss', 'İzmir', 'a']
  const textsOf = (seed: number) => {
    const random = new RandomState(seed)
    return Array.from({ length: N_ROWS }, () =>
      random.randint(9) === 0
        ? null
        : Array.from({ length: random.randint(14) }, () => words[random.randint(words.length)]!).join(
            [' ', ', ', '-', '\n'][random.randint(4)]!,
          ),
    )
  }
  const withTexts = (seed: number) => ({
    nRows: N_ROWS,
    columns: new Map([...table.columns, ['comment', { kind: 'text' as const, values: textsOf(seed) }]]),
  })

  const fitTexts = (estimatorName: string, text: object) =>
    alone(
      fitPipeline({
        table: withTexts(1),
        schema: mixedSchema,
        inputs: mixedSchema.columns.map(({ name }) => name),
        target: targetOf('multiclass'),
        featureOptions: FeatureOptions.parse({ text: { minDf: 1, maxDf: 1, ...text } }),
        estimatorName,
        estimatorOptions: {},
        seed: 3,
      }),
    )

  test('of characters are refused with what to do instead', () => {
    const pipeline = fitTexts('logistic-regression', { terms: 'tfidf', analyser: 'char', ngramRange: [2, 3] })
    expect(() => exportOnnx(pipeline, FACTS)).toThrow(/terms of column "comment" are made of characters .*use words/)
  })

  test.each([
    ['tfidf', 'logistic-regression', {}],
    ['tfidf', 'logistic-regression', { ngramRange: [1, 3], sublinearTf: true, stopWords: ['the'] }],
    ['tfidf', 'gradient-boosting', { ngramRange: [2, 2], norm: 'l1', stripAccents: 'unicode' }],
    ['counts', 'random-forest', { ngramRange: [1, 2], lowercase: false }],
    ['tfidf', 'logistic-regression', { stripHtml: true, stopWords: 'english' }],
    ['hashing', 'logistic-regression', { hashedColumns: 64 }],
    ['hashing', 'logistic-regression', { hashedColumns: 64, analyser: 'charWithinWords', ngramRange: [2, 3] }],
  ] as const)('%s for %s answer in ONNX as here: %j', (terms, estimatorName, options) => {
    const pipeline = fitTexts(estimatorName, { terms, ...options })
    const exported = exportOnnx(pipeline, FACTS)
    const input = exported.inputs.find(
      ({ name }) => name === (terms === 'hashing' ? 'hashed(comment)' : 'words(comment)'),
    )
    expect(input?.precomputed).toContain('the text')
    expectAlike(compareOnnx(exported, pipeline, withTexts(2)))
  })
})

describe('exported features', () => {
  const number = fc.record({
    impute: fc.constantFrom('auto', 'mean', 'median', 'none', 'constant'),
    constant: fc.constantFrom(0, -7.5),
    indicator: fc.constantFrom(true, false, 'auto'),
    clip: fc.constantFrom('none', 'iqr', 'quantile'),
    scale: fc.constantFrom('auto', 'none', 'standard', 'robust'),
  })
  const category = fc.record({
    impute: fc.constantFrom('missing-category', 'mode'),
    encode: fc.constantFrom('auto', 'one-hot', 'ordinal', 'target', 'native'),
    minFrequency: fc.constantFrom(1, 5, 30),
    maxCategories: fc.constantFrom(3, 100),
    unknown: fc.constantFrom('infrequent', 'ignore'),
  })
  const derived = fc.subarray([
    'ratio(grade, age - 20)',
    'log1p(max(age, 0)) + log(grade) - log10(abs(grade) + 1)',
    'round(grade * 1.5, 1) % 3 - floor(age / 7) + ceil(grade)',
    'if(grade > 12 && !isMissing(age), sqrt(age), pow(grade, 2))',
    'if(city == "Porto" || debtor, "north", if(isMissing(city), "nowhere", "south"))',
    'debtor == true',
    'coalesce(missingIf(city, "Faro"), "elsewhere")',
    'course == 33 || course != 171',
    'year(enrolled) * 100 + month(enrolled) + dayOfYear(enrolled) / 1000 + hour(enrolled)',
    'daysBetween(enrolled, date("2025-06-30"))',
    'enrolled >= "2025-01-01"',
    'min(grade, age, 15) - exp(-abs(grade)) + number(debtor)',
    'length(comment) + wordCount(comment)',
    'lower(city)',
    'contains(comment, "word word")',
    'number(course) / 100',
  ])

  test('answer in ONNX as they do here, whatever the options and expressions', { timeout: 240_000 }, () => {
    fc.assert(
      fc.property(
        number,
        category,
        derived,
        fc.constantFrom(...CASES.filter(([name]) => name !== 'baseline')),
        fc.nat(1000),
        (numeric, categorical, expressions, [name, kind], seed) => {
          const features = {
            numeric,
            categorical,
            dates: { parts: ['year', 'quarter', 'month', 'dayOfMonth', 'dayOfWeek', 'dayOfYear', 'hour', 'ageInDays'] },
            derived: Object.fromEntries(expressions.map((text, i) => [`d${i}`, text])),
          }
          const options =
            name === 'random-forest' ? { nEstimators: 5 } : name === 'gradient-boosting' ? { maxIterations: 5 } : {}
          const pipeline = alone(fitted(name, kind, options, features))
          const exported = exportOnnx(pipeline, FACTS)
          expectAlike(compareOnnx(exported, pipeline, awkwardTable(60, seed)))
        },
      ),
      { numRuns: 40 },
    )
  })
})
