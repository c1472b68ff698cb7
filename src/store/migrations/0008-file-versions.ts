import type { Migration } from './migration.ts'

/**
 * Versions of files beside those of tables: their contents in chunks, many to a pack (a blob). What each name meant in the course of time. Who is
 * writing chunks just now.
 */
export const fileVersions: Migration = {
  name: '0008-file-versions',
  statements: [
    // Of a tree of files; null of a table.
    'ALTER TABLE datasets ADD COLUMN n_files BIGINT',
    'ALTER TABLE datasets ADD COLUMN size_bytes BIGINT',
    `CREATE TABLE chunk_packs (
      id BIGINT NOT NULL PRIMARY KEY,
      blob TEXT NOT NULL UNIQUE,
      size_bytes BIGINT NOT NULL,
      created_time BIGINT NOT NULL
    )`,
    `CREATE TABLE chunks (
      hash TEXT NOT NULL PRIMARY KEY,
      pack BIGINT NOT NULL REFERENCES chunk_packs (id),
      position BIGINT NOT NULL,
      size_bytes BIGINT NOT NULL
    )`,
    'CREATE INDEX chunks_by_pack ON chunks (pack)',
    `CREATE TABLE chunk_writers (
      id TEXT NOT NULL PRIMARY KEY,
      process TEXT NOT NULL,
      started_time BIGINT NOT NULL
    )`,
    // An entry for each time that a name came to mean another version.
    `CREATE TABLE dataset_log (
      sequence BIGINT NOT NULL PRIMARY KEY,
      name TEXT NOT NULL,
      dataset_id TEXT NOT NULL REFERENCES datasets (id),
      source TEXT NOT NULL,
      n_rejected BIGINT NOT NULL,
      time BIGINT NOT NULL
    )`,
    'CREATE INDEX dataset_log_by_name ON dataset_log (name, sequence)',
    `INSERT INTO dataset_log (sequence, name, dataset_id, source, n_rejected, time)
      SELECT sequence, name, dataset_id, source, n_rejected, created_time FROM dataset_sources`,
    `INSERT INTO counters (name, value)
      SELECT 'dataset_log', (SELECT MAX(sequence) FROM dataset_sources) WHERE EXISTS (SELECT 1 FROM dataset_sources)`,
  ],
}
