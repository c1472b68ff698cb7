import fc from 'fast-check'
import { expect, test } from 'vitest'
import { treeCount } from '../../learn/tree/ensemble.ts'
import { addTreeOutputs } from '../../learn/tree/predict.ts'
import { randomTrees } from '../../learn/tree/testing/random-trees.ts'
import { RandomState } from '../../table/random.ts'
import { exportTrees, type TreePrecision } from './export-trees.ts'
import { GraphBuilder } from './graph-builder.ts'
import { openOnnx } from './onnx-session.ts'
import { writeOnnxModel } from './write-model.ts'

const N_COLUMNS = 3

/** Values on thresholds and beside them by one bit, codes, missing ones. */
function rowsOf(nRows: number, seed: number): Float64Array {
  const random = new RandomState(seed)
  const values = [
    Number.NaN,
    0,
    1,
    2,
    3,
    4,
    0.5,
    1.5,
    1.5000000000000002,
    1.4999999999999998,
    255,
    256,
    -1,
    31,
    32,
    200,
  ]
  return Float64Array.from({ length: nRows * N_COLUMNS }, () => values[random.randint(values.length)]!)
}

function largestDifference(trees: ReturnType<typeof randomTrees>, precision: TreePrecision, seed: number): number {
  const builder = new GraphBuilder([])
  const inputs = Array.from({ length: N_COLUMNS }, (_, j) => builder.input(`x${j}`, 'double', ''))
  const features = { tensor: builder.concat(inputs), position: Int32Array.of(0, 1, 2) }
  const output = builder.output(exportTrees(builder, features, trees, precision), 'sums', 'double', trees.nOutputs)
  const graph = builder.graph('trees', inputs)
  const session = openOnnx(writeOnnxModel({ producerVersion: '0', doc: '', metadata: {}, graph }))
  const nRows = 64
  const data = rowsOf(nRows, seed)
  const expected = new Float64Array(nRows * trees.nOutputs)
  addTreeOutputs(trees, { nRows, nColumns: N_COLUMNS, data, names: inputs }, expected)
  const feeds = inputs.map((name, j) => [
    name,
    { type: 'float64' as const, dims: [nRows, 1], data: data.slice(j * nRows, (j + 1) * nRows) },
  ])
  const sums = session.run(Object.fromEntries(feeds), [output])[output]!.data as ArrayLike<number>
  session.close()
  return expected.reduce((most, value, i) => Math.max(most, Math.abs(value - sums[i]!)), 0)
}

const trees = fc.record({
  seed: fc.nat(10_000),
  nTrees: fc.integer({ min: 1, max: 12 }),
  maxDepth: fc.integer({ min: 0, max: 5 }),
  shape: fc.constantFrom([1, 1], [3, 1], [3, 3]),
  categories: fc.constantFrom(0, 0.5),
})

test('every row ends in the leaf that it ends in here: at thresholds, one bit beside them, at sets of categories, missing', () => {
  fc.assert(
    fc.property(trees, fc.nat(10_000), ({ shape: [nOutputs, width], ...options }, seed) => {
      const drawn = randomTrees({ ...options, nColumns: N_COLUMNS, nOutputs: nOutputs!, width: width! })
      expect(largestDifference(drawn, 'single', seed)).toBeLessThan(1e-5)
    }),
    { numRuns: 60 },
  )
})

test('the sums of leaves split in two parts are as exact as sums of doubles', () => {
  fc.assert(
    fc.property(trees, fc.nat(10_000), ({ shape: [nOutputs, width], ...options }, seed) => {
      const drawn = randomTrees({ ...options, nColumns: N_COLUMNS, nOutputs: nOutputs!, width: width! })
      expect(largestDifference(drawn, 'double', seed)).toBeLessThan(1e-12 * treeCount(drawn))
    }),
    { numRuns: 60 },
  )
})
