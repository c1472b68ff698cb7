import { expect, test } from 'vitest'
import { judgeGates } from './gates.ts'

const baseline = { f1_macro: 0.2, log_loss: 1.03 }

test('a gate passes at its bound and fails beyond it', () => {
  const [low, high] = judgeGates(
    [
      { metric: 'f1_macro', min: 0.6 },
      { metric: 'log_loss', max: 0.55 },
    ],
    { f1_macro: 0.6, log_loss: 0.56 },
    baseline,
  )
  expect(low).toEqual({ metric: 'f1_macro', value: 0.6, expected: 'at least 0.6', passed: true })
  expect(high?.passed).toBe(false)
})

test('better than the baseline follows the direction of the metric', () => {
  const gates = [
    { metric: 'f1_macro', betterThan: 'baseline' as const },
    { metric: 'log_loss', betterThan: 'baseline' as const },
  ]
  expect(judgeGates(gates, { f1_macro: 0.3, log_loss: 0.9 }, baseline).map((gate) => gate.passed)).toEqual([true, true])
  expect(judgeGates(gates, { f1_macro: 0.2, log_loss: 1.1 }, baseline).map((gate) => gate.passed)).toEqual([
    false,
    false,
  ])
})

test('a metric without a value fails its gate', () => {
  expect(judgeGates([{ metric: 'roc_auc', min: 0.5 }], {}, baseline)).toEqual([
    { metric: 'roc_auc', value: null, expected: 'at least 0.5', passed: false },
  ])
})
