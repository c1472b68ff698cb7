import { BellwetherError } from '../errors.ts'
import { checkName } from '../track/names.ts'
import type { Metric, RunBatch } from '../track/tracking-store.ts'
import { INSERT_METRIC, UPSERT_LATEST_METRIC } from './queries/metric-queries.ts'
import { INSERT_PARAM, SELECT_PARAM, UPSERT_TAG } from './queries/run-queries.ts'
import { requireInteger } from './required-blob.ts'
import type { SqlConnection } from './sql-database.ts'

/** @throws INVALID_NAME, INVALID_INPUT */
export function checkBatch(batch: RunBatch): void {
  for (const key of Object.keys(batch.params ?? {})) checkName('param', key)
  for (const key of Object.keys(batch.tags ?? {})) checkName('tag', key)
  for (const [index, metric] of (batch.metrics ?? []).entries()) {
    checkName('metric', metric.key)
    requireInteger(metric.step, `metrics[${index}].step`)
    requireInteger(metric.timestamp, `metrics[${index}].timestamp`)
  }
}

/** Writes a checked batch to a run inside a transaction. @throws PARAM_CHANGED */
export async function writeBatch(sql: SqlConnection, runId: string, batch: RunBatch): Promise<void> {
  for (const [key, value] of Object.entries(batch.params ?? {})) await writeParam(sql, runId, key, value)
  for (const [key, value] of Object.entries(batch.tags ?? {})) await sql.run(UPSERT_TAG, runId, key, value)
  for (const metric of batch.metrics ?? []) await writeMetric(sql, runId, metric)
}

async function writeParam(sql: SqlConnection, runId: string, key: string, value: string): Promise<void> {
  if ((await sql.run(INSERT_PARAM, runId, key, value)) === 1) return
  const old = await sql.first<{ value: string }>(SELECT_PARAM, runId, key)
  if (old?.value === value) return
  throw new BellwetherError(
    'PARAM_CHANGED',
    `Run ${runId} has the param ${JSON.stringify(key)} already, with another value.`,
  )
}

async function writeMetric(sql: SqlConnection, runId: string, { key, value, step, timestamp }: Metric): Promise<void> {
  const stored = Number.isNaN(value) ? null : value
  const point = [runId, key, step, timestamp] as const
  await sql.run(INSERT_METRIC, ...point, ...point, stored, ...point, stored)
  await sql.run(UPSERT_LATEST_METRIC, ...point, stored)
}
