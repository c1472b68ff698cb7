import { DatabaseSync } from 'node:sqlite'

/** What `fillRegistry` makes. */
export const REGISTRY = { models: 10_000, versionsOfEach: 10, experiments: 10_000, loggedModels: 100_000 } as const

const NUMBERS = (name: string, count: number) =>
  `WITH RECURSIVE ${name} (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM ${name} WHERE i < ${count})`
const MODEL_NAME = `printf('team-%02d.model-%05d', i % 40, i)`
/** In no order of the names. */
const TIME = `1700000000000 + i * 48271 % 10007 * 1000`

/**
 * Fills a store's database, whose schema is there and which nobody has open, with registered models of 10 versions and 5 tags each (as many on each version), with
 * experiments of 3 tags, and with logged models of 10 metrics, 3 params and 2 tags in one of them.
 * @returns the id of the experiment that has the logged models
 */
export function fillRegistry(file: string): string {
  const database = new DatabaseSync(file)
  try {
    database.exec(`PRAGMA cache_size = -500000; PRAGMA foreign_keys = OFF; BEGIN IMMEDIATE;
CREATE TEMP TABLE bench_models AS ${NUMBERS('m', REGISTRY.models)} SELECT i, ${MODEL_NAME} AS name, ${TIME} AS time FROM m;
CREATE TEMP TABLE bench_versions AS ${NUMBERS('v', REGISTRY.versionsOfEach)} SELECT i AS version FROM v;
CREATE TEMP TABLE bench_tags AS ${NUMBERS('t', 5)} SELECT i AS t, 'tag' || i AS key FROM t;
INSERT INTO registered_models (name, created_time, latest_version, updated_time, description)
SELECT name, time, ${REGISTRY.versionsOfEach}, time + 5000, 'Model ' || i FROM bench_models;
INSERT INTO registered_model_tags (model, key, value)
SELECT name, key, CASE t WHEN 1 THEN 'owner-' || i WHEN 2 THEN 'team-' || (i % 40) ELSE 'value-' || (i % 4) END FROM bench_models, bench_tags;
INSERT INTO model_versions (model, version, run_id, estimator, created_time, updated_time, stage, user_id, source)
SELECT name, version, printf('%032x', i * 16 + version), 'mlflow', time + version, time + version, CASE version WHEN 10 THEN 'Production' ELSE 'None' END,
  'user-' || (i % 50), 'mlflow-artifacts:/1/' || i || '/' || version FROM bench_models, bench_versions;
INSERT INTO model_version_tags (model, version, key, value)
SELECT name, version, key, CASE t WHEN 1 THEN 'build-' || (i * 10 + version) WHEN 2 THEN 'data-' || (i % 1000) ELSE 'value-' || ((i + version) % 4) END
FROM bench_models, bench_versions, bench_tags;
INSERT INTO model_aliases (model, alias, version) SELECT name, 'champion', 10 FROM bench_models;
INSERT INTO experiments (id, name, created_time, sequence, updated_time)
${NUMBERS('e', REGISTRY.experiments)} SELECT CAST(800000 + i AS TEXT), printf('project-%02d/experiment-%05d', i % 40, i), ${TIME}, 800000 + i, ${TIME} + 5000 FROM e;
INSERT INTO experiment_tags (experiment_id, key, value)
SELECT id, key, CASE t WHEN 1 THEN 'note of ' || id WHEN 2 THEN 'team-' || (sequence % 40) ELSE 'value-' || (sequence % 4) END
FROM experiments, bench_tags WHERE sequence > 800000 AND t <= 3;
INSERT INTO runs (id, experiment_id, name, status, start_time, end_time, sequence)
${NUMBERS('r', 100)} SELECT 'run-' || i, '800001', 'run-' || i, 'FINISHED', i, i, i FROM r;
INSERT INTO logged_models (id, experiment_id, name, artifact_uri, created_time, updated_time, status, model_type, source_run_id)
${NUMBERS('l', REGISTRY.loggedModels)} SELECT printf('m-%032x', i * 2654435761 % 4294967296), '800001', 'logged-' || i, 'mlflow-artifacts:/800001/models/' || i,
  1700000000000 + i * 1000, 1700000000000 + i * 1000, 'LOGGED_MODEL_READY', CASE i % 3 WHEN 0 THEN 'agent' ELSE 'classifier' END, 'run-' || (i % 100 + 1) FROM l;
CREATE TEMP TABLE bench_logged AS SELECT id, CAST(substr(name, 8) AS INTEGER) AS i FROM logged_models ORDER BY id;
CREATE TEMP TABLE bench_metrics AS ${NUMBERS('k', 10)} SELECT i AS m, printf('m%02d', i) AS key FROM k;
INSERT INTO logged_model_metrics (model_id, key, dataset_name, dataset_digest, run_id, step, timestamp, value)
SELECT id, key, CASE m % 2 WHEN 0 THEN 'test' ELSE '' END, CASE m % 2 WHEN 0 THEN 'd1' ELSE '' END, 'run-' || (i % 100 + 1), 0, 1700000000000 + i * 1000,
  ((i * 48271 + m * 69621 * (i % 97 + 1)) % 999983) / 999983.0 FROM bench_logged, bench_metrics;
INSERT INTO logged_model_params (model_id, key, value)
SELECT id, key, CASE t WHEN 1 THEN CAST(i AS TEXT) ELSE 'value-' || (i % 4) END FROM bench_logged, bench_tags WHERE t <= 3;
INSERT INTO logged_model_tags (model_id, key, value)
SELECT id, key, CASE t WHEN 1 THEN 'commit-' || (i % 1000) ELSE 'value-' || (i % 4) END FROM bench_logged, bench_tags WHERE t <= 2;`)
    database.exec(
      `${['models', 'versions', 'tags', 'logged', 'metrics'].map((table) => `DROP TABLE temp.bench_${table};`).join('')} COMMIT`,
    )
    return '800001'
  } finally {
    database.close()
  }
}
