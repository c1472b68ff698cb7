import { describe, expect, test } from 'vitest'
import { codeOf } from '../../test/support/code-of.ts'
import { classInput, matrixOf, numberInput } from '../../test/support/fit-inputs.ts'
import { sampleTrials } from '../evaluate/search/sample-trials.ts'
import { RandomState } from '../table/random.ts'
import { defaultModels, estimator, estimators } from './estimators.ts'

const random = new RandomState(5)
const rows = Array.from({ length: 60 }, (_, i) => [
  random.normal(),
  i % 3,
  random.random() < 0.1 ? 1 : 0,
  random.normal() + (i % 3),
])
const inputs = {
  'two classes': classInput(
    rows,
    rows.map(([a], i) => Number(a! + (i % 5) / 5 > 0.3)),
  ),
  'three classes': classInput(
    rows,
    rows.map(([, b], i) => (i % 7 === 0 ? 0 : b!)),
  ),
  numbers: numberInput(
    rows,
    rows.map(([a, b]) => 3 * a! + b! * b! + random.normal()),
  ),
}
const cases = Array.from(estimators.values()).flatMap((definition) =>
  Object.entries(inputs)
    .filter(([, { target }]) => definition.tasks.includes(target.task))
    .map(([of, input]) => ({ name: definition.name, of, definition, input })),
)

describe.each(cases)('$name on $of', ({ definition, input }) => {
  const model = definition.fit(input, definition.options.parse({}))
  const { nRows, nColumns } = input.x
  const nClasses = input.target.task === 'classification' ? input.target.classes.length : 0
  const width = nClasses || 1
  const predictions = model.predict(input.x)

  test('answers every row, classes with probabilities that sum to 1', () => {
    expect(model).toMatchObject({ estimator: definition.name, task: input.target.task, nClasses })
    expect(predictions).toHaveLength(nRows * width)
    expect(predictions.every(Number.isFinite)).toBe(true)
    if (nClasses === 0) return
    for (let row = 0; row < nRows; row++) {
      const own = predictions.subarray(row * width, (row + 1) * width)
      expect(Math.abs(own.reduce((a, b) => a + b) - 1)).toBeLessThan(1e-12)
      expect(own.every((p) => p >= 0 && p <= 1)).toBe(true)
    }
  })

  test('answers a row alone with the same bits as in a batch', () => {
    for (const row of [0, 17, 59]) {
      expect(model.predict(matrixOf([rows[row]!]))).toEqual(predictions.slice(row * width, (row + 1) * width))
    }
  })

  test('answers no rows with nothing', () => {
    expect(model.predict(matrixOf([], nColumns))).toHaveLength(0)
  })

  test('explains by contributions that add up to the score', () => {
    for (let output = 0; output < width; output++) {
      const { base, score, contributions } = model.explain(input.x, 23, output)
      expect(contributions).toHaveLength(nColumns)
      expect(Math.abs(contributions.reduce((a, b) => a + b, base) - score)).toBeLessThan(1e-9)
    }
  })

  test('gives each column an importance, of sum 1 or all 0', () => {
    const importances = model.importances()
    expect(importances).toHaveLength(nColumns)
    expect(importances.every((importance) => importance >= 0)).toBe(true)
    const sum = importances.reduce((a, b) => a + b)
    expect(sum === 0 || Math.abs(sum - 1) < 1e-9).toBe(true)
  })

  test('comes back from its state with the same bits', () => {
    const restored = definition.restore(model.state())
    expect(restored.predict(input.x)).toEqual(predictions)
    expect(restored.explain(input.x, 4, width - 1)).toEqual(model.explain(input.x, 4, width - 1))
    expect(restored.importances()).toEqual(model.importances())
    expect(restored.state()).toEqual(model.state())
  })

  test('learns the same from the same rows and seed, and leaves its input as it was', () => {
    const before = structuredClone(input)
    expect(definition.fit(input, definition.options.parse({})).state()).toEqual(model.state())
    expect(input).toEqual(before)
  })

  test('takes whatever its search space draws', () => {
    const space = definition.searchSpace({ nRows, nColumns, task: input.target.task })
    for (const params of sampleTrials(space, 40, 1)) {
      const { success, error } = definition.options.safeParse(params)
      expect(error?.message).toBeUndefined()
      expect(success).toBe(true)
    }
  })

  test('refuses an option that it does not have', () => {
    expect(definition.options.safeParse({ noSuchOption: 1 }).success).toBe(false)
  })

  test('stops with CANCELLED once its signal is aborted', () => {
    const stopped = { ...input, signal: AbortSignal.abort() }
    expect(codeOf(() => definition.fit(stopped, definition.options.parse({})))).toBe('CANCELLED')
  })
})

describe('the list of models', () => {
  test('knows each by its name', () => {
    for (const [name, definition] of estimators) {
      expect(definition.name).toBe(name)
      expect(estimator(name)).toBe(definition)
    }
  })

  test('a name that it does not know is an error with the near one and all that there are', () => {
    expect(codeOf(() => estimator('no such thing at all'))).toBe('ESTIMATOR_UNKNOWN')
    expect(() => estimator('random-forrest')).toThrow(/did you mean "random-forest"\?.*logistic-regression/)
    expect(codeOf(() => estimator('constructor'))).toBe('ESTIMATOR_UNKNOWN')
  })

  test('has for each task a baseline, a linear model, a forest and boosting, all of which do the task', () => {
    expect(defaultModels('classification')).toEqual([
      'baseline',
      'logistic-regression',
      'random-forest',
      'gradient-boosting',
    ])
    expect(defaultModels('regression')).toEqual(['baseline', 'ridge', 'random-forest', 'gradient-boosting'])
    for (const task of ['classification', 'regression'] as const) {
      for (const name of defaultModels(task)) expect(estimator(name).tasks).toContain(task)
    }
  })
})
