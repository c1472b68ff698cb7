import type { RunQuery, RunStatus } from '../../track/tracking-store.ts'
import type { SqlValue } from '../sql-database.ts'

export interface RunRow {
  id: string
  experiment_id: string
  name: string
  status: RunStatus
  start_time: number
  end_time: number | null
  parent_run_id: string | null
}

const COLUMNS = 'r.id, r.experiment_id, r.name, r.status, r.start_time, r.end_time, r.parent_run_id'

export const INSERT_RUN = `
INSERT INTO runs (id, experiment_id, name, status, start_time, end_time, parent_run_id, sequence)
VALUES (?, ?, ?, ?, ?, ?, ?, ?)`

export const SELECT_RUN = `
SELECT ${COLUMNS} FROM runs r WHERE r.id = ?`

/** Ids that begin with a text: from it on, and before it with the first character that no id has. Two rows tell "one" from "several". */
export const SELECT_RUN_IDS_BY_PREFIX = `
SELECT id FROM runs WHERE id >= ? AND id < ? ORDER BY id LIMIT 2`

export const FINISH_RUN = `
UPDATE runs SET status = ?, end_time = ? WHERE id = ? AND status = 'RUNNING'`

/** Runs that are marked RUNNING and name their process. */
export const SELECT_RUNNING_PROCESSES = `
SELECT r.id, t.value AS process
FROM runs r JOIN tags t ON t.run_id = r.id AND t.key = ?
WHERE r.status = 'RUNNING'`

/** Newest first; an experiment is named, or given by its id where none has that name. */
export function selectRuns(query: RunQuery): { sql: string; values: SqlValue[] } {
  const where: string[] = ["r.lifecycle_stage = 'active'"]
  const values: SqlValue[] = []
  if (query.experiment !== undefined) {
    where.push(
      'r.experiment_id = COALESCE((SELECT id FROM experiments WHERE name = ?), (SELECT id FROM experiments WHERE id = ?))',
    )
    values.push(query.experiment, query.experiment)
  }
  if (query.parentRunId === null) where.push('r.parent_run_id IS NULL')
  else if (query.parentRunId !== undefined) {
    where.push('r.parent_run_id = ?')
    values.push(query.parentRunId)
  }
  if (query.status !== undefined) {
    where.push('r.status = ?')
    values.push(query.status)
  }
  if (query.limit !== undefined) values.push(query.limit)
  const sql = `
SELECT ${COLUMNS} FROM runs r
WHERE ${where.join(' AND ')}
ORDER BY r.start_time DESC, r.sequence DESC
${query.limit === undefined ? '' : 'LIMIT ?'}`
  return { sql, values }
}

export interface KeyValueRow {
  run_id: string
  key: string
  value: string
}

/** How many ids one of the queries below takes; shorter lists are filled up with their last id, so that one statement serves all. */
export const IDS_PER_QUERY = 50
const IDS = `(${Array.from({ length: IDS_PER_QUERY }, () => '?').join(', ')})`

export const SELECT_PARAMS_OF_RUNS = `
SELECT run_id, key, value FROM params WHERE run_id IN ${IDS} ORDER BY run_id, key`

export const SELECT_TAGS_OF_RUNS = `
SELECT run_id, key, value FROM tags WHERE run_id IN ${IDS} ORDER BY run_id, key`

/** Nothing is changed where the key has a value: the caller compares. */
export const INSERT_PARAM = `
INSERT INTO params (run_id, key, value) VALUES (?, ?, ?) ON CONFLICT (run_id, key) DO NOTHING`

export const SELECT_PARAM = `
SELECT value FROM params WHERE run_id = ? AND key = ?`

export const UPSERT_TAG = `
INSERT INTO tags (run_id, key, value) VALUES (?, ?, ?)
ON CONFLICT (run_id, key) DO UPDATE SET value = excluded.value`
