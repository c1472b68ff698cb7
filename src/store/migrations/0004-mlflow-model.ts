import type { Migration } from './migration.ts'

/**
 * Widens experiments, runs and the registry to what MLflow's clients keep: life-cycle stages, users, tags of everything, histories of metrics by model and
 * dataset, inputs and outputs, logged models, artifacts under any root, versions without a run or dataset of ours. Constraints can't be dropped in SQLite,
 * so `runs`, `model_versions` and the tables that refer to them are made anew and filled from the old ones.
 */
export const mlflowModel: Migration = {
  name: '0004-mlflow-model',
  statements: [...experiments(), ...runs(), ...inputsAndOutputs(), ...registry(), ...loggedModels(), ...artifacts()],
}

function experiments(): string[] {
  return [
    `ALTER TABLE experiments ADD COLUMN lifecycle_stage TEXT NOT NULL DEFAULT 'active'`,
    `ALTER TABLE experiments ADD COLUMN updated_time BIGINT`,
    // NULL: the server's own artifact store.
    `ALTER TABLE experiments ADD COLUMN artifact_location TEXT`,
    `UPDATE experiments SET updated_time = created_time`,
    // MLflow's clients expect it before their first call.
    `INSERT INTO experiments (id, name, created_time, sequence, updated_time)
      SELECT '0', 'Default', 0, 0, 0 WHERE NOT EXISTS (SELECT 1 FROM experiments WHERE name = 'Default' OR id = '0')`,
    `CREATE TABLE experiment_tags (
      experiment_id TEXT NOT NULL REFERENCES experiments (id),
      key TEXT NOT NULL,
      value TEXT NOT NULL,
      PRIMARY KEY (experiment_id, key)
    )`,
  ]
}

function runs(): string[] {
  return [
    `CREATE TABLE runs_wide (
      id TEXT NOT NULL PRIMARY KEY,
      experiment_id TEXT NOT NULL REFERENCES experiments (id),
      name TEXT NOT NULL,
      status TEXT NOT NULL CHECK (status IN ('RUNNING', 'SCHEDULED', 'FINISHED', 'FAILED', 'KILLED')),
      start_time BIGINT NOT NULL,
      end_time BIGINT,
      parent_run_id TEXT REFERENCES runs_wide (id),
      sequence BIGINT NOT NULL UNIQUE,
      lifecycle_stage TEXT NOT NULL DEFAULT 'active' CHECK (lifecycle_stage IN ('active', 'deleted')),
      user_id TEXT NOT NULL DEFAULT '',
      artifact_uri TEXT
    )`,
    `INSERT INTO runs_wide (id, experiment_id, name, status, start_time, end_time, parent_run_id, sequence)
      SELECT id, experiment_id, name, status, start_time, end_time, parent_run_id, sequence FROM runs ORDER BY sequence`,
    `CREATE TABLE params_wide (
      run_id TEXT NOT NULL REFERENCES runs_wide (id),
      key TEXT NOT NULL,
      value TEXT NOT NULL,
      PRIMARY KEY (run_id, key)
    )`,
    `INSERT INTO params_wide SELECT run_id, key, value FROM params`,
    `CREATE TABLE tags_wide (
      run_id TEXT NOT NULL REFERENCES runs_wide (id),
      key TEXT NOT NULL,
      value TEXT NOT NULL,
      PRIMARY KEY (run_id, key)
    )`,
    `INSERT INTO tags_wide SELECT run_id, key, value FROM tags`,
    // NULL in value is NaN. model_id, dataset_name and dataset_digest say what the value was measured with, where the client said so.
    `CREATE TABLE metrics_wide (
      run_id TEXT NOT NULL REFERENCES runs_wide (id),
      key TEXT NOT NULL,
      step BIGINT NOT NULL,
      timestamp BIGINT NOT NULL,
      ordinal BIGINT NOT NULL,
      value DOUBLE PRECISION,
      model_id TEXT,
      dataset_name TEXT,
      dataset_digest TEXT,
      PRIMARY KEY (run_id, key, step, timestamp, ordinal)
    )`,
    `INSERT INTO metrics_wide (run_id, key, step, timestamp, ordinal, value)
      SELECT run_id, key, step, timestamp, ordinal, value FROM metrics`,
    `CREATE TABLE latest_metrics_wide (
      run_id TEXT NOT NULL REFERENCES runs_wide (id),
      key TEXT NOT NULL,
      step BIGINT NOT NULL,
      timestamp BIGINT NOT NULL,
      value DOUBLE PRECISION,
      PRIMARY KEY (run_id, key)
    )`,
    `INSERT INTO latest_metrics_wide SELECT run_id, key, step, timestamp, value FROM latest_metrics`,
    `CREATE TABLE artifacts_wide (
      run_id TEXT NOT NULL REFERENCES runs_wide (id),
      path TEXT NOT NULL,
      hash TEXT NOT NULL,
      size_bytes BIGINT NOT NULL,
      media_type TEXT NOT NULL,
      PRIMARY KEY (run_id, path)
    )`,
    `INSERT INTO artifacts_wide SELECT run_id, path, hash, size_bytes, media_type FROM artifacts`,
    `CREATE TABLE run_datasets_wide (
      run_id TEXT NOT NULL REFERENCES runs_wide (id),
      dataset_id TEXT NOT NULL REFERENCES datasets (id),
      context TEXT NOT NULL CHECK (context IN ('training', 'validation', 'test', 'monitoring')),
      PRIMARY KEY (run_id, dataset_id, context)
    )`,
    `INSERT INTO run_datasets_wide SELECT run_id, dataset_id, context FROM run_datasets`,
    ...versionsOfModels(),
    ...['model_aliases', 'model_version_files', 'model_version_metrics', 'model_versions'].map(drop),
    ...['run_datasets', 'artifacts', 'latest_metrics', 'metrics', 'tags', 'params', 'runs'].map(drop),
    ...['runs', 'params', 'tags', 'metrics', 'latest_metrics', 'artifacts', 'run_datasets'].map(widened),
    ...['model_versions', 'model_version_files', 'model_version_metrics', 'model_aliases'].map(widened),
    `CREATE INDEX runs_by_experiment ON runs (experiment_id, start_time, sequence)`,
    // The order in which a search answers where nothing else is asked for.
    `CREATE INDEX runs_as_searched ON runs (experiment_id, start_time DESC, id)`,
    `CREATE INDEX runs_by_parent ON runs (parent_run_id, start_time, sequence)`,
    `CREATE INDEX runs_by_time ON runs (start_time, sequence)`,
    `CREATE INDEX runs_by_status ON runs (status)`,
    // Values of one key in their order: searches for a metric's range, and runs sorted by it.
    `CREATE INDEX latest_metrics_by_value ON latest_metrics (key, value, run_id)`,
    // A param may be longer than an index takes.
    `CREATE INDEX params_by_value ON params (key, substr(value, 1, 100), run_id)`,
    `CREATE INDEX tags_by_value ON tags (key, substr(value, 1, 100), run_id)`,
    `CREATE INDEX run_datasets_by_dataset ON run_datasets (dataset_id)`,
    `CREATE INDEX model_versions_by_run ON model_versions (run_id)`,
    `CREATE INDEX model_versions_by_dataset ON model_versions (dataset_id)`,
    `CREATE INDEX model_aliases_by_version ON model_aliases (model, version)`,
  ]
}

