/** A dataset version with one of its readings. */
export interface DatasetRow {
  id: string
  n_rows: number
  schema_json: string
  profile_json: string
  blob: string
  name: string
  source: string
  n_rejected: number
  rejects_blob: string | null
  created_time: number
  n_files: number | null
  size_bytes: number | null
  erased_time: number | null
  successor: string | null
}

const COLUMNS = `d.id, d.n_rows, d.schema_json, d.profile_json, d.blob,
  s.name, s.source, s.n_rejected, s.rejects_blob, s.created_time, d.n_files, d.size_bytes, d.erased_time, d.successor`

/** Content that is there already stays as it was first saved. */
export const INSERT_DATASET = `
INSERT INTO datasets (id, n_rows, schema_json, profile_json, blob, n_files, size_bytes, sequence) VALUES (?, ?, ?, ?, ?, ?, ?, ?)
ON CONFLICT (id) DO NOTHING`

export const DATASET_EXISTS = `
SELECT 1 AS found FROM datasets WHERE id = ?`

export interface ErasedRow {
  erased_time: number | null
  successor: string | null
}

export const SELECT_ERASED = `
SELECT erased_time, successor FROM datasets WHERE id = ?`

/** Its rows, that were destroyed when their time was over, are there again. */
export const RESTORE_DATASET = `
UPDATE datasets SET erased_time = NULL, blob = ? WHERE id = ?`

export const RESTORE_DATASET_SOURCE = `
UPDATE dataset_sources SET n_rejected = ?, rejects_blob = ?, created_time = ? WHERE dataset_id = ? AND name = ? AND source = ?`

/** The same reading again: what it says of persons and of time holds from now on. */
export const UPDATE_DATASET_SOURCE = `
UPDATE dataset_sources SET id_column = COALESCE(?, id_column), retention_days = ? WHERE dataset_id = ? AND name = ? AND source = ?`

export const INSERT_DATASET_SOURCE = `
INSERT INTO dataset_sources
  (dataset_id, name, source, n_rejected, rejects_blob, created_time, sequence, id_column, retention_days)
VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)`

/** Ids that begin with a text; two rows tell "one" from "several". */
export const SELECT_DATASET_IDS_BY_PREFIX = `
SELECT id FROM datasets WHERE id >= ? AND id < ? ORDER BY id LIMIT 2`

/** With its first reading. */
export const SELECT_DATASET = `
SELECT ${COLUMNS} FROM datasets d JOIN dataset_sources s ON s.dataset_id = d.id
WHERE d.id = ? ORDER BY s.sequence LIMIT 1`

/** What its readings name as the identifier of persons, newest reading first. */
export const SELECT_ID_COLUMNS_OF_DATASET = `
SELECT id_column FROM dataset_sources WHERE dataset_id = ? AND id_column IS NOT NULL ORDER BY sequence DESC`

/** Each version with its first reading, newest version first. */
export const SELECT_DATASETS = `
SELECT ${COLUMNS} FROM datasets d JOIN dataset_sources s ON s.dataset_id = d.id
WHERE s.sequence = (SELECT MIN(sequence) FROM dataset_sources WHERE dataset_id = d.id)
ORDER BY s.created_time DESC, s.sequence DESC`

/** Versions that were read under a name, each with its first reading under that name, newest first. */
export const SELECT_DATASETS_BY_NAME = `
SELECT ${COLUMNS} FROM datasets d JOIN dataset_sources s ON s.dataset_id = d.id
WHERE s.name = ? AND s.sequence = (SELECT MIN(sequence) FROM dataset_sources WHERE dataset_id = d.id AND name = s.name)
ORDER BY s.created_time DESC, s.sequence DESC`

/** What a name meant last. */
export const SELECT_LATEST_OF_NAME = `
SELECT dataset_id, source FROM dataset_log WHERE name = ? ORDER BY sequence DESC LIMIT 1`

export const INSERT_DATASET_LOG = `
INSERT INTO dataset_log (sequence, name, dataset_id, source, n_rejected, time) VALUES (?, ?, ?, ?, ?, ?)`

export interface DatasetLogRow {
  sequence: number
  name: string
  dataset_id: string
  source: string
  n_rejected: number
  time: number
  n_rows: number
  n_files: number | null
  size_bytes: number | null
}

const LOG = `
SELECT l.sequence, l.name, l.dataset_id, l.source, l.n_rejected, l.time, d.n_rows, d.n_files, d.size_bytes
FROM dataset_log l JOIN datasets d ON d.id = l.dataset_id`

/** Newest first. */
export const SELECT_DATASET_LOG = `${LOG}
ORDER BY l.sequence DESC`

export const SELECT_DATASET_LOG_OF_NAME = `${LOG}
WHERE l.name = ?
ORDER BY l.sequence DESC`

/** What was made from a version, or stands in its place: one of them. */
export const SELECT_DATASET_USE = `
SELECT 'run ' || run_id AS used_by FROM run_datasets WHERE dataset_id = ?
UNION ALL SELECT 'model version ' || model || '/' || CAST(version AS TEXT) FROM model_versions WHERE dataset_id = ?
UNION ALL SELECT 'the erasure of ' || id FROM datasets WHERE successor = ?
LIMIT 1`

export const DELETE_DATASET = [
  'DELETE FROM dataset_log WHERE dataset_id = ?',
  'DELETE FROM dataset_sources WHERE dataset_id = ?',
  'DELETE FROM datasets WHERE id = ?',
] as const

/** Names of experiments and models that used a version. Values: its id, twice. */
export const SELECT_USERS_OF_DATASET = `
SELECT x.name AS name
FROM run_datasets d JOIN runs r ON r.id = d.run_id JOIN experiments x ON x.id = r.experiment_id
WHERE d.dataset_id = ?
UNION
SELECT v.model AS name FROM model_versions v WHERE v.dataset_id = ?
ORDER BY name`
