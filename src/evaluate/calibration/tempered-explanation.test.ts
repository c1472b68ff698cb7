import { describe, expect, test } from 'vitest'
import { codeOf } from '../../../test/support/code-of.ts'
import { classInput } from '../../../test/support/fit-inputs.ts'
import { estimator } from '../../learn/estimators.ts'
import { RandomState } from '../../table/random.ts'
import { restoreTemperature } from './temperature.ts'
import { temperedExplanation } from './tempered-explanation.ts'

const random = new RandomState(21)
const rows = Array.from({ length: 120 }, () => [random.normal(), random.normal(), random.normal()])

describe.each(['logistic-regression', 'gradient-boosting'])('the tempered explanation of %s', (name) => {
  test.each([2, 3])('of %i classes adds up to the score that gives the calibrated probabilities', (nClasses) => {
    const codes = rows.map(([a, b]) =>
      Math.min(Math.max(Math.round(a! + 0.5 * b! + 0.7 * random.normal()) + 1, 0), nClasses - 1),
    )
    const input = classInput(rows, codes, { nClasses })
    const definition = estimator(name)
    const model = definition.fit(input, definition.options.parse({}))
    const calibrator = restoreTemperature({ method: 'temperature', nClasses, inverseTemperature: 0.6 })
    const calibrated = calibrator.apply(model.predict(input.x))
    for (let row = 0; row < 20; row++) {
      const scores = Array.from({ length: nClasses }, (_, c) => {
        const explanation = temperedExplanation(model.explain(input.x, row, c), calibrator)
        const sum = explanation.contributions.reduce((total, own) => total + own, explanation.base)
        expect(Math.abs(sum - explanation.score)).toBeLessThan(1e-9)
        return explanation.score
      })
      const odds = scores.map((score) => Math.exp(nClasses === 2 ? score / 2 : score))
      const total = odds.reduce((a, b) => a + b)
      for (let c = 0; c < nClasses; c++) {
        expect(Math.abs(odds[c]! / total - calibrated[row * nClasses + c]!)).toBeLessThan(1e-8)
      }
    }
  })
})

test('an explanation in probabilities is refused', () => {
  const explanation = { space: 'probability', base: 0.5, score: 0.6, contributions: Float64Array.of(0.1) } as const
  expect(codeOf(() => temperedExplanation(explanation, { inverseTemperature: 2 }))).toBe('INTERNAL')
})
