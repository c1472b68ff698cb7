import { metricNamed } from '../evaluate/metrics/registry.ts'
import type { Gate } from './project.ts'

/** What a gate said of a version. */
export interface GateResult {
  readonly metric: string
  readonly value: number | null
  /** In words: `at least 0.6`, `better than the baseline (0.2216)`. */
  readonly expected: string
  readonly passed: boolean
}

/**
 * Judges a version by its figures on the test rows. A metric that has no value there fails its gate.
 * @param metrics The version's metrics by name.
 * @param baseline The baseline's on the same rows.
 */
export function judgeGates(
  gates: readonly Gate[],
  metrics: Readonly<Record<string, number>>,
  baseline: Readonly<Record<string, number>>,
): GateResult[] {
  return gates.map(({ metric, min, max, betterThan }) => {
    const value = metrics[metric] ?? Number.NaN
    const bounds: string[] = []
    let passed = !Number.isNaN(value)
    if (min !== undefined) {
      bounds.push(`at least ${min}`)
      passed &&= value >= min
    }
    if (max !== undefined) {
      bounds.push(`at most ${max}`)
      passed &&= value <= max
    }
    if (betterThan === 'baseline') {
      const other = baseline[metric] ?? Number.NaN
      bounds.push(`better than the baseline (${Number.isNaN(other) ? 'no value' : other.toFixed(4)})`)
      passed &&= metricNamed(metric).greaterIsBetter ? value > other : value < other
    }
    return { metric, value: Number.isNaN(value) ? null : value, expected: bounds.join(' and '), passed }
  })
}
