import { IDS_PER_QUERY } from './run-queries.ts'

export interface LatestMetricRow {
  run_id: string
  key: string
  /** null is NaN */
  value: number | null
}

export interface MetricRow {
  step: number
  timestamp: number
  value: number | null
}

/**
 * Adds a point to a metric's history unless the very same one is there: a client that repeats a request after a lost answer
 * logs nothing twice. Values: run, key, step, timestamp, then run, key, step, timestamp again (for the ordinal), value, and all five once more.
 */
export const INSERT_METRIC = `
INSERT INTO metrics (run_id, key, step, timestamp, ordinal, value)
SELECT ?, ?, ?, ?,
  (SELECT COUNT(*) FROM metrics WHERE run_id = ? AND key = ? AND step = ? AND timestamp = ?),
  ?
WHERE NOT EXISTS (
  SELECT 1 FROM metrics
  WHERE run_id = ? AND key = ? AND step = ? AND timestamp = ? AND value IS NOT DISTINCT FROM ?)`

/** The latest value is that of the largest step, then the newest, then the largest, as MLflow has it; NaN counts as smallest. */
export const UPSERT_LATEST_METRIC = `
INSERT INTO latest_metrics (run_id, key, step, timestamp, value) VALUES (?, ?, ?, ?, ?)
ON CONFLICT (run_id, key) DO UPDATE SET step = excluded.step, timestamp = excluded.timestamp, value = excluded.value
WHERE excluded.step > latest_metrics.step
  OR (excluded.step = latest_metrics.step AND excluded.timestamp > latest_metrics.timestamp)
  OR (excluded.step = latest_metrics.step AND excluded.timestamp = latest_metrics.timestamp AND excluded.value IS NOT NULL
    AND (latest_metrics.value IS NULL OR excluded.value > latest_metrics.value))`

export const SELECT_METRICS_OF_RUNS = `
SELECT run_id, key, value FROM latest_metrics
WHERE run_id IN (${Array.from({ length: IDS_PER_QUERY }, () => '?').join(', ')})
ORDER BY run_id, key`

/** In step order, then in time, then as logged. */
export const SELECT_METRIC_HISTORY = `
SELECT step, timestamp, value FROM metrics WHERE run_id = ? AND key = ? ORDER BY step, timestamp, ordinal`
