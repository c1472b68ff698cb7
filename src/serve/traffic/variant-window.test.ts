import { expect, test } from 'vitest'
import { VariantWindow } from './variant-window.ts'

test('what is older than the window no longer counts', () => {
  const window = new VariantWindow(10)
  window.answered(0, 5)
  window.failed(500)
  window.compared(900, 4, 1)
  expect(window.totals(9_000)).toMatchObject({ requests: 2, failed: 1, compared: 4, disagreed: 1 })
  window.answered(9_500, 5)
  expect(window.totals(10_500)).toMatchObject({ requests: 1, failed: 0, compared: 0, disagreed: 0 })
  expect(window.totals(60_000)).toMatchObject({ requests: 0, latencyP95Ms: null })
})

test('the 95th percentile is right within five percent, from microseconds to a minute', () => {
  for (const scale of [0.02, 1, 60_000]) {
    const window = new VariantWindow(60)
    for (let i = 1; i <= 1000; i++) window.answered(i, (i / 1000) * scale)
    const p95 = window.totals(1000).latencyP95Ms!
    expect(p95).toBeGreaterThanOrEqual(0.95 * scale)
    expect(p95).toBeLessThanOrEqual(0.95 * scale * 1.0501)
  }
})

test('a request that failed after it was counted is counted once', () => {
  const window = new VariantWindow(60)
  window.answered(1, 1)
  window.failedAfterAll(2)
  expect(window.totals(3)).toMatchObject({ requests: 1, failed: 1 })
})
