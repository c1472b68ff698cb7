import { describe, expect, test } from 'vitest'
import { codeOf } from '../../../test/support/code-of.ts'
import { classInput, matrixOf, numberInput } from '../../../test/support/fit-inputs.ts'
import { baseline } from './baseline.ts'

const rows = [[1], [2], [3], [Number.NaN]]

describe('the baseline', () => {
  test('answers every row with the shares of the classes, whatever is in it', () => {
    const model = baseline.fit(classInput(rows, [0, 1, 1, 2]), {})
    expect([...model.predict(matrixOf([[9], [Number.NaN]]))]).toEqual([0.25, 0.5, 0.25, 0.25, 0.5, 0.25])
    expect(model).toMatchObject({ task: 'classification', nClasses: 3 })
  })

  test('counts rows by their weights', () => {
    const model = baseline.fit(classInput(rows, [0, 1, 1, 2], { weights: [6, 1, 1, 0] }), {})
    expect([...model.predict(matrixOf([[0]]))]).toEqual([0.75, 0.25, 0])
  })

  test('answers with the mean of numbers', () => {
    const model = baseline.fit(numberInput(rows, [1, 2, 3, 6]), {})
    expect([...model.predict(matrixOf([[0], [0]]))]).toEqual([3, 3])
    expect(model.nClasses).toBe(0)
  })

  test('has one class only to go by where there is one', () => {
    const model = baseline.fit(classInput([[1]], [1], { nClasses: 2 }), {})
    expect([...model.predict(matrixOf([[5]]))]).toEqual([0, 1])
  })

  test('explains its answer by no column', () => {
    const model = baseline.fit(classInput(rows, [0, 1, 1, 2]), {})
    const explanation = { space: 'probability', base: 0.5, score: 0.5, contributions: Float64Array.of(0) }
    expect(model.explain(matrixOf(rows), 3, 1)).toEqual(explanation)
    expect(model.importances()).toEqual(new Float64Array(1))
    expect(baseline.fit(numberInput(rows, [1, 2, 3, 6]), {}).explain(matrixOf(rows), 0, 0).space).toBe('value')
  })

  test('comes back from its state', () => {
    for (const input of [classInput(rows, [0, 1, 1, 2]), numberInput(rows, [1, 2, 3, 6])]) {
      const model = baseline.fit(input, {})
      const restored = baseline.restore(model.state())
      expect(restored.predict(matrixOf(rows))).toEqual(model.predict(matrixOf(rows)))
      expect(restored).toMatchObject({ task: model.task, nClasses: model.nClasses })
    }
    expect(codeOf(() => baseline.restore({ task: 'other', answers: Float64Array.of(1), nColumns: 1 }))).toBe(
      'MODEL_STATE_INVALID',
    )
  })

  test('refuses no rows, weights of 0, and a matrix of another width', () => {
    expect(codeOf(() => baseline.fit(numberInput([], []), {}))).toBe('FIT_NO_ROWS')
    expect(codeOf(() => baseline.fit(numberInput([[1]], [1], [0]), {}))).toBe('WEIGHTS_INVALID')
    expect(codeOf(() => baseline.fit(numberInput([[1]], [1]), {}).predict(matrixOf([[1, 2]])))).toBe('INTERNAL')
  })
})
