import type { Migration } from './migration.ts'

/** Experiments, runs and what they logged. `sequence` is the order of creation, for equal times. */
export const experimentsAndRuns: Migration = {
  name: '0001-experiments-and-runs',
  statements: [
    // Numbers handed out in order, without gaps or twins among what was committed.
    `CREATE TABLE counters (
      name TEXT NOT NULL PRIMARY KEY,
      value BIGINT NOT NULL
    )`,
    `CREATE TABLE experiments (
      id TEXT NOT NULL PRIMARY KEY,
      name TEXT NOT NULL UNIQUE,
      created_time BIGINT NOT NULL,
      sequence BIGINT NOT NULL UNIQUE
    )`,
    `CREATE TABLE runs (
      id TEXT NOT NULL PRIMARY KEY,
      experiment_id TEXT NOT NULL REFERENCES experiments (id),
      name TEXT NOT NULL,
      status TEXT NOT NULL CHECK (status IN ('RUNNING', 'FINISHED', 'FAILED', 'KILLED')),
      start_time BIGINT NOT NULL,
      end_time BIGINT,
      parent_run_id TEXT REFERENCES runs (id),
      sequence BIGINT NOT NULL UNIQUE,
      CHECK ((status = 'RUNNING') = (end_time IS NULL))
    )`,
    `CREATE INDEX runs_by_experiment ON runs (experiment_id, start_time, sequence)`,
    `CREATE INDEX runs_by_parent ON runs (parent_run_id, start_time, sequence)`,
    `CREATE INDEX runs_by_time ON runs (start_time, sequence)`,
    `CREATE INDEX runs_by_status ON runs (status)`,
    `CREATE TABLE params (
      run_id TEXT NOT NULL REFERENCES runs (id),
      key TEXT NOT NULL,
      value TEXT NOT NULL,
      PRIMARY KEY (run_id, key)
    )`,
    `CREATE TABLE tags (
      run_id TEXT NOT NULL REFERENCES runs (id),
      key TEXT NOT NULL,
      value TEXT NOT NULL,
      PRIMARY KEY (run_id, key)
    )`,
    // NULL is NaN, which SQLite has not. ordinal tells apart values of one step and time.
    `CREATE TABLE metrics (
      run_id TEXT NOT NULL REFERENCES runs (id),
      key TEXT NOT NULL,
      step BIGINT NOT NULL,
      timestamp BIGINT NOT NULL,
      ordinal BIGINT NOT NULL,
      value DOUBLE PRECISION,
      PRIMARY KEY (run_id, key, step, timestamp, ordinal)
    )`,
    `CREATE TABLE latest_metrics (
      run_id TEXT NOT NULL REFERENCES runs (id),
      key TEXT NOT NULL,
      step BIGINT NOT NULL,
      timestamp BIGINT NOT NULL,
      value DOUBLE PRECISION,
      PRIMARY KEY (run_id, key)
    )`,
    `CREATE TABLE artifacts (
      run_id TEXT NOT NULL REFERENCES runs (id),
      path TEXT NOT NULL,
      hash TEXT NOT NULL,
      size_bytes BIGINT NOT NULL,
      media_type TEXT NOT NULL,
      PRIMARY KEY (run_id, path)
    )`,
  ],
}
