import type { CanaryStop } from '../../track/traffic-plan.ts'
import type { VariantTotals } from './variant-window.ts'

export type StopRule = 'errors' | 'latency' | 'disagreement'

export interface StopVerdict {
  readonly rule: StopRule
  /** For the ledger: what was seen and what was allowed. */
  readonly reason: string
}

/** Whether a canary is stopped for what it did in the window, and why; null: it goes on. */
export function whyStop(rules: CanaryStop, canary: VariantTotals, champion: VariantTotals): StopVerdict | null {
  const { enabled, minRequests, windowSeconds, errorRate, latencyMs, latencyRatio, disagreement } = rules
  if (!enabled || canary.requests < minRequests) return null
  const when = `in the last ${windowSeconds} s`
  if (errorRate !== null && canary.failed > errorRate * canary.requests)
    return {
      rule: 'errors',
      reason: `it failed ${canary.failed} of ${canary.requests} requests ${when}; allowed are ${percent(errorRate)}`,
    }
  const p95 = canary.latencyP95Ms
  if (latencyMs !== null && p95 !== null && p95 > latencyMs)
    return {
      rule: 'latency',
      reason: `95 % of its answers took up to ${ms(p95)} ${when}; allowed are ${ms(latencyMs)}`,
    }
  const own = champion.latencyP95Ms
  if (
    latencyRatio !== null &&
    p95 !== null &&
    own !== null &&
    champion.requests >= minRequests &&
    p95 > latencyRatio * own
  )
    return {
      rule: 'latency',
      reason: `95 % of its answers took up to ${ms(p95)} ${when}, the champion's ${ms(own)}; allowed is ${latencyRatio} times as long`,
    }
  if (disagreement !== null && canary.compared >= minRequests && canary.disagreed > disagreement * canary.compared)
    return {
      rule: 'disagreement',
      reason: `the champion answers ${canary.disagreed} of ${canary.compared} records otherwise ${when}; allowed are ${percent(disagreement)}`,
    }
  return null
}

const percent = (share: number) => `${Math.round(share * 1e4) / 100} %`
const ms = (value: number) => `${Number(value.toPrecision(3))} ms`
