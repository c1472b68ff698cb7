import type { AuditFact } from '../../security/key-store.ts'
import type { Role } from '../../security/permissions.ts'

export interface KeyRow {
  id: string
  hash: string
  name: string
  role: Role
  models_json: string | null
  sensitive: number
  rate_per_minute: number | null
  probabilities: string | null
  created_time: number
  created_by: string
  expires_time: number | null
  revoked_time: number | null
  last_used_time: number | null
}

const COLUMNS = `id, hash, name, role, models_json, sensitive, rate_per_minute, probabilities, created_time, created_by,
  expires_time, revoked_time, last_used_time`

/** Changes nothing, and says so, where the id is taken. */
export const INSERT_KEY = `
INSERT INTO api_keys (${COLUMNS}, sequence) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
ON CONFLICT (id) DO NOTHING`

export const SELECT_KEYS = `
SELECT ${COLUMNS} FROM api_keys ORDER BY sequence`

export const SELECT_KEY = `
SELECT ${COLUMNS} FROM api_keys WHERE id = ?`

export const REVOKE_KEY = `
UPDATE api_keys SET revoked_time = ? WHERE id = ? AND revoked_time IS NULL`

export const END_KEY = `
UPDATE api_keys SET expires_time = ? WHERE id = ? AND (expires_time IS NULL OR expires_time > ?)`

/** A time never goes back, whichever of several servers writes last. */
export const TOUCH_KEY = `
UPDATE api_keys SET last_used_time = ? WHERE id = ? AND (last_used_time IS NULL OR last_used_time < ?)`

export const SELECT_KEY_REVISION = `
SELECT value FROM counters WHERE name = 'api_keys'`

export interface AuditRow {
  sequence: number
  time: number
  actor: string
  action: AuditFact['action']
  subject: string
  address: string | null
  detail: string
}

export const INSERT_AUDIT_ENTRY = `
INSERT INTO audit_log (sequence, time, actor, action, subject, address, detail) VALUES (?, ?, ?, ?, ?, ?, ?)`

export const SELECT_AUDIT_PAGE = `
SELECT sequence, time, actor, action, subject, address, detail FROM audit_log
WHERE sequence < ? ORDER BY sequence DESC LIMIT ?`
