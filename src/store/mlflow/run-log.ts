import { BellwetherError } from '../../errors.ts'
import type { KeyValue, TrackedMetric } from '../../track/mlflow-model.ts'
import { checkMetric, invalidParameter, keptParam, keptTag, LIMITS } from '../../track/mlflow-rules.ts'
import { UPSERT_LATEST_METRIC } from '../queries/metric-queries.ts'
import { INSERT_PARAM, SELECT_PARAM, UPSERT_TAG } from '../queries/run-queries.ts'
import type { SqlConnection } from '../sql-database.ts'

/** As queries/metric-queries.ts has it, with what the value was measured with. */
const INSERT_METRIC = `
INSERT INTO metrics (run_id, key, step, timestamp, ordinal, value, model_id, dataset_name, dataset_digest)
SELECT ?, ?, ?, ?,
  (SELECT COUNT(*) FROM metrics WHERE run_id = ? AND key = ? AND step = ? AND timestamp = ?),
  ?, ?, ?, ?
WHERE NOT EXISTS (
  SELECT 1 FROM metrics
  WHERE run_id = ? AND key = ? AND step = ? AND timestamp = ? AND value IS NOT DISTINCT FROM ?)`

const UPSERT_MODEL_METRIC = `
INSERT INTO logged_model_metrics (model_id, key, dataset_name, dataset_digest, run_id, step, timestamp, value)
SELECT id, ?, ?, ?, ?, ?, ?, ? FROM logged_models WHERE id = ?
ON CONFLICT (model_id, key, dataset_name, dataset_digest) DO UPDATE SET
  run_id = excluded.run_id, step = excluded.step, timestamp = excluded.timestamp, value = excluded.value
WHERE excluded.step > logged_model_metrics.step
  OR (excluded.step = logged_model_metrics.step AND excluded.timestamp >= logged_model_metrics.timestamp)`

interface OutputRow {
  model_id: string
  step: number
}

const SELECT_OUTPUTS = `SELECT model_id, step FROM run_models WHERE run_id = ? AND direction = 'output'`

export interface TrackedBatch {
  readonly metrics: readonly TrackedMetric[]
  readonly params: readonly KeyValue[]
  readonly tags: readonly KeyValue[]
}

/** @throws INVALID_INPUT */
export function checkedBatch(batch: Partial<TrackedBatch>): TrackedBatch {
  const { metrics = [], params = [], tags = [] } = batch
  checkCount('metrics', metrics.length, LIMITS.batchMetrics)
  checkCount('params', params.length, LIMITS.batchParams)
  checkCount('tags', tags.length, LIMITS.batchTags)
  checkCount('metrics, params, and tags', metrics.length + params.length + tags.length, LIMITS.batchEntities)
  for (const [index, metric] of metrics.entries()) checkMetric(metric, metrics.length > 1 ? `metrics[${index}].` : '')
  const kept = params.map((param, index) => keptParam(param, `params[${index}].`))
  const keys = new Set<string>()
  for (const { key, value } of kept) {
    if (keys.has(key) && kept.some((other) => other.key === key && other.value !== value)) {
      throw invalidParameter(
        'params',
        `Duplicate parameter keys have been submitted: ['${key}']. Please ensure the request contains only one param value per param key.`,
      )
    }
    keys.add(key)
  }
  return { metrics, params: kept, tags: tags.map((tag, index) => keptTag(tag, `tags[${index}].`)) }
}

function checkCount(what: string, count: number, most: number): void {
  if (count <= most) return
  throw invalidParameter(
    what,
    `A batch logging request can contain at most ${most} ${what}. Got ${count} ${what}. Please split up ${what} across multiple requests and try again.`,
  )
}

/** Writes a checked batch inside a transaction. @throws PARAM_CHANGED */
export async function writeTrackedBatch(sql: SqlConnection, runId: string, batch: TrackedBatch): Promise<void> {
  for (const { key, value } of batch.params) {
    if ((await sql.run(INSERT_PARAM, runId, key, value)) === 1) continue
    const old = await sql.first<{ value: string }>(SELECT_PARAM, runId, key)
    if (old?.value === value) continue
    throw new BellwetherError(
      'PARAM_CHANGED',
      `Changing param values is not allowed. Param with key='${key}' was already logged with another value for run ID='${runId}'.`,
    )
  }
  for (const { key, value } of batch.tags) {
    await sql.run(UPSERT_TAG, runId, key, value)
    if (key === 'mlflow.runName' && value !== '') await sql.run(`UPDATE runs SET name = ? WHERE id = ?`, value, runId)
  }
  if (batch.metrics.length === 0) return
  const outputs = await sql.all<OutputRow>(SELECT_OUTPUTS, runId)
  for (const metric of batch.metrics) await writeMetric(sql, runId, metric, outputs)
}

/** A metric of a step belongs to the models that the run put out at that step, unless it names one. */
async function writeMetric(
  sql: SqlConnection,
  runId: string,
  metric: TrackedMetric,
  outputs: readonly OutputRow[],
): Promise<void> {
  const { key, step, timestamp, modelId = null, datasetName = null, datasetDigest = null } = metric
  const value = Number.isNaN(metric.value) ? null : metric.value
  const point = [runId, key, step, timestamp] as const
  await sql.run(INSERT_METRIC, ...point, ...point, value, modelId, datasetName, datasetDigest, ...point, value)
  await sql.run(UPSERT_LATEST_METRIC, ...point, value)
  const models = modelId ? [modelId] : outputs.filter((output) => output.step === step).map(({ model_id }) => model_id)
  for (const model of models)
    await sql.run(
      UPSERT_MODEL_METRIC,
      key,
      datasetName ?? '',
      datasetDigest ?? '',
      runId,
      step,
      timestamp,
      value,
      model,
    )
}
