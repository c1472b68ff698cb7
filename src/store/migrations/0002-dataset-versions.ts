import type { Migration } from './migration.ts'

/** Dataset versions by content, every reading that gave them, and which runs they went into. */
export const datasetVersions: Migration = {
  name: '0002-dataset-versions',
  statements: [
    // schema_json and profile_json are documents that are read whole, never searched.
    `CREATE TABLE datasets (
      id TEXT NOT NULL PRIMARY KEY,
      n_rows BIGINT NOT NULL,
      schema_json TEXT NOT NULL,
      profile_json TEXT NOT NULL,
      blob TEXT NOT NULL,
      sequence BIGINT NOT NULL UNIQUE
    )`,
    // The same content may be read from several places, under several names, with different rows rejected.
    `CREATE TABLE dataset_sources (
      dataset_id TEXT NOT NULL REFERENCES datasets (id),
      name TEXT NOT NULL,
      source TEXT NOT NULL,
      n_rejected BIGINT NOT NULL,
      rejects_blob TEXT,
      created_time BIGINT NOT NULL,
      sequence BIGINT NOT NULL UNIQUE,
      PRIMARY KEY (dataset_id, name, source)
    )`,
    `CREATE INDEX dataset_sources_by_name ON dataset_sources (name, sequence)`,
    `CREATE TABLE run_datasets (
      run_id TEXT NOT NULL REFERENCES runs (id),
      dataset_id TEXT NOT NULL REFERENCES datasets (id),
      context TEXT NOT NULL CHECK (context IN ('training', 'validation', 'test', 'monitoring')),
      PRIMARY KEY (run_id, dataset_id, context)
    )`,
    `CREATE INDEX run_datasets_by_dataset ON run_datasets (dataset_id)`,
  ],
}
