export interface RegisteredModelRow {
  name: string
  created_time: number
  latest_version: number
}

export interface ModelVersionRow {
  model: string
  version: number
  /** '' where a client registered a version without one. */
  run_id: string
  /** null for a version that an MLflow client registered. */
  dataset_id: string | null
  estimator: string
  created_time: number
  source: string | null
}

export interface ModelFileRow {
  version: number
  path: string
  hash: string
  size_bytes: number
}

export interface ModelMetricRow {
  version: number
  key: string
  /** null is NaN */
  value: number | null
}

export interface AliasRow {
  model: string
  alias: string
  version: number
}

export interface TrafficRow {
  model: string
  plan_json: string
}

export const SELECT_TRAFFIC = `
SELECT model, plan_json FROM model_traffic ORDER BY model`

export const SELECT_TRAFFIC_OF_MODEL = `
SELECT model, plan_json FROM model_traffic WHERE model = ?`

export const UPSERT_TRAFFIC = `
INSERT INTO model_traffic (model, plan_json) VALUES (?, ?)
ON CONFLICT (model) DO UPDATE SET plan_json = excluded.plan_json`

export const DELETE_TRAFFIC = `
DELETE FROM model_traffic WHERE model = ?`

export const ENSURE_MODEL = `
INSERT INTO registered_models (name, created_time, updated_time, latest_version) VALUES (?, ?, ?, 0) ON CONFLICT (name) DO NOTHING`

/** Hands out the next version number; the transaction holds the model's row until it ends. */
export const NEXT_VERSION = `
UPDATE registered_models SET latest_version = latest_version + 1, updated_time = ? WHERE name = ? RETURNING latest_version`

export const SELECT_MODELS = `
SELECT name, created_time, latest_version FROM registered_models ORDER BY name`

export const SELECT_MODEL = `
SELECT name, created_time, latest_version FROM registered_models WHERE name = ?`

export const INSERT_VERSION = `
INSERT INTO model_versions (model, version, run_id, dataset_id, estimator, created_time, updated_time) VALUES (?, ?, ?, ?, ?, ?, ?)`

export const SELECT_VERSION = `
SELECT model, version, run_id, dataset_id, estimator, created_time, source FROM model_versions
WHERE model = ? AND version = ? AND stage <> 'Deleted_Internal'`

export const SELECT_VERSIONS = `
SELECT model, version, run_id, dataset_id, estimator, created_time, source FROM model_versions
WHERE model = ? AND stage <> 'Deleted_Internal' ORDER BY version DESC`

export const INSERT_VERSION_FILE = `
INSERT INTO model_version_files (model, version, path, hash, size_bytes) VALUES (?, ?, ?, ?, ?)`

export const SELECT_VERSION_FILES = `
SELECT version, path, hash, size_bytes FROM model_version_files WHERE model = ? ORDER BY version, path`

export const SELECT_FILES_OF_VERSION = `
SELECT version, path, hash, size_bytes FROM model_version_files WHERE model = ? AND version = ? ORDER BY path`

export const INSERT_VERSION_METRIC = `
INSERT INTO model_version_metrics (model, version, key, value) VALUES (?, ?, ?, ?)`

export const SELECT_VERSION_METRICS = `
SELECT version, key, value FROM model_version_metrics WHERE model = ? ORDER BY version, key`

export const SELECT_METRICS_OF_VERSION = `
SELECT version, key, value FROM model_version_metrics WHERE model = ? AND version = ? ORDER BY key`

export const SELECT_ALIAS = `
SELECT model, alias, version FROM model_aliases WHERE model = ? AND alias = ?`

export const SELECT_ALIASES_OF_MODEL = `
SELECT model, alias, version FROM model_aliases WHERE model = ? ORDER BY alias`

export const SELECT_ALIASES = `
SELECT model, alias, version FROM model_aliases ORDER BY model, alias`

export const UPSERT_ALIAS = `
INSERT INTO model_aliases (model, alias, version) VALUES (?, ?, ?)
ON CONFLICT (model, alias) DO UPDATE SET version = excluded.version`
