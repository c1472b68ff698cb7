import type { Migration } from './migration.ts'

/** What became of those who were predicted; a correction is a further row. */
export const outcomes: Migration = {
  name: '0010-outcomes',
  statements: [
    `CREATE TABLE outcomes (
      sequence BIGINT NOT NULL PRIMARY KEY,
      prediction_id TEXT NOT NULL,
      model TEXT NOT NULL,
      version BIGINT NOT NULL,
      prediction_time BIGINT NOT NULL,
      label TEXT,
      value DOUBLE PRECISION,
      observed_time BIGINT NOT NULL,
      received_time BIGINT NOT NULL,
      source TEXT NOT NULL,
      person TEXT
    )`,
    'CREATE INDEX outcomes_by_prediction ON outcomes (prediction_id, observed_time, sequence)',
    'CREATE INDEX outcomes_by_model ON outcomes (model, prediction_time, prediction_id)',
    'CREATE INDEX outcomes_by_person ON outcomes (person)',
  ],
}
