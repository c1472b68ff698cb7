import { BellwetherError } from '../errors.ts'
import { headAfter, type LedgerFact, nextEntry } from '../track/ledger.ts'
import type { LedgerEntry } from '../track/model-registry.ts'
import {
  INSERT_LEDGER_ENTRY,
  type LedgerHeadRow,
  type LedgerRow,
  MOVE_LEDGER_HEAD,
  SELECT_LEDGER_HEAD,
} from './queries/ledger-queries.ts'
import type { SqlConnection } from './sql-database.ts'

/** Adds an entry in the caller's transaction, which makes the change that the entry tells. */
export async function appendToLedger(sql: SqlConnection, fact: LedgerFact): Promise<void> {
  const head = await sql.first<LedgerHeadRow>(SELECT_LEDGER_HEAD)
  if (!head) throw new BellwetherError('HOME_CORRUPT', 'The ledger has lost its head; nothing can be added to it.')
  const entry = nextEntry(head, fact)
  const after = headAfter(entry)
  if ((await sql.run(MOVE_LEDGER_HEAD, after.entries, after.hash, head.entries)) !== 1) {
    throw new BellwetherError('HOME_LOCKED', 'Another writer added to the ledger at the same time.')
  }
  const { sequence, time, actor, action, model, alias, from, to, reason, gates, traffic, previousHash, hash } = entry
  await sql.run(
    INSERT_LEDGER_ENTRY,
    sequence,
    time,
    actor,
    action,
    model,
    alias,
    from,
    to,
    reason,
    gates ? JSON.stringify(gates) : null,
    traffic ? JSON.stringify(traffic) : null,
    previousHash,
    hash,
  )
}

export function entryOf(row: LedgerRow): LedgerEntry {
  return {
    sequence: row.sequence,
    time: row.time,
    actor: row.actor,
    action: row.action,
    model: row.model,
    alias: row.alias,
    from: row.from_version,
    to: row.to_version,
    reason: row.reason,
    ...(row.gates_json === null ? {} : { gates: gatesOf(row.gates_json) }),
    ...(row.traffic_json === null ? {} : { traffic: trafficOf(row.traffic_json) }),
    previousHash: row.previous_hash,
    hash: row.hash,
  }
}

/** What is no list is an edited row: as an empty list, its hash tells. */
function gatesOf(text: string): LedgerEntry['gates'] & object {
  try {
    const gates: unknown = JSON.parse(text)
    return Array.isArray(gates) ? gates : []
  } catch {
    return []
  }
}

/** As `gatesOf`: what cannot be read has another hash than what was written. */
function trafficOf(text: string): LedgerEntry['traffic'] & object {
  try {
    const traffic: unknown = JSON.parse(text)
    if (typeof traffic === 'object' && traffic !== null && 'from' in traffic && 'to' in traffic)
      return traffic as LedgerEntry['traffic'] & object
  } catch {
    // as below
  }
  return { from: null, to: null }
}
