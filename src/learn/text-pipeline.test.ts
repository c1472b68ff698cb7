import { describe, expect, test } from 'vitest'
import { FeatureOptions } from '../features/feature-options.ts'
import type { Column } from '../table/column.ts'
import type { TableSchema } from '../table/schema.ts'
import { isSparseMatrix } from '../table/sparse-matrix.ts'
import type { State } from '../table/state.ts'
import { makeTable } from '../table/table.ts'
import type { Target } from '../table/target.ts'
import { fitPipeline, restorePipeline } from './fitted-pipeline.ts'

const N = 60
const body: Column = {
  kind: 'text',
  values: Array.from({ length: N }, (_, i) =>
    i % 10 === 9
      ? null
      : i % 2 === 0
        ? `train the network with data ${i % 7}x`
        : `mean of the sample with data ${i % 5}y`,
  ),
}
const table = makeTable([['body', body]])
const schema: TableSchema = {
  columns: [
    {
      name: 'body',
      kind: 'text',
      dataType: 'string',
      declared: { required: false },
      observed: { missing: 6, distinct: N, min: null, max: null, categories: [] },
    },
  ],
}
const target: Target = {
  task: 'classification',
  classes: ['other', 'learning'],
  codes: Int32Array.from({ length: N }, (_, i) => (i % 2 === 0 ? 1 : 0)),
}
const learn = (estimatorName: string, text: object) =>
  fitPipeline({
    table,
    schema,
    inputs: ['body'],
    target,
    featureOptions: FeatureOptions.parse({ text }),
    estimatorName,
    estimatorOptions: {},
    seed: 1,
  })

test.each(['counts', 'tfidf', 'hashing'])(
  'a linear model learns %s from texts, keeps them sparse, and is restored',
  (terms) => {
    const pipeline = learn('logistic-regression', { terms, hashedColumns: 64 })
    expect(isSparseMatrix(pipeline.features.transform(table))).toBe(true)
    const answers = pipeline.predict(table)
    expect(answers[1]).toBeGreaterThan(0.8)
    expect(answers[3]).toBeLessThan(0.2)
    expect(restorePipeline(structuredClone(pipeline.state()) as State).predict(table)).toEqual(answers)
    const { base, score, contributions } = pipeline.explain(table, 0, 1)
    expect(contributions.map(({ feature }) => feature)).toEqual(['body'])
    expect(base + contributions[0]!.contribution).toBeCloseTo(score, 9)
    if (terms !== 'hashing') expect(contributions[0]!.terms!.map(({ term }) => term)).toContain('network')
  },
)

test('trees get the terms as whole columns', () => {
  const pipeline = learn('random-forest', { terms: 'tfidf', maxFeatures: 20 })
  expect(isSparseMatrix(pipeline.features.transform(table))).toBe(false)
  expect(pipeline.predict(table)[1]).toBeGreaterThan(0.8)
})

test('texts without a term that is frequent enough are left out with a warning', () => {
  const { warnings } = learn('logistic-regression', { terms: 'tfidf', minDf: 59 })
  expect(warnings.map(({ code }) => code)).toContain('TEXT_NO_TERMS')
})

describe('terms: auto', () => {
  const fitWith = (estimatorName: string, texts: readonly (string | null)[], text: object = {}) => {
    const n = texts.length
    return fitPipeline({
      table: makeTable([['body', { kind: 'text', values: texts }]]),
      schema,
      inputs: ['body'],
      target: {
        task: 'classification',
        classes: ['no', 'yes'],
        codes: Int32Array.from({ length: n }, (_, i) => i % 2),
      },
      featureOptions: FeatureOptions.parse({ text }),
      estimatorName,
      estimatorOptions: estimatorName === 'random-forest' ? { nEstimators: 2, maxDepth: 2 } : {},
      seed: 1,
    })
  }
  const long = Array.from({ length: 40 }, (_, i) => `a ${i % 2 ? 'good' : 'bad'} day in week ${i}`)
  const hasTerms = ({ features }: ReturnType<typeof fitWith>) => (features.terms ?? []).some((term) => term !== null)

  test.each(['logistic-regression', 'random-forest'])(
    'texts of six words have their terms learnt, and are told of: %s',
    (name) => {
      const pipeline = fitWith(name, long)
      expect(pipeline.features.terms).toContain('good')
      const told = pipeline.warnings.filter(({ code }) => code === 'TEXT_TERMS')
      expect(told.map(({ column }) => column)).toEqual(['body'])
      expect(told[0]!.message).toMatch(/keep words .*hashing or none/)
      expect(told[0]!.message).not.toMatch(/good|day/)
    },
  )

  test('shorter texts, and projects that say none, keep no word', () => {
    const short = long.map((text) => text.split(' ').slice(0, 5).join(' '))
    for (const pipeline of [
      fitWith('logistic-regression', short),
      fitWith('logistic-regression', long, { terms: 'none' }),
    ]) {
      expect(hasTerms(pipeline)).toBe(false)
      expect(pipeline.warnings.map(({ code }) => code)).not.toContain('TEXT_TERMS')
      expect(JSON.stringify(pipeline.state())).not.toMatch(/good|day/)
    }
  })

  test('whoever asks for terms is not told what they asked for', () => {
    const pipeline = fitWith('logistic-regression', long, { terms: 'tfidf' })
    expect(hasTerms(pipeline)).toBe(true)
    expect(pipeline.warnings.map(({ code }) => code)).not.toContain('TEXT_TERMS')
  })

  test('trees of many rows get none: whole columns would fill the memory', () => {
    const many = Array.from({ length: 20_001 }, (_, i) => long[i % 40]!)
    expect(hasTerms(fitWith('random-forest', many))).toBe(false)
  })
})
