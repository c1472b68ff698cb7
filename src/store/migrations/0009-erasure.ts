import type { Migration } from './migration.ts'

/**
 * What of a dataset version identifies persons and how long its rows are kept; which versions have lost their rows, and to which successor;
 * the persons who were erased, as keyed hashes; what is still to be destroyed.
 */
export const erasure: Migration = {
  name: '0009-erasure',
  statements: [
    'ALTER TABLE datasets ADD COLUMN erased_time BIGINT',
    'ALTER TABLE datasets ADD COLUMN successor TEXT',
    'ALTER TABLE dataset_sources ADD COLUMN id_column TEXT',
    'ALTER TABLE dataset_sources ADD COLUMN retention_days BIGINT',
    `CREATE TABLE erased_persons (
      person TEXT NOT NULL PRIMARY KEY,
      time BIGINT NOT NULL
    )`,
    `CREATE TABLE blobs_to_destroy (
      hash TEXT NOT NULL PRIMARY KEY,
      time BIGINT NOT NULL
    )`,
  ],
}
