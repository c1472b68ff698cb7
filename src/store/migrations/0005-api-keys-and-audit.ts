import type { Migration } from './migration.ts'

/** API keys as hashes (security/api-key.ts), and the audit log, to which entries are only ever added. */
export const apiKeysAndAudit: Migration = {
  name: '0005-api-keys-and-audit',
  statements: [
    `CREATE TABLE api_keys (
      id TEXT NOT NULL PRIMARY KEY,
      hash TEXT NOT NULL,
      name TEXT NOT NULL,
      role TEXT NOT NULL,
      models_json TEXT,
      sensitive BIGINT NOT NULL,
      rate_per_minute BIGINT,
      probabilities TEXT,
      created_time BIGINT NOT NULL,
      created_by TEXT NOT NULL,
      expires_time BIGINT,
      revoked_time BIGINT,
      last_used_time BIGINT,
      sequence BIGINT NOT NULL UNIQUE
    )`,
    `CREATE TABLE audit_log (
      sequence BIGINT NOT NULL PRIMARY KEY,
      time BIGINT NOT NULL,
      actor TEXT NOT NULL,
      action TEXT NOT NULL,
      subject TEXT NOT NULL,
      address TEXT,
      detail TEXT NOT NULL
    )`,
  ],
}
