import type { DatasetContext } from '../../track/tracking-store.ts'

export interface ArtifactRow {
  path: string
  hash: string
  size_bytes: number
  media_type: string
}

export interface RunDatasetRow {
  dataset_id: string
  context: DatasetContext
}

/** A path that is logged again holds the newer content. */
export const UPSERT_ARTIFACT = `
INSERT INTO artifacts (run_id, path, hash, size_bytes, media_type) VALUES (?, ?, ?, ?, ?)
ON CONFLICT (run_id, path) DO UPDATE SET hash = excluded.hash, size_bytes = excluded.size_bytes, media_type = excluded.media_type`

export const SELECT_ARTIFACTS = `
SELECT path, hash, size_bytes, media_type FROM artifacts WHERE run_id = ? ORDER BY path`

export const INSERT_RUN_DATASET = `
INSERT INTO run_datasets (run_id, dataset_id, context) VALUES (?, ?, ?)
ON CONFLICT (run_id, dataset_id, context) DO NOTHING`

export const SELECT_RUN_DATASETS = `
SELECT dataset_id, context FROM run_datasets WHERE run_id = ? ORDER BY context, dataset_id`
