import { describe, expect, test } from 'vitest'
import { codeOf } from '../../test/support/code-of.ts'
import { encodeState } from '../packaging/state-codec.ts'
import { matrixRows } from '../table/matrix.ts'
import { contrastRows } from './contrast.ts'
import type { EstimatorDefinition, Matrix, State, Target } from './index.ts'
import {
  clusterers,
  estimators,
  matrixColumn,
  matrixOfColumns,
  matrixOfRows,
  RandomState,
  selectMatrixRows,
} from './index.ts'

const N_ROWS = 150
const NAMES = ['a', 'b', 'c', 'd']
const random = new RandomState(6)
/** Row-major, as float32 has them. */
const narrow = Float32Array.from({ length: N_ROWS * NAMES.length }, () => random.normal())
const wide = Float64Array.from(narrow)
const column = (values: Float32Array | Float64Array, j: number) => values.filter((_, i) => i % NAMES.length === j)
const byName = (values: Float32Array | Float64Array) =>
  Object.fromEntries(NAMES.map((name, j) => [name, column(values, j)]))

function targetFor({ tasks }: EstimatorDefinition): Target {
  const values = Float64Array.from({ length: N_ROWS }, (_, row) => wide[4 * row]! + wide[4 * row + 1]!)
  if (tasks[0] === 'regression') return { task: 'regression', values }
  return { task: 'classification', classes: ['n', 'y'], codes: Int32Array.from(values, (value) => (value > 0 ? 1 : 0)) }
}

describe('numbers of 32 bits', () => {
  test.each(Array.from(estimators))(
    'give %s the very bytes that their copies of 64 bits give, by columns and by rows',
    (_, definition) => {
      const target = targetFor(definition)
      const learn = (x: Matrix, sampleWeight?: Float64Array) => {
        const model = definition.fit(
          { x, target, seed: 1, ...(sampleWeight ? { sampleWeight } : {}) },
          // Fewer bins than values.
          definition.options.parse(definition.rounds ? { [definition.rounds]: 8, maxBins: 20 } : {}),
        )
        return {
          state: encodeState(model.state() as State),
          answers: model.predict(x),
          explained: model.explain(x, 5, 0),
          contrast: contrastRows(model, x, 3, x, 8),
        }
      }
      const whole = learn(matrixOfRows(wide, NAMES))
      const weights = Float64Array.from({ length: N_ROWS }, (_, row) => row % 3)
      const weighted = learn(matrixOfRows(wide, NAMES), weights)
      for (const x of [matrixOfRows(narrow, NAMES), matrixOfColumns(byName(narrow)), matrixOfColumns(byName(wide))]) {
        expect(learn(x)).toEqual(whole)
        expect(learn(x, weights)).toEqual(weighted)
      }
    },
    120_000,
  )

  test.each(Array.from(clusterers.values()))('are clustered by $name as their copies of 64 bits are', (definition) => {
    const cluster = (x: Matrix) => {
      const model = definition.fit({ x, seed: 1 }, definition.options.parse({ nClusters: 3 }))
      return { state: encodeState(model.state()), labels: model.predict(x) }
    }
    expect(cluster(matrixOfRows(narrow, NAMES))).toEqual(cluster(matrixOfRows(wide, NAMES)))
  })

  test('are kept as they are, and only widened beside such of 64 bits', () => {
    expect(matrixOfRows(narrow, NAMES).data).toBeInstanceOf(Float32Array)
    expect(matrixOfColumns(byName(narrow)).data).toBeInstanceOf(Float32Array)
    const [a, b] = [column(narrow, 0), column(wide, 1)]
    for (const x of [matrixOfColumns({ a, b }), matrixOfColumns({ b, a })]) {
      expect(x.data).toBeInstanceOf(Float64Array)
      expect(matrixColumn(x, x.names.indexOf('a'))).toEqual(Float64Array.from(a))
    }
    const narrowed = matrixOfRows(narrow, NAMES)
    expect(selectMatrixRows(narrowed, Uint32Array.of(7, 7, 2)).data).toBeInstanceOf(Float32Array)
    expect(matrixColumn(narrowed, 2)).toEqual(Float64Array.from(column(narrow, 2)))
  })

  test('of several thousand rows answer as their copies of 64 bits do, many trees and few', () => {
    const rows = Float32Array.from({ length: 4 * 5000 }, () => random.normal())
    const target = targetFor(estimators.get('gradient-boosting')!)
    for (const nTrees of [2, 100]) {
      const definition = estimators.get('gradient-boosting')!
      const options = definition.options.parse({ maxIterations: nTrees })
      const model = definition.fit({ x: matrixOfRows(wide, NAMES), target, seed: 1 }, options)
      expect(model.predict(matrixOfRows(rows, NAMES))).toEqual(
        model.predict(matrixOfRows(Float64Array.from(rows), NAMES)),
      )
    }
  })
})

describe('a matrix', () => {
  test('of rows holds them, in blocks of any size', () => {
    for (const nRows of [0, 1, 63, 64, 65, 150]) {
      const values = narrow.subarray(0, 4 * nRows)
      expect(matrixRows(matrixOfRows(values, NAMES))).toEqual(Float64Array.from(values))
    }
  })

  test.each([
    ['64', wide, 8],
    ['32', narrow, 4],
  ] as const)(
    'of columns of %s bits that lie one after the other in one buffer is those columns themselves',
    (_, from, sizeBytes) => {
      const all = from.slice()
      const parts = (step: number) =>
        Object.fromEntries([0, 1, 2].map((j) => [`c${j}`, all.subarray(10 + step * j, 20 + step * j)]))
      const x = matrixOfColumns(parts(10))
      expect([x.data.buffer === all.buffer, x.data.byteOffset, x.data.length]).toEqual([true, 10 * sizeBytes, 30])
      const apart = matrixOfColumns(parts(11))
      expect(apart.data.buffer === all.buffer).toBe(false)
      expect(apart.data.slice(10, 20)).toEqual(all.slice(21, 31))
      expect(matrixOfRows(all, ['only']).data).toBe(all)
    },
  )

  test('of columns of different lengths, of none, or of half a row is refused', () => {
    expect(codeOf(() => matrixOfColumns({ a: wide, b: wide.slice(1) }))).toBe('MATRIX_INVALID')
    expect(codeOf(() => matrixOfColumns({}))).toBe('MATRIX_INVALID')
    expect(codeOf(() => matrixOfRows(wide.slice(1), NAMES))).toBe('MATRIX_INVALID')
    expect(codeOf(() => matrixOfRows(wide, []))).toBe('MATRIX_INVALID')
  })
})
