import type { Page, TrackedMetric } from '../../track/mlflow-model.ts'
import { decodePageToken, encodePageToken, queryPage } from '../search/search-page.ts'
import type { SqlConnection } from '../sql-database.ts'
import { placeholders } from './row-lists.ts'

interface HistoryRow {
  run_id: string
  key: string
  value: number | null
  step: number
  timestamp: number
  model_id: string | null
  dataset_name: string | null
  dataset_digest: string | null
}

const COLUMNS = 'm.run_id, m.key, m.value, m.step, m.timestamp, m.model_id, m.dataset_name, m.dataset_digest'

/** By time, then step, then as logged. */
const SORT = [
  { sql: 'm.timestamp', ascending: true },
  { sql: 'm.step', ascending: true },
  { sql: 'm.ordinal', ascending: true },
]

/** A metric's history of one run, a page at a time, or whole where no page is asked for. */
export async function historyPage(
  sql: SqlConnection,
  runId: string,
  key: string,
  page: { maxResults: number | null; pageToken?: string | null },
): Promise<Page<TrackedMetric>> {
  const { maxResults, pageToken } = page
  const pin = ['history', runId, key]
  const after = pageToken ? decodePageToken(pin, pageToken, SORT.length).after : null
  const { rows } = await queryPage<HistoryRow & Record<string, number>>(sql, {
    columns: COLUMNS,
    from: { sql: 'metrics m', values: [] },
    where: [{ sql: 'm.run_id = ? AND m.key = ?', values: [runId, key] }],
    sort: SORT,
    limit: maxResults === null ? Number.MAX_SAFE_INTEGER : maxResults + 1,
    after,
  })
  const shown = maxResults === null ? rows : rows.slice(0, maxResults)
  const last = shown.at(-1)
  const more = rows.length > shown.length && last
  return {
    items: shown.map(metricOf),
    nextPageToken: more
      ? encodePageToken(pin, { phase: 0, after: SORT.map((_, index) => last[`sort_${index}`]!) })
      : null,
  }
}

/** Of several runs, in the order of their ids, then by time, step and value. */
export async function historyOfRuns(
  sql: SqlConnection,
  ids: readonly string[],
  key: string,
  limit: number,
): Promise<TrackedMetric[]> {
  const rows = await sql.all<HistoryRow>(
    `SELECT ${COLUMNS} FROM metrics m WHERE m.key = ? AND m.run_id IN (${placeholders(ids.length)})
ORDER BY m.run_id, m.timestamp, m.step, m.value NULLS FIRST LIMIT ?`,
    key,
    ...ids,
    limit,
  )
  return rows.map(metricOf)
}

/**
 * Steps of each run that stand for all: of its n steps, every ⌈n / maxResults⌉-th and the last; and where several runs are asked for, the
 * first and last step of each, so that no line ends early.
 */
export async function sampledHistory(
  sql: SqlConnection,
  ids: readonly string[],
  key: string,
  range: { from: number; to: number } | null,
  maxResults: number,
): Promise<TrackedMetric[]> {
  const within = range ? 'AND m.step BETWEEN ? AND ?' : ''
  const bounds = range ? [range.from, range.to] : []
  const stepRows = await sql.all<{ run_id: string; step: number }>(
    `SELECT DISTINCT m.run_id, m.step FROM metrics m WHERE m.key = ? AND m.run_id IN (${placeholders(ids.length)}) ${within}
ORDER BY m.run_id, m.step`,
    key,
    ...ids,
    ...bounds,
  )
  const stepsOfRun = Map.groupBy(stepRows, ({ run_id }) => run_id)
  const all = [...new Set(stepRows.map(({ step }) => step))].sort((left, right) => left - right)
  const sampled = new Set(sampledSteps(all, maxResults))
  for (const rows of stepsOfRun.values()) {
    sampled.add(rows[0]!.step)
    sampled.add(rows.at(-1)!.step)
  }
  const metrics: TrackedMetric[] = []
  for (const id of ids) {
    const steps = (stepsOfRun.get(id) ?? []).map(({ step }) => step).filter((step) => sampled.has(step))
    for (let from = 0; from < steps.length; from += 500) {
      const some = steps.slice(from, from + 500)
      const rows = await sql.all<HistoryRow>(
        `SELECT ${COLUMNS} FROM metrics m WHERE m.run_id = ? AND m.key = ? AND m.step IN (${placeholders(some.length)})
ORDER BY m.step, m.timestamp, m.ordinal`,
        id,
        key,
        ...some,
      )
      metrics.push(...rows.map(metricOf))
    }
  }
  return metrics
}

/** Every n-th of ascending steps, n the smallest that gives at most `maxResults`, and the last. */
export function sampledSteps(steps: readonly number[], maxResults: number): number[] {
  if (steps.length <= maxResults) return [...steps]
  const every = Math.ceil(steps.length / maxResults)
  const sampled = steps.filter((_, index) => index % every === 0)
  const last = steps.at(-1)!
  return sampled.at(-1) === last ? sampled : [...sampled, last]
}

function metricOf(row: HistoryRow): TrackedMetric {
  return {
    key: row.key,
    value: row.value ?? Number.NaN,
    step: row.step,
    timestamp: row.timestamp,
    modelId: row.model_id,
    datasetName: row.dataset_name,
    datasetDigest: row.dataset_digest,
    runId: row.run_id,
  }
}
