export const SELECT_ID_COLUMNS = `
SELECT DISTINCT id_column FROM dataset_sources WHERE id_column IS NOT NULL ORDER BY id_column`

export interface KeptReadingRow {
  id: string
  n_rows: number
  schema_json: string
  blob: string
  name: string
  source: string
  n_rejected: number
  rejects_blob: string | null
  created_time: number
  retention_days: number | null
}

/** Readings of tables whose rows are there, the versions in the order of their making. */
export const SELECT_KEPT_READINGS = `
SELECT d.id, d.n_rows, d.schema_json, d.blob, s.name, s.source, s.n_rejected, s.rejects_blob, s.created_time, s.retention_days
FROM datasets d JOIN dataset_sources s ON s.dataset_id = d.id
WHERE d.n_files IS NULL AND d.erased_time IS NULL
ORDER BY d.sequence, s.sequence`

/** The readings of one version, as its successor gets them. */
export const SELECT_READINGS = `
SELECT name, source, n_rejected, rejects_blob, created_time, id_column, retention_days
FROM dataset_sources WHERE dataset_id = ? ORDER BY sequence`

export interface ReadingRow {
  name: string
  source: string
  n_rejected: number
  rejects_blob: string | null
  created_time: number
  id_column: string | null
  retention_days: number | null
}

export const INSERT_READING = `
INSERT INTO dataset_sources
  (dataset_id, name, source, n_rejected, rejects_blob, created_time, sequence, id_column, retention_days)
VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)`

/** Its rows are destroyed: schema and statistics are its successor's from now on. */
export const MARK_SUCCEEDED = `
UPDATE datasets SET erased_time = ?, successor = ?, schema_json = ?, profile_json = ?, blob = ''
WHERE id = ? AND erased_time IS NULL`

export const MARK_EXPIRED = `
UPDATE datasets SET erased_time = ?, blob = '' WHERE id = ? AND erased_time IS NULL`

/** A version that had lost its rows has them again, for it is what another one comes to. */
export const RESTORE_SUCCESSOR = `
UPDATE datasets SET erased_time = NULL, successor = NULL, blob = ? WHERE id = ? AND erased_time IS NOT NULL`

export const DROP_REJECTS = `
UPDATE dataset_sources SET rejects_blob = NULL WHERE dataset_id = ?`

export const REPLACE_REJECTS = `
UPDATE dataset_sources SET rejects_blob = ?, n_rejected = ? WHERE dataset_id = ? AND name = ? AND source = ?`

export const INSERT_BLOB_TO_DESTROY = `
INSERT INTO blobs_to_destroy (hash, time) VALUES (?, ?) ON CONFLICT (hash) DO NOTHING`

/** What a dataset version holds again is not destroyed: its source was read once more meanwhile. */
export const SELECT_BLOBS_TO_DESTROY = `
SELECT hash FROM blobs_to_destroy b
WHERE NOT EXISTS (SELECT 1 FROM datasets WHERE blob = b.hash)
  AND NOT EXISTS (SELECT 1 FROM dataset_sources WHERE rejects_blob = b.hash)
ORDER BY hash`

export const DELETE_BLOB_TO_DESTROY = `
DELETE FROM blobs_to_destroy WHERE hash = ?`

export const SELECT_MODELS_OF_DATASET = `
SELECT model, version FROM model_versions WHERE dataset_id = ? ORDER BY model, version`

export const SELECT_RUNS_OF_DATASET = `
SELECT DISTINCT run_id FROM run_datasets WHERE dataset_id = ?`

export const INSERT_ERASED_PERSON = `
INSERT INTO erased_persons (person, time) VALUES (?, ?) ON CONFLICT (person) DO NOTHING`

export const DELETE_ERASED_PERSON = `
DELETE FROM erased_persons WHERE person = ?`

export const SELECT_ERASED_PERSONS = `
SELECT person FROM erased_persons`
