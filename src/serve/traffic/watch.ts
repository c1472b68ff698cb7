import type { TrafficPlan } from '../../track/traffic-plan.ts'
import type { StopVerdict } from './canary-verdict.ts'
import type { Comparison } from './compare-answers.ts'
import { type VariantTotals, VariantWindow } from './variant-window.ts'

/** One comparison of a shadow's answers with those that were returned. */
export interface ShadowSeen extends Comparison {
  readonly alias: string
  readonly version: number
  readonly latencyMs: number
}

export interface ShadowTotals {
  readonly alias: string
  readonly version: number
  /** Records that it was shown and answered. */
  readonly records: number
  readonly agreed: number
  readonly failed: number
  /** null where nothing was compared, or where answers have no distance. */
  readonly meanDistance: number | null
  readonly meanLatencyMs: number | null
}

/** That a canary gets nothing more here. */
export interface Stop extends StopVerdict {
  /** When it was last tried to write it into the registry; null once that was done. */
  tried: number | null
}

interface ShadowSums {
  readonly alias: string
  readonly version: number
  requests: number
  compared: number
  agreed: number
  failed: number
  distance: number
  distances: number
  latencyMs: number
}

/** What this process has seen of a model since its plan holds. */
export class Watch {
  /** The plan, as the registry gave it last. */
  plan: TrafficPlan
  /** Records that were not shown to a shadow. */
  dropped = 0
  /** Version of a canary -> that it is stopped, whether that is in the registry yet or not. */
  readonly stopped = new Map<number, Stop>()
  readonly #windows = new Map<number, VariantWindow>()
  readonly #shadows = new Map<string, ShadowSums>()

  constructor(plan: TrafficPlan) {
    this.plan = plan
  }

  window(version: number): VariantWindow {
    let window = this.#windows.get(version)
    if (!window) {
      window = new VariantWindow(this.plan.stop.windowSeconds)
      this.#windows.set(version, window)
    }
    return window
  }

  shadowed({ alias, version, compared, disagreed, failed, distance, distances, latencyMs }: ShadowSeen): void {
    const key = `${alias}/${version}`
    const before = this.#shadows.get(key)
    const sums = before ?? {
      ...{ alias, version, requests: 0, compared: 0, agreed: 0 },
      ...{ failed: 0, distance: 0, distances: 0, latencyMs: 0 },
    }
    if (!before) this.#shadows.set(key, sums)
    sums.requests++
    sums.compared += compared
    sums.agreed += compared - disagreed
    sums.failed += failed
    sums.distance += distance
    sums.distances += distances
    sums.latencyMs += latencyMs
  }

  variants(now: number): (VariantTotals & { readonly version: number })[] {
    return Array.from(this.#windows, ([version, window]) => ({ version, ...window.totals(now) }))
  }

  shadows(): ShadowTotals[] {
    return Array.from(this.#shadows.values(), (sums) => ({
      alias: sums.alias,
      version: sums.version,
      records: sums.compared,
      agreed: sums.agreed,
      failed: sums.failed,
      meanDistance: sums.distances === 0 ? null : sums.distance / sums.distances,
      meanLatencyMs: sums.requests === 0 ? null : sums.latencyMs / sums.requests,
    }))
  }
}
