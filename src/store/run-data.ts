import type { Run } from '../track/tracking-store.ts'
import { type LatestMetricRow, SELECT_METRICS_OF_RUNS } from './queries/metric-queries.ts'
import {
  IDS_PER_QUERY,
  type KeyValueRow,
  type RunRow,
  SELECT_PARAMS_OF_RUNS,
  SELECT_TAGS_OF_RUNS,
} from './queries/run-queries.ts'
import type { SqlConnection } from './sql-database.ts'

/** Rows of runs with their params, tags and latest metrics, in the order of the rows. */
export async function withRunData(sql: SqlConnection, rows: readonly RunRow[]): Promise<Run[]> {
  const params = new Map<string, [string, string][]>()
  const tags = new Map<string, [string, string][]>()
  const metrics = new Map<string, [string, number][]>()
  for (let from = 0; from < rows.length; from += IDS_PER_QUERY) {
    const page = rows.slice(from, from + IDS_PER_QUERY)
    const ids = Array.from({ length: IDS_PER_QUERY }, (_, index) => (page[index] ?? page.at(-1)!).id)
    for (const { run_id, key, value } of await sql.all<KeyValueRow>(SELECT_PARAMS_OF_RUNS, ...ids))
      add(params, run_id, key, value)
    for (const { run_id, key, value } of await sql.all<KeyValueRow>(SELECT_TAGS_OF_RUNS, ...ids))
      add(tags, run_id, key, value)
    for (const { run_id, key, value } of await sql.all<LatestMetricRow>(SELECT_METRICS_OF_RUNS, ...ids))
      add(metrics, run_id, key, value ?? Number.NaN)
  }
  return rows.map((row) => ({
    id: row.id,
    experimentId: row.experiment_id,
    name: row.name,
    status: row.status,
    startTime: row.start_time,
    endTime: row.end_time,
    parentRunId: row.parent_run_id,
    tags: Object.fromEntries(tags.get(row.id) ?? []),
    params: Object.fromEntries(params.get(row.id) ?? []),
    metrics: Object.fromEntries(metrics.get(row.id) ?? []),
  }))
}

function add<Value>(map: Map<string, [string, Value][]>, id: string, key: string, value: Value): void {
  const list = map.get(id)
  if (list) list.push([key, value])
  else map.set(id, [[key, value]])
}
