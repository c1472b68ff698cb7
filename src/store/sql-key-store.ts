import { BellwetherError } from '../errors.ts'
import type { AuditEntry, AuditFact, AuditLog, KeyStore, StoredKey } from '../security/key-store.ts'
import { isLive, keyNotFound } from '../security/manage-keys.ts'
import { nextNumber } from './queries/counters.ts'
import {
  type AuditRow,
  END_KEY,
  INSERT_AUDIT_ENTRY,
  INSERT_KEY,
  type KeyRow,
  REVOKE_KEY,
  SELECT_AUDIT_PAGE,
  SELECT_KEY,
  SELECT_KEY_REVISION,
  SELECT_KEYS,
  TOUCH_KEY,
} from './queries/key-queries.ts'
import type { SqlConnection, SqlDatabase } from './sql-database.ts'

/** API keys and the audit log on a SQL database, whatever its dialect. */
export class SqlKeyStore implements KeyStore, AuditLog {
  readonly #database: SqlDatabase

  constructor(database: SqlDatabase) {
    this.#database = database
  }

  async create(key: StoredKey, fact: AuditFact): Promise<void> {
    await this.#database.write(async (sql) => {
      await insertKey(sql, key)
      await appendFact(sql, fact)
    })
  }

  async keys(): Promise<StoredKey[]> {
    return (await this.#database.read((sql) => sql.all<KeyRow>(SELECT_KEYS))).map(keyOf)
  }

  async revoke(id: string, time: number, fact: AuditFact): Promise<void> {
    await this.#database.write(async (sql) => {
      if ((await sql.run(REVOKE_KEY, time, id)) === 1) {
        await nextNumber(sql, 'api_keys')
        await appendFact(sql, fact)
      } else if (!(await sql.first(SELECT_KEY, id))) throw keyNotFound()
    })
  }

  async rotate(id: string, successor: StoredKey, endTime: number, fact: AuditFact): Promise<void> {
    await this.#database.write(async (sql) => {
      const row = await sql.first<KeyRow>(SELECT_KEY, id)
      if (!row) throw keyNotFound()
      if (!isLive(keyOf(row), fact.time))
        throw new BellwetherError('KEY_ENDED', 'The key is revoked or has expired; it has no successor.')
      await sql.run(END_KEY, endTime, id, endTime)
      await insertKey(sql, successor)
      await appendFact(sql, fact)
    })
  }

  async touch(times: ReadonlyMap<string, number>): Promise<void> {
    await this.#database.write(async (sql) => {
      for (const [id, time] of times) await sql.run(TOUCH_KEY, time, id, time)
    })
  }

  async revision(): Promise<number> {
    return (await this.#database.read((sql) => sql.first<{ value: number }>(SELECT_KEY_REVISION)))?.value ?? 0
  }

  async append(facts: readonly AuditFact[]): Promise<void> {
    await this.#database.write(async (sql) => {
      for (const fact of facts) await appendFact(sql, fact)
    })
  }

  async entries({ limit, before }: { limit: number; before?: number }): Promise<AuditEntry[]> {
    return this.#database.read((sql) => sql.all<AuditRow>(SELECT_AUDIT_PAGE, before ?? Number.MAX_SAFE_INTEGER, limit))
  }
}

async function insertKey(sql: SqlConnection, key: StoredKey): Promise<void> {
  const sequence = await nextNumber(sql, 'api_keys')
  const inserted = await sql.run(
    INSERT_KEY,
    key.id,
    key.hash,
    storable(key.name),
    key.role,
    key.models === null ? null : JSON.stringify(key.models),
    key.sensitive ? 1 : 0,
    key.ratePerMinute,
    key.probabilities === null ? null : String(key.probabilities),
    key.createdTime,
    key.createdBy,
    key.expiresTime,
    key.revokedTime,
    key.lastUsedTime,
    sequence,
  )
  if (inserted !== 1) throw new BellwetherError('ALREADY_EXISTS', 'There is a key with this id.')
}

async function appendFact(
  sql: SqlConnection,
  { time, actor, action, subject, address, detail }: AuditFact,
): Promise<void> {
  const sequence = await nextNumber(sql, 'audit_log')
  await sql.run(
    INSERT_AUDIT_ENTRY,
    sequence,
    time,
    storable(actor),
    action,
    storable(subject),
    address,
    storable(detail),
  )
}

/** Half a surrogate pair and NUL, which UTF-8 and PostgreSQL can't hold, become U+FFFD. */
const storable = (text: string) => text.toWellFormed().replaceAll('\0', '\u{fffd}')

function keyOf(row: KeyRow): StoredKey {
  return {
    id: row.id,
    hash: row.hash,
    name: row.name,
    role: row.role,
    models: row.models_json === null ? null : (JSON.parse(row.models_json) as string[]),
    sensitive: row.sensitive === 1,
    ratePerMinute: row.rate_per_minute,
    probabilities:
      row.probabilities === null || row.probabilities === 'withheld' ? row.probabilities : Number(row.probabilities),
    createdTime: row.created_time,
    createdBy: row.created_by,
    expiresTime: row.expires_time,
    revokedTime: row.revoked_time,
    lastUsedTime: row.last_used_time,
  }
}
