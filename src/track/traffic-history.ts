import type { LedgerEntry } from './model-registry.ts'
import { CHAMPION, planOf, type TrafficPlan, withoutShares } from './traffic-plan.ts'

/**
 * The plan that held after the entries, or null for none.
 * @param entries Entries of one model, oldest first.
 */
export function trafficAfter(entries: Iterable<LedgerEntry>): TrafficPlan | null {
  let plan: TrafficPlan | null = null
  for (const entry of entries) {
    if (entry.traffic) plan = planOf(entry.traffic.to)
    else if (entry.action === 'model-deleted') plan = null
  }
  return plan
}

export interface ChampionRollback {
  /** The version that the champion is taken back from. */
  readonly from: number
  readonly to: number
  /** Where it goes back to a time, in milliseconds. */
  readonly time?: number | undefined
  readonly aliases: Readonly<Record<string, number>>
}

/**
 * The plan that a rollback of the champion brings back: the one of that time, or the one that held when the version was champion last. The
 * version that is taken back is given no share of it: it was taken back for a reason.
 * @param entries Entries of one model, oldest first.
 * @returns undefined where the ledger does not tell; the plan then stays
 */
export function trafficOfRollback(
  entries: readonly LedgerEntry[],
  { from, to, time, aliases }: ChampionRollback,
): TrafficPlan | null | undefined {
  const left = entries.findLastIndex((entry) => entry.alias === CHAMPION && entry.from === to)
  if (time === undefined && left < 0) return undefined
  const then = time === undefined ? entries.slice(0, left) : entries.filter((entry) => entry.time <= time)
  const plan = trafficAfter(then)
  if (plan === null) return null
  return withoutShares(
    plan,
    Object.keys(aliases).filter((alias) => aliases[alias] === from),
  )
}
