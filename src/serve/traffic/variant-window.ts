/** What is known of one version's answers in the window. */
export interface VariantTotals {
  readonly requests: number
  /** Of those, the ones that this version failed and another answered. */
  readonly failed: number
  /** 95th percentile of the time to score a request, up to 5 % too high; null where nothing was timed. */
  readonly latencyP95Ms: number | null
  /** Records whose answers were compared with the champion's. */
  readonly compared: number
  readonly disagreed: number
}

const SLOTS = 10
/** Times are counted in bins that grow by 5 % each, from 10 µs to 100 s. */
const FIRST_MS = 0.01
const GROWTH = Math.log(1.05)
const BINS = Math.ceil(Math.log(100_000 / FIRST_MS) / GROWTH) + 2

interface Slot {
  /** Number of the slot's time since 1970; what is older is overwritten. */
  epoch: number
  requests: number
  failed: number
  compared: number
  disagreed: number
  readonly times: Uint32Array
}

/** Counts of the last seconds, in ten slots that are overwritten one after another: constant in memory, whatever the load. */
export class VariantWindow {
  readonly #slotMs: number
  readonly #slots: Slot[]

  constructor(windowSeconds: number) {
    this.#slotMs = (windowSeconds * 1000) / SLOTS
    this.#slots = Array.from({ length: SLOTS }, () => ({
      epoch: -1,
      requests: 0,
      failed: 0,
      compared: 0,
      disagreed: 0,
      times: new Uint32Array(BINS),
    }))
  }

  answered(now: number, latencyMs: number): void {
    const slot = this.#at(now)
    slot.requests++
    slot.times[binOf(latencyMs)]!++
  }

  failed(now: number): void {
    const slot = this.#at(now)
    slot.requests++
    slot.failed++
  }

  /** A request that was counted as answered turns out to have failed. */
  failedAfterAll(now: number): void {
    this.#at(now).failed++
  }

  compared(now: number, records: number, disagreed: number): void {
    const slot = this.#at(now)
    slot.compared += records
    slot.disagreed += disagreed
  }

  totals(now: number): VariantTotals {
    const oldest = Math.floor(now / this.#slotMs) - SLOTS + 1
    const sum = { requests: 0, failed: 0, compared: 0, disagreed: 0 }
    const times = new Uint32Array(BINS)
    for (const slot of this.#slots) {
      if (slot.epoch < oldest) continue
      sum.requests += slot.requests
      sum.failed += slot.failed
      sum.compared += slot.compared
      sum.disagreed += slot.disagreed
      for (let bin = 0; bin < BINS; bin++) times[bin]! += slot.times[bin]!
    }
    return { ...sum, latencyP95Ms: quantile(times, 0.95) }
  }

  #at(now: number): Slot {
    const epoch = Math.floor(now / this.#slotMs)
    const slot = this.#slots[epoch % SLOTS]!
    if (slot.epoch !== epoch) {
      Object.assign(slot, { epoch, requests: 0, failed: 0, compared: 0, disagreed: 0 })
      slot.times.fill(0)
    }
    return slot
  }
}

function binOf(ms: number): number {
  if (!(ms > FIRST_MS)) return 0
  return Math.min(BINS - 1, Math.ceil(Math.log(ms / FIRST_MS) / GROWTH))
}

/** Upper end of the bin in which the quantile lies. */
function quantile(times: Uint32Array, q: number): number | null {
  let total = 0
  for (const count of times) total += count
  if (total === 0) return null
  let seen = 0
  for (let bin = 0; bin < times.length; bin++) {
    seen += times[bin]!
    if (seen >= q * total) return FIRST_MS * Math.exp(bin * GROWTH)
  }
  return null
}
