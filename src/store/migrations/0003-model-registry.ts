import type { Migration } from './migration.ts'

/** Registered models, versions with their files, aliases, and the ledger with its head (track/ledger.ts). */
export const modelRegistry: Migration = {
  name: '0003-model-registry',
  statements: [
    `CREATE TABLE registered_models (
      name TEXT NOT NULL PRIMARY KEY,
      created_time BIGINT NOT NULL,
      latest_version BIGINT NOT NULL
    )`,
    `CREATE TABLE model_versions (
      model TEXT NOT NULL REFERENCES registered_models (name),
      version BIGINT NOT NULL CHECK (version > 0),
      run_id TEXT NOT NULL REFERENCES runs (id),
      dataset_id TEXT NOT NULL REFERENCES datasets (id),
      estimator TEXT NOT NULL,
      created_time BIGINT NOT NULL,
      PRIMARY KEY (model, version)
    )`,
    `CREATE INDEX model_versions_by_run ON model_versions (run_id)`,
    `CREATE INDEX model_versions_by_dataset ON model_versions (dataset_id)`,
    `CREATE TABLE model_version_files (
      model TEXT NOT NULL,
      version BIGINT NOT NULL,
      path TEXT NOT NULL,
      hash TEXT NOT NULL,
      size_bytes BIGINT NOT NULL,
      PRIMARY KEY (model, version, path),
      FOREIGN KEY (model, version) REFERENCES model_versions (model, version)
    )`,
    `CREATE TABLE model_version_metrics (
      model TEXT NOT NULL,
      version BIGINT NOT NULL,
      key TEXT NOT NULL,
      value DOUBLE PRECISION,
      PRIMARY KEY (model, version, key),
      FOREIGN KEY (model, version) REFERENCES model_versions (model, version)
    )`,
    `CREATE TABLE model_aliases (
      model TEXT NOT NULL,
      alias TEXT NOT NULL,
      version BIGINT NOT NULL,
      PRIMARY KEY (model, alias),
      FOREIGN KEY (model, version) REFERENCES model_versions (model, version)
    )`,
    `CREATE INDEX model_aliases_by_version ON model_aliases (model, version)`,
    `CREATE TABLE ledger (
      sequence BIGINT NOT NULL PRIMARY KEY,
      time BIGINT NOT NULL,
      actor TEXT NOT NULL,
      action TEXT NOT NULL,
      model TEXT NOT NULL,
      alias TEXT,
      from_version BIGINT,
      to_version BIGINT,
      reason TEXT NOT NULL,
      previous_hash TEXT NOT NULL,
      hash TEXT NOT NULL
    )`,
    `CREATE INDEX ledger_by_model ON ledger (model, sequence)`,
    `CREATE TABLE ledger_head (
      id BIGINT NOT NULL PRIMARY KEY CHECK (id = 1),
      entries BIGINT NOT NULL,
      hash TEXT NOT NULL
    )`,
    `INSERT INTO ledger_head (id, entries, hash)
      VALUES (1, 0, 'sha256:0000000000000000000000000000000000000000000000000000000000000000')`,
  ],
}
