import { createHmac, type KeyObject } from 'node:crypto'
import { CHAMPION, canariesOf, type TrafficPlan } from '../../track/traffic-plan.ts'

/**
 * Where a key stands between 0 and 1: the same place for the same key of the same model, in every process that has the secret. Without the secret
 * nobody can make a key that lands where he wants, and two models deal the same keys in different ways.
 * @returns the first 48 bits of HMAC-SHA-256 as a fraction, in [0, 1)
 */
export function stickyPoint(secret: KeyObject, model: string, key: string): number {
  const mac = createHmac('sha256', secret).update(`${model}\n${key}`).digest()
  return mac.readUIntBE(0, 6) / 2 ** 48
}

interface Slice {
  readonly alias: string
  /** Points below it are the alias's. */
  readonly end: number
}

const slices = new WeakMap<TrafficPlan, readonly Slice[]>()

/**
 * The alias that a point belongs to. Canaries lie at the lower end by name and the champion has the rest, so that a key that got the
 * only canary keeps it while its share grows, and gets the champion when it is stopped.
 * @param point in [0, 1)
 */
export function aliasAt(plan: TrafficPlan, point: number): string {
  let known = slices.get(plan)
  if (!known) {
    known = slicesOf(plan)
    slices.set(plan, known)
  }
  for (const { alias, end } of known) if (point < end) return alias
  return CHAMPION
}

function slicesOf(plan: TrafficPlan): Slice[] {
  let percent = 0
  return canariesOf(plan).map((alias) => {
    percent += plan.weights[alias]!
    return { alias, end: percent / 100 }
  })
}
