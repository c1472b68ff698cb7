import { describe, expect, test } from 'vitest'
import { codeOf } from '../../../test/support/code-of.ts'
import { FeatureOptions } from '../../features/feature-options.ts'
import { RandomState } from '../../table/random.ts'
import type { TableSchema } from '../../table/schema.ts'
import { makeTable, selectRows } from '../../table/table.ts'
import { clusterPipeline, fitClusterFeatures, restoreClusterPipeline } from './cluster-pipeline.ts'
import { clusterers } from './clusterers.ts'

const nRows = 90
const random = new RandomState(1)
const table = makeTable([
  ['size', { kind: 'number', values: Float64Array.from({ length: nRows }, (_, i) => (i % 3) * 40 + random.normal()) }],
  [
    'kind',
    { kind: 'category', categories: ['a', 'b', 'c'], codes: Int32Array.from({ length: nRows }, (_, i) => i % 3) },
  ],
])
const schema: TableSchema = {
  columns: (['number', 'category'] as const).map((kind, i) => ({
    name: ['size', 'kind'][i]!,
    kind,
    dataType: kind === 'number' ? 'float' : 'string',
    declared: { required: false },
    observed: { missing: 0, distinct: 3, min: null, max: null, categories: [] },
  })),
}
const input = { table, schema, inputs: ['size', 'kind'], featureOptions: FeatureOptions.parse({}), seed: 1 }

describe.each([...clusterers.values()])('a pipeline of $name', (definition) => {
  const { features, matrix } = fitClusterFeatures(input)
  const model = definition.fit({ x: matrix, seed: 1 }, definition.options.parse({ nClusters: 3 }))
  const pipeline = clusterPipeline(features, model)
  const answers = pipeline.predict(table)

  test('puts rows that are alike together, nearest to the middle of their own cluster', () => {
    for (let row = 0; row < nRows; row++) {
      expect(answers.clusters[row]).toBe(answers.clusters[row % 3])
      const own = answers.distances.subarray(row * 3, row * 3 + 3)
      expect(own.indexOf(Math.min(...own))).toBe(answers.clusters[row])
    }
    expect(answers.probabilities === null).toBe(definition.name === 'k-means')
  })

  test('answers a row alone with the same bits', () => {
    const one = pipeline.predict(selectRows(table, Uint32Array.of(7)))
    expect(one.clusters[0]).toBe(answers.clusters[7])
    expect(one.distances).toEqual(answers.distances.slice(21, 24))
  })

  test('is restored from its state to the same bits', () => {
    expect(restoreClusterPipeline(structuredClone(pipeline.state())).predict(table)).toEqual(answers)
  })

  test('is not restored from a damaged state', () => {
    const state = pipeline.state() as Record<string, never>
    const damaged: Record<string, unknown>[] = [{ clusterer: 'dbscan' }, { model: {} }, { features: {} }]
    for (const damage of damaged) {
      const code = codeOf(() => restoreClusterPipeline({ ...state, ...damage } as never))
      expect(['MODEL_STATE_INVALID', 'FEATURES_STATE_INVALID']).toContain(code)
    }
  })
})

test.each([
  ['target encoding', { categorical: { encode: 'target' } }, /features\.categorical\.encode/],
  ['target encoding of a column', { columns: { kind: { encode: 'target' } } }, /features\.columns\.kind\.encode/],
  ['balance', { balance: 'weights' }, /features\.balance/],
])('%s is refused: there is no target', (_, options, message) => {
  const fit = () => fitClusterFeatures({ ...input, featureOptions: FeatureOptions.parse(options) })
  expect(fit).toThrow(message)
  expect(codeOf(fit)).toBe('FEATURES_INVALID')
})
