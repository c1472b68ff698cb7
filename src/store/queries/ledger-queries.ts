import type { LedgerEntry } from '../../track/model-registry.ts'

export interface LedgerRow {
  sequence: number
  time: number
  actor: string
  action: LedgerEntry['action']
  model: string
  alias: string | null
  from_version: number | null
  to_version: number | null
  reason: string
  gates_json: string | null
  traffic_json: string | null
  previous_hash: string
  hash: string
}

export interface LedgerHeadRow {
  entries: number
  hash: string
}

const COLUMNS =
  'sequence, time, actor, action, model, alias, from_version, to_version, reason, gates_json, traffic_json, previous_hash, hash'

export const INSERT_LEDGER_ENTRY = `
INSERT INTO ledger (${COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`

export const SELECT_LEDGER_HEAD = `
SELECT entries, hash FROM ledger_head WHERE id = 1`

/** Moves the head on from where the writer saw it; changes nothing when another one was faster. */
export const MOVE_LEDGER_HEAD = `
UPDATE ledger_head SET entries = ?, hash = ? WHERE id = 1 AND entries = ?`

export const SELECT_LEDGER_OF_MODEL = `
SELECT ${COLUMNS} FROM ledger WHERE model = ? ORDER BY sequence`

/** What told of a version's making. */
export const SELECT_LEDGER_CREATION = `
SELECT ${COLUMNS} FROM ledger WHERE model = ? AND action = 'version-created' AND to_version = ? ORDER BY sequence DESC LIMIT 1`

/** A page after a sequence number. */
export const SELECT_LEDGER_PAGE = `
SELECT ${COLUMNS} FROM ledger WHERE sequence > ? ORDER BY sequence LIMIT ?`
