import { DatabaseSync } from 'node:sqlite'

/** What a filled store holds. */
export const N_METRICS = 50
export const EXPERIMENT = 'bench'

/** The value of metric `m` (1 to 50) of run `i`, in [0, 1): the same in both stores. */
const VALUE = '((i * 48271 + m * 69621 * (i % 97 + 1)) % 999983) / 999983.0'
/** The parts of a run that both schemas have: an id as a client's is, in no order of time. */
const RUNS = (nRuns: number) => `
WITH RECURSIVE numbers (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM numbers WHERE i < ${nRuns})
SELECT printf('%08x%08x%08x%08x', i * 2654435761 % 4294967296, i * 40503 % 65536 * 65521, i * 48271 % 2147483647, i) AS id, i FROM numbers`
const METRICS = `
WITH RECURSIVE metric_numbers (m) AS (SELECT 1 UNION ALL SELECT m + 1 FROM metric_numbers WHERE m < ${N_METRICS})
SELECT m, printf('m%02d', m) AS key FROM metric_numbers`
/** The first run's time; each is a second after the one before it. */
const TIME = '1700000000000 + i * 1000'
const ESTIMATOR = `CASE i % 4 WHEN 0 THEN 'boosting' WHEN 1 THEN 'forest' WHEN 2 THEN 'ridge' ELSE 'baseline' END`

/**
 * Fills a store's database, whose schema is there and whose server does not run, with runs of 50 metrics, two params and a tag in one experiment.
 * By SQL of its own schema: over HTTP it would take MLflow's server hours.
 * @returns the experiment's id
 */
export function fillOurs(file: string, nRuns: number): string {
  return filled(file, nRuns, (database) => {
    const id = '900001'
    database.exec(`
INSERT INTO experiments (id, name, created_time, sequence, updated_time)
VALUES ('${id}', '${EXPERIMENT}', 1, (SELECT MAX(sequence) + 1 FROM experiments), 1);
INSERT INTO runs (id, experiment_id, name, status, start_time, end_time, sequence)
SELECT id, '${id}', 'run-' || i, 'FINISHED', ${TIME}, ${TIME} + 500, i FROM bench_runs ORDER BY id;
INSERT INTO metrics (run_id, key, step, timestamp, ordinal, value) SELECT id, key, 0, ${TIME}, 0, ${VALUE} FROM bench_runs, bench_metrics ORDER BY id, key;
INSERT INTO latest_metrics (run_id, key, step, timestamp, value) SELECT id, key, 0, ${TIME}, ${VALUE} FROM bench_runs, bench_metrics ORDER BY id, key;
INSERT INTO params (run_id, key, value) SELECT id, 'estimator', ${ESTIMATOR} FROM bench_runs ORDER BY id;
INSERT INTO params (run_id, key, value) SELECT id, 'seed', CAST(i AS TEXT) FROM bench_runs ORDER BY id;
INSERT INTO tags (run_id, key, value) SELECT id, 'mlflow.runName', 'run-' || i FROM bench_runs ORDER BY id;
INSERT INTO counters (name, value) VALUES ('runs', ${nRuns}) ON CONFLICT (name) DO UPDATE SET value = MAX(value, excluded.value);`)
    return id
  })
}

/**
 * `ANALYZE` is in MLflow's favour, which doesn't call it: without it SQLite looks through all of a metric's rows for each run it has found (`SCAN anon_1 LEFT-JOIN`), and one search of
 * 100,000 runs did not end in eight minutes.
 * @see `mlflow/store/tracking/dbmodels/models.py` for the schema
 */
export function fillMlflow(file: string, nRuns: number): string {
  return filled(file, nRuns, (database) => {
    const id = '900001'
    database.exec(`
INSERT INTO experiments (experiment_id, name, artifact_location, lifecycle_stage, creation_time, last_update_time)
VALUES (${id}, '${EXPERIMENT}', 'mlflow-artifacts:/${id}', 'active', 1, 1);
INSERT INTO runs (run_uuid, name, source_type, source_name, entry_point_name, user_id, status, start_time, end_time, source_version, lifecycle_stage, artifact_uri, experiment_id)
SELECT id, 'run-' || i, 'UNKNOWN', '', '', 'bench', 'FINISHED', ${TIME}, ${TIME} + 500, '', 'active', 'mlflow-artifacts:/${id}/' || id || '/artifacts', ${id} FROM bench_runs ORDER BY id;
INSERT INTO metrics (key, value, timestamp, run_uuid, step, is_nan) SELECT key, ${VALUE}, ${TIME}, id, 0, 0 FROM bench_runs, bench_metrics ORDER BY id, key;
INSERT INTO latest_metrics (key, value, timestamp, step, is_nan, run_uuid) SELECT key, ${VALUE}, ${TIME}, 0, 0, id FROM bench_runs, bench_metrics ORDER BY id, key;
INSERT INTO params (key, value, run_uuid) SELECT 'estimator', ${ESTIMATOR}, id FROM bench_runs ORDER BY id;
INSERT INTO params (key, value, run_uuid) SELECT 'seed', CAST(i AS TEXT), id FROM bench_runs ORDER BY id;
INSERT INTO tags (key, value, run_uuid) SELECT 'mlflow.runName', 'run-' || i, id FROM bench_runs ORDER BY id;
ANALYZE;`)
    return id
  })
}

/** What a killed attempt wrote is undone by SQLite. */
function filled(file: string, nRuns: number, fill: (database: DatabaseSync) => string): string {
  const database = new DatabaseSync(file)
  try {
    database.exec(`PRAGMA cache_size = -500000; BEGIN IMMEDIATE;
CREATE TEMP TABLE bench_runs AS ${RUNS(nRuns)};
CREATE TEMP TABLE bench_metrics AS ${METRICS};`)
    const id = fill(database)
    database.exec('DROP TABLE temp.bench_runs; DROP TABLE temp.bench_metrics; COMMIT')
    return id
  } finally {
    database.close()
  }
}
