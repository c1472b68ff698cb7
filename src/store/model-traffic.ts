import { BellwetherError } from '../errors.ts'
import type { TrafficChange } from '../track/model-registry.ts'
import { planOf, samePlan, TrafficPlan } from '../track/traffic-plan.ts'
import { appendToLedger } from './ledger-rows.ts'
import {
  type AliasRow,
  DELETE_TRAFFIC,
  SELECT_ALIASES_OF_MODEL,
  SELECT_TRAFFIC_OF_MODEL,
  type TrafficRow,
  UPSERT_TRAFFIC,
} from './queries/model-queries.ts'
import type { SqlConnection } from './sql-database.ts'

/** The plan of a row, with the defaults of what older programs did not know. @throws HOME_CORRUPT */
export function planOfRow({ model, plan_json }: TrafficRow): TrafficPlan {
  let plan: TrafficPlan | null = null
  try {
    plan = planOf(JSON.parse(plan_json))
  } catch {
    // as below
  }
  if (plan) return plan
  throw new BellwetherError('HOME_CORRUPT', `The plan of traffic of model "${model}" is not as it was written.`)
}

export async function readTraffic(sql: SqlConnection, model: string): Promise<TrafficPlan | null> {
  const row = await sql.first<TrafficRow>(SELECT_TRAFFIC_OF_MODEL, model)
  return row ? planOfRow(row) : null
}

export async function storeTraffic(sql: SqlConnection, model: string, plan: TrafficPlan | null): Promise<void> {
  if (plan) await sql.run(UPSERT_TRAFFIC, model, JSON.stringify(plan))
  else await sql.run(DELETE_TRAFFIC, model)
}

/** Changes the plan and writes the ledger, in the caller's transaction; the model is there. @throws ALIAS_NOT_FOUND, TRAFFIC_CHANGED */
export async function changeTraffic(sql: SqlConnection, change: TrafficChange): Promise<void> {
  const { model, plan: to, expected, actor, reason, now } = change
  const from = await readTraffic(sql, model)
  if (expected !== undefined && !samePlan(from, expected))
    throw new BellwetherError('TRAFFIC_CHANGED', `The traffic of model "${model}" has been changed meanwhile.`)
  if (samePlan(from, to)) return
  if (to) await requireAliases(sql, model, to)
  await storeTraffic(sql, model, to)
  await appendToLedger(sql, {
    time: now,
    actor,
    action: to ? 'traffic-set' : 'traffic-removed',
    model,
    alias: null,
    from: null,
    to: null,
    reason,
    traffic: { from, to },
  })
}

/** An alias with a share or in the shadow points at a version; one that lost its share may be gone. */
async function requireAliases(sql: SqlConnection, model: string, { weights, shadow }: TrafficPlan): Promise<void> {
  const known = new Set((await sql.all<AliasRow>(SELECT_ALIASES_OF_MODEL, model)).map(({ alias }) => alias))
  const missing = [...Object.keys(weights).filter((alias) => weights[alias]! > 0), ...shadow].find(
    (alias) => !known.has(alias),
  )
  if (missing === undefined) return
  throw new BellwetherError(
    'ALIAS_NOT_FOUND',
    `Model "${model}" has no alias ${JSON.stringify(missing.slice(0, 80))}; it has: ${[...known].join(', ') || 'none'}.`,
  )
}

/** A plan as its schema says. @throws INVALID_INPUT with every fault */
export function checkPlan(plan: TrafficPlan): TrafficPlan {
  const parsed = TrafficPlan.safeParse(plan)
  if (parsed.success) return parsed.data
  const details = parsed.error.issues.map(({ path, message }) => ({ path: path.join('.'), message }))
  throw new BellwetherError('INVALID_INPUT', `${details[0]!.path || 'plan'}: ${details[0]!.message}`, { details })
}
