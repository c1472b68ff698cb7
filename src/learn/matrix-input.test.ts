import { describe, expect, test } from 'vitest'
import { codeOf } from '../../test/support/code-of.ts'
import { encodeState } from '../packaging/state-codec.ts'
import { matrixRows } from '../table/matrix.ts'
import type { EstimatorDefinition, Matrix, State, Target } from './index.ts'
import { estimators, matrixOfColumns, matrixOfRows, RandomState } from './index.ts'

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
      const learn = (x: Matrix) => {
        const model = definition.fit(
          { x, target, seed: 1 },
          definition.options.parse(definition.rounds ? { [definition.rounds]: 8 } : {}),
        )
        return { state: encodeState(model.state() as State), answers: model.predict(x) }
      }
      const whole = learn(matrixOfRows(wide, NAMES))
      for (const x of [matrixOfRows(narrow, NAMES), matrixOfColumns(byName(narrow)), matrixOfColumns(byName(wide))]) {
        expect(learn(x)).toEqual(whole)
      }
    },
    120_000,
  )
})

describe('a matrix', () => {
  test('of rows holds them, in blocks of any size', () => {
    for (const nRows of [0, 1, 63, 64, 65, 150]) {
      const values = narrow.subarray(0, 4 * nRows)
      expect(matrixRows(matrixOfRows(values, NAMES))).toEqual(Float64Array.from(values))
    }
  })

  test('of columns that lie one after the other in one buffer is those columns themselves', () => {
    const all = wide.slice()
    const parts = (step: number) =>
      Object.fromEntries([0, 1, 2].map((j) => [`c${j}`, all.subarray(10 + step * j, 20 + step * j)]))
    const x = matrixOfColumns(parts(10))
    expect([x.data.buffer === all.buffer, x.data.byteOffset, x.data.length]).toEqual([true, 80, 30])
    const apart = matrixOfColumns(parts(11))
    expect(apart.data.buffer === all.buffer).toBe(false)
    expect(apart.data.slice(10, 20)).toEqual(all.slice(21, 31))
    expect(matrixOfRows(all, ['only']).data).toBe(all)
  })

  test('of columns of different lengths, of none, or of half a row is refused', () => {
    expect(codeOf(() => matrixOfColumns({ a: wide, b: wide.slice(1) }))).toBe('MATRIX_INVALID')
    expect(codeOf(() => matrixOfColumns({}))).toBe('MATRIX_INVALID')
    expect(codeOf(() => matrixOfRows(wide.slice(1), NAMES))).toBe('MATRIX_INVALID')
    expect(codeOf(() => matrixOfRows(wide, []))).toBe('MATRIX_INVALID')
  })
})
