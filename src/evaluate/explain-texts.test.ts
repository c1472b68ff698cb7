import { expect, test } from 'vitest'
import { FeatureOptions } from '../features/feature-options.ts'
import { fitPipeline } from '../learn/fitted-pipeline.ts'
import { isSparseMatrix } from '../table/sparse-matrix.ts'
import { makeTable } from '../table/table.ts'
import type { Target } from '../table/target.ts'
import { answeringPipeline } from './answering-pipeline.ts'
import { makeBackground } from './background.ts'
import { fitTemperature } from './calibration/temperature.ts'

const N = 90
const SUBJECTS = ['network layers', 'sample mean', 'garden soil'] as const
const table = makeTable([
  [
    'body',
    {
      kind: 'text',
      values: Array.from({ length: N }, (_, i) =>
        i % 11 === 10 ? null : `question about ${SUBJECTS[i % 3]} number n${i % 7}`,
      ),
    },
  ],
  ['views', { kind: 'number', values: Float64Array.from({ length: N }, (_, i) => (i * 7) % 20) }],
])
const schema = {
  columns: (['body', 'views'] as const).map((name) => ({
    name,
    kind: name === 'body' ? ('text' as const) : ('number' as const),
    dataType: name === 'body' ? ('string' as const) : ('integer' as const),
    declared: { required: false },
    observed: { missing: 0, distinct: N, min: null, max: null, categories: [] },
  })),
}
const codes = (of: (i: number) => number) => Int32Array.from({ length: N }, (_, i) => of(i))
const two: Target = { task: 'classification', classes: ['other', 'networks'], codes: codes((i) => +(i % 3 === 0)) }
const three: Target = { task: 'classification', classes: ['a', 'b', 'c'], codes: codes((i) => i % 3) }
const numbers: Target = { task: 'regression', values: Float64Array.from({ length: N }, (_, i) => (i % 3) * 5) }

const learn = (estimatorName: string, target: Target, text: object) =>
  fitPipeline({
    table,
    schema,
    inputs: ['body', 'views'],
    target,
    featureOptions: FeatureOptions.parse({ text: { hashedColumns: 2 ** 16, ...text } }),
    estimatorName,
    estimatorOptions: estimatorName === 'random-forest' ? { nEstimators: 10 } : {},
    seed: 2,
  })

test.each([
  ['two classes', two, 'logistic-regression', 'tfidf'],
  ['three classes', three, 'logistic-regression', 'tfidf'],
  ['three classes, not centred', three, 'sparse-logistic-regression', 'tfidf'],
  ['numbers', numbers, 'ridge', 'counts'],
  ['hashed texts', two, 'logistic-regression', 'hashing'],
] as const)(
  'a blend with texts adds up for every output, and names terms of the text: %s',
  (_, target, linear, terms) => {
    const members = [learn(linear, target, { terms }), learn('random-forest', target, { terms: 'tfidf' })]
    expect(isSparseMatrix(members[0]!.features.transform(table))).toBe(true)
    const background = makeBackground(table, ['body', 'views'], 1)
    const pipeline = answeringPipeline({ members, background })
    const said = pipeline.predict(table)
    const width = target.task === 'classification' ? target.classes.length : 1
    for (const row of [0, 1, 10]) {
      for (let output = 0; output < width; output++) {
        const { base, score, contributions } = pipeline.explain(table, row, output)
        expect(score).toBeCloseTo(said[row * width + output]!, 12)
        const sum = contributions.reduce((total, { contribution }) => total + contribution, base)
        expect(Math.abs(sum - score)).toBeLessThan(1e-9)
        expect(contributions.map(({ feature }) => feature).sort()).toEqual(['body', 'views'])
        const body = contributions.find(({ feature }) => feature === 'body')!
        if (row === 10) expect(body.terms).toBeUndefined()
        else {
          expect(body.terms!.length).toBeLessThanOrEqual(10)
          const own = `question about ${SUBJECTS[row]} number n${row}`.split(' ')
          const named = body.terms!.map(({ term }) => term)
          expect(named.length).toBeGreaterThan(0)
          for (const term of named) expect(own).toContain(term)
        }
      }
    }
  },
)

test('hashed terms are told by those of the row, together where they fell into one column', () => {
  const member = learn('logistic-regression', two, { terms: 'hashing', hashedColumns: 2 })
  const body = member.explain(table, 0, 1).contributions.find(({ feature }) => feature === 'body')!
  // The other four are in the other column, two with either sign: it is 0.
  expect(body.terms!.map(({ term }) => term)).toEqual(['network, layers'])
  const missing = member.explain(table, 10, 1).contributions.find(({ feature }) => feature === 'body')!
  expect(missing.terms).toBeUndefined()
})

test('a tempered explanation tempers what the terms add as well', () => {
  const member = learn('logistic-regression', two, { terms: 'tfidf' })
  const calibrator = fitTemperature({ target: two, probabilities: member.predict(table) })
  const plain = member.explain(table, 0, 1).contributions.find(({ feature }) => feature === 'body')!
  const tempered = answeringPipeline({ members: [member], calibrator })
    .explain(table, 0, 1)
    .contributions.find(({ feature }) => feature === 'body')!
  expect(plain.terms!.length).toBeGreaterThan(2)
  expect(tempered.terms).toEqual(
    plain.terms!.map(({ term, contribution }) => ({
      term,
      contribution: contribution * calibrator.inverseTemperature,
    })),
  )
})
