import { expect, test } from 'vitest'
import { CanaryStop } from '../../track/traffic-plan.ts'
import { whyStop } from './canary-verdict.ts'
import type { VariantTotals } from './variant-window.ts'

const totals = (some: Partial<VariantTotals> = {}): VariantTotals => ({
  requests: 100,
  failed: 0,
  latencyP95Ms: 2,
  compared: 100,
  disagreed: 0,
  ...some,
})
const rules = (some: object) => CanaryStop.parse({ errorRate: null, ...some })

test.each([
  ['errors', { errorRate: 0.05 }, { failed: 6 }, { failed: 5 }],
  ['latency', { latencyMs: 10 }, { latencyP95Ms: 10.1 }, { latencyP95Ms: 10 }],
  ['latency', { latencyRatio: 2 }, { latencyP95Ms: 4.1 }, { latencyP95Ms: 4 }],
  ['disagreement', { disagreement: 0.2 }, { disagreed: 21 }, { disagreed: 20 }],
])('%s stop a canary beyond what is allowed, and not at it', (rule, given, beyond, at) => {
  expect(whyStop(rules(given), totals(beyond), totals())).toMatchObject({ rule })
  expect(whyStop(rules(given), totals(at), totals())).toBeNull()
  // Too few requests say nothing, and what is switched off stops nothing.
  expect(whyStop(rules(given), totals({ ...beyond, requests: 99 }), totals())).toBeNull()
  expect(whyStop(rules({ ...given, enabled: false }), totals(beyond), totals())).toBeNull()
  expect(whyStop(rules({}), totals(beyond), totals())).toBeNull()
})

test('a canary is not called slow beside a champion that hardly answered', () => {
  expect(whyStop(rules({ latencyRatio: 2 }), totals({ latencyP95Ms: 50 }), totals({ requests: 3 }))).toBeNull()
})

test('by default a canary that fails one request in ten is stopped, and the reason says what was seen', () => {
  expect(whyStop(CanaryStop.parse({}), totals({ failed: 10 }), totals())?.reason).toBe(
    'it failed 10 of 100 requests in the last 300 s; allowed are 5 %',
  )
})