/** A version that an MLflow client made has no run or dataset of ours for certain: its run_id is what the client said. */
function versionsOfModels(): string[] {
  return [
    `CREATE TABLE model_versions_wide (
      model TEXT NOT NULL REFERENCES registered_models (name) ON UPDATE CASCADE,
      version BIGINT NOT NULL CHECK (version > 0),
      run_id TEXT NOT NULL,
      dataset_id TEXT REFERENCES datasets (id),
      estimator TEXT NOT NULL,
      created_time BIGINT NOT NULL,
      updated_time BIGINT NOT NULL,
      stage TEXT NOT NULL DEFAULT 'None',
      status TEXT NOT NULL DEFAULT 'READY',
      status_message TEXT,
      user_id TEXT,
      description TEXT,
      source TEXT,
      storage_location TEXT,
      run_link TEXT,
      model_id TEXT,
      PRIMARY KEY (model, version)
    )`,
    `INSERT INTO model_versions_wide (model, version, run_id, dataset_id, estimator, created_time, updated_time)
      SELECT model, version, run_id, dataset_id, estimator, created_time, created_time FROM model_versions`,
    `CREATE TABLE model_version_files_wide (
      model TEXT NOT NULL,
      version BIGINT NOT NULL,
      path TEXT NOT NULL,
      hash TEXT NOT NULL,
      size_bytes BIGINT NOT NULL,
      PRIMARY KEY (model, version, path),
      FOREIGN KEY (model, version) REFERENCES model_versions_wide (model, version) ON UPDATE CASCADE
    )`,
    `INSERT INTO model_version_files_wide SELECT model, version, path, hash, size_bytes FROM model_version_files`,
    `CREATE TABLE model_version_metrics_wide (
      model TEXT NOT NULL,
      version BIGINT NOT NULL,
      key TEXT NOT NULL,
      value DOUBLE PRECISION,
      PRIMARY KEY (model, version, key),
      FOREIGN KEY (model, version) REFERENCES model_versions_wide (model, version) ON UPDATE CASCADE
    )`,
    `INSERT INTO model_version_metrics_wide SELECT model, version, key, value FROM model_version_metrics`,
    `CREATE TABLE model_aliases_wide (
      model TEXT NOT NULL,
      alias TEXT NOT NULL,
      version BIGINT NOT NULL,
      PRIMARY KEY (model, alias),
      FOREIGN KEY (model, version) REFERENCES model_versions_wide (model, version) ON UPDATE CASCADE
    )`,
    `INSERT INTO model_aliases_wide SELECT model, alias, version FROM model_aliases`,
  ]
}

function drop(table: string): string {
  return `DROP TABLE ${table}`
}

function widened(table: string): string {
  return `ALTER TABLE ${table}_wide RENAME TO ${table}`
}

function inputsAndOutputs(): string[] {
  return [
    // Datasets as MLflow's clients name them: descriptions, not content that we hold.
    `CREATE TABLE dataset_inputs (
      run_id TEXT NOT NULL REFERENCES runs (id),
      name TEXT NOT NULL,
      digest TEXT NOT NULL,
      position BIGINT NOT NULL,
      source_type TEXT NOT NULL,
      source TEXT NOT NULL,
      schema_text TEXT,
      profile_text TEXT,
      PRIMARY KEY (run_id, name, digest)
    )`,
    `CREATE TABLE dataset_input_tags (
      run_id TEXT NOT NULL,
      name TEXT NOT NULL,
      digest TEXT NOT NULL,
      key TEXT NOT NULL,
      value TEXT NOT NULL,
      PRIMARY KEY (run_id, name, digest, key),
      FOREIGN KEY (run_id, name, digest) REFERENCES dataset_inputs (run_id, name, digest)
    )`,
    `CREATE TABLE run_models (
      run_id TEXT NOT NULL REFERENCES runs (id),
      direction TEXT NOT NULL CHECK (direction IN ('input', 'output')),
      model_id TEXT NOT NULL,
      step BIGINT NOT NULL,
      position BIGINT NOT NULL,
      PRIMARY KEY (run_id, direction, model_id, step)
    )`,
  ]
}

function registry(): string[] {
  return [
    `ALTER TABLE registered_models ADD COLUMN updated_time BIGINT`,
    `ALTER TABLE registered_models ADD COLUMN description TEXT`,
    `UPDATE registered_models SET updated_time = created_time`,
    `CREATE TABLE registered_model_tags (
      model TEXT NOT NULL REFERENCES registered_models (name) ON UPDATE CASCADE,
      key TEXT NOT NULL,
      value TEXT NOT NULL,
      PRIMARY KEY (model, key)
    )`,
    `CREATE TABLE model_version_tags (
      model TEXT NOT NULL,
      version BIGINT NOT NULL,
      key TEXT NOT NULL,
      value TEXT NOT NULL,
      PRIMARY KEY (model, version, key),
      FOREIGN KEY (model, version) REFERENCES model_versions (model, version) ON UPDATE CASCADE
    )`,
  ]
}

function loggedModels(): string[] {
  return [
    `CREATE TABLE logged_models (
      id TEXT NOT NULL PRIMARY KEY,
      experiment_id TEXT NOT NULL REFERENCES experiments (id),
      name TEXT NOT NULL,
      artifact_uri TEXT NOT NULL,
      created_time BIGINT NOT NULL,
      updated_time BIGINT NOT NULL,
      status TEXT NOT NULL,
      status_message TEXT,
      model_type TEXT,
      source_run_id TEXT,
      lifecycle_stage TEXT NOT NULL DEFAULT 'active'
    )`,
    `CREATE INDEX logged_models_by_experiment ON logged_models (experiment_id, created_time DESC, id)`,
    `CREATE TABLE logged_model_params (
      model_id TEXT NOT NULL REFERENCES logged_models (id),
      key TEXT NOT NULL,
      value TEXT NOT NULL,
      PRIMARY KEY (model_id, key)
    )`,
    `CREATE TABLE logged_model_tags (
      model_id TEXT NOT NULL REFERENCES logged_models (id),
      key TEXT NOT NULL,
      value TEXT NOT NULL,
      PRIMARY KEY (model_id, key)
    )`,
    // The newest value of a metric for each dataset; '' where none was named.
    `CREATE TABLE logged_model_metrics (
      model_id TEXT NOT NULL REFERENCES logged_models (id),
      key TEXT NOT NULL,
      dataset_name TEXT NOT NULL,
      dataset_digest TEXT NOT NULL,
      run_id TEXT NOT NULL REFERENCES runs (id),
      step BIGINT NOT NULL,
      timestamp BIGINT NOT NULL,
      value DOUBLE PRECISION,
      PRIMARY KEY (model_id, key, dataset_name, dataset_digest)
    )`,
  ]
}

function artifacts(): string[] {
  return [
    // What clients put into the artifact store outside a run's own folder, such as a logged model's files. root is the part before the file's own path.
    `CREATE TABLE stored_artifacts (
      root TEXT NOT NULL,
      path TEXT NOT NULL,
      hash TEXT NOT NULL,
      size_bytes BIGINT NOT NULL,
      media_type TEXT NOT NULL,
      PRIMARY KEY (root, path)
    )`,
    `CREATE TABLE artifact_uploads (
      id TEXT NOT NULL PRIMARY KEY,
      path TEXT NOT NULL,
      created_time BIGINT NOT NULL
    )`,
    `CREATE TABLE artifact_upload_parts (
      upload_id TEXT NOT NULL REFERENCES artifact_uploads (id),
      part_number BIGINT NOT NULL,
      hash TEXT NOT NULL,
      size_bytes BIGINT NOT NULL,
      PRIMARY KEY (upload_id, part_number)
    )`,
    // Secrets and settings of the installation that every process shares.
    `CREATE TABLE installation_settings (
      name TEXT NOT NULL PRIMARY KEY,
      value TEXT NOT NULL
    )`,
  ]
}
