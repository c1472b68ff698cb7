import { BellwetherError } from '../../errors.ts'
import type {
  DatasetInput,
  KeyValue,
  LifecycleStage,
  ModelOutput,
  TrackedMetric,
  TrackedRun,
  TrackedRunInfo,
  TrackedRunStatus,
} from '../../track/mlflow-model.ts'
import type { SqlConnection } from '../sql-database.ts'
import { addTo, inChunks, placeholders } from './row-lists.ts'

export interface TrackedRunRow {
  id: string
  experiment_id: string
  name: string
  status: TrackedRunStatus
  start_time: number
  end_time: number | null
  lifecycle_stage: LifecycleStage
  user_id: string
  artifact_uri: string | null
}

export const RUN_COLUMNS =
  'r.id, r.experiment_id, r.name, r.status, r.start_time, r.end_time, r.lifecycle_stage, r.user_id, r.artifact_uri'

const SELECT_RUN = `SELECT ${RUN_COLUMNS} FROM runs r WHERE r.id = ?`

/** @throws RUN_NOT_FOUND */
export async function requireRun(sql: SqlConnection, id: string): Promise<TrackedRunRow> {
  const row = await sql.first<TrackedRunRow>(SELECT_RUN, id)
  if (!row) throw new BellwetherError('RUN_NOT_FOUND', `Run with id=${id.slice(0, 80)} not found`)
  return row
}

/** @throws RUN_NOT_FOUND, NOT_ACTIVE */
export async function requireActiveRun(sql: SqlConnection, id: string): Promise<TrackedRunRow> {
  const row = await requireRun(sql, id)
  if (row.lifecycle_stage !== 'active') {
    throw new BellwetherError(
      'NOT_ACTIVE',
      `The run ${id} must be in the 'active' state. Current state is ${row.lifecycle_stage}.`,
    )
  }
  return row
}

export function runInfo(row: TrackedRunRow): TrackedRunInfo {
  return {
    id: row.id,
    name: row.name,
    experimentId: row.experiment_id,
    userId: row.user_id,
    status: row.status,
    startTime: row.start_time,
    endTime: row.end_time,
    artifactUri: row.artifact_uri ?? `mlflow-artifacts:/${row.experiment_id}/${row.id}/artifacts`,
    lifecycleStage: row.lifecycle_stage,
  }
}

const byRun = (columns: string, table: string, order: string) => (ids: number) =>
  `SELECT run_id, ${columns} FROM ${table} WHERE run_id IN (${placeholders(ids)}) ORDER BY run_id, ${order}`
const SELECT_PARAMS = byRun('key, value', 'params', 'key')
const SELECT_TAGS = byRun('key, value', 'tags', 'key')
const SELECT_METRICS = byRun('key, value, step, timestamp', 'latest_metrics', 'key')
const SELECT_INPUTS = byRun(
  'name, digest, source_type, source, schema_text, profile_text',
  'dataset_inputs',
  'position',
)
const SELECT_INPUT_TAGS = byRun('name, digest, key, value', 'dataset_input_tags', 'name, digest, key')
const SELECT_MODELS = byRun('direction, model_id, step', 'run_models', 'position')

type Keyed<Row> = Row & { run_id: string }

/** Runs with all that was logged to them, in the order of the rows. */
export async function withEverything(sql: SqlConnection, rows: readonly TrackedRunRow[]): Promise<TrackedRun[]> {
  const params = new Map<string, KeyValue[]>()
  const tags = new Map<string, KeyValue[]>()
  const metrics = new Map<string, TrackedMetric[]>()
  const inputs = new Map<string, DatasetInput[]>()
  const modelInputs = new Map<string, string[]>()
  const modelOutputs = new Map<string, ModelOutput[]>()
  await inChunks(
    rows.map(({ id }) => id),
    async (ids) => {
      const all = <Row>(query: (ids: number) => string) => sql.all<Keyed<Row>>(query(ids.length), ...ids)
      for (const { run_id, key, value } of await all<KeyValue>(SELECT_PARAMS)) addTo(params, run_id, { key, value })
      for (const { run_id, key, value } of await all<KeyValue>(SELECT_TAGS)) addTo(tags, run_id, { key, value })
      type MetricRow = readonly [run_id: string, key: string, value: number | null, step: number, timestamp: number]
      // A page has 50,000 of them where 1,000 runs have 50 each.
      for (const [run_id, key, value, step, timestamp] of await sql.tuples<MetricRow>(
        SELECT_METRICS(ids.length),
        ...ids,
      ))
        addTo(metrics, run_id, { key, value: value ?? Number.NaN, step, timestamp })
      for (const [id, list] of await datasetInputs(all)) inputs.set(id, list)
      type ModelRow = { direction: 'input' | 'output'; model_id: string; step: number }
      for (const { run_id, direction, model_id, step } of await all<ModelRow>(SELECT_MODELS)) {
        if (direction === 'input') addTo(modelInputs, run_id, model_id)
        else addTo(modelOutputs, run_id, { modelId: model_id, step })
      }
    },
  )
  return rows.map((row) => ({
    info: runInfo(row),
    metrics: metrics.get(row.id) ?? [],
    params: params.get(row.id) ?? [],
    tags: tags.get(row.id) ?? [],
    datasetInputs: inputs.get(row.id) ?? [],
    modelInputs: modelInputs.get(row.id) ?? [],
    modelOutputs: modelOutputs.get(row.id) ?? [],
  }))
}

interface InputRow {
  name: string
  digest: string
  source_type: string
  source: string
  schema_text: string | null
  profile_text: string | null
}

async function datasetInputs(
  all: <Row>(query: (ids: number) => string) => Promise<Keyed<Row>[]>,
): Promise<Map<string, DatasetInput[]>> {
  const inputs = new Map<string, DatasetInput[]>()
  const rows = await all<InputRow>(SELECT_INPUTS)
  if (rows.length === 0) return inputs
  const tags = new Map<string, KeyValue[]>()
  type TagRow = { name: string; digest: string } & KeyValue
  for (const { run_id, name, digest, key, value } of await all<TagRow>(SELECT_INPUT_TAGS))
    addTo(tags, JSON.stringify([run_id, name, digest]), { key, value })
  for (const row of rows) {
    addTo(inputs, row.run_id, {
      dataset: {
        name: row.name,
        digest: row.digest,
        sourceType: row.source_type,
        source: row.source,
        schema: row.schema_text,
        profile: row.profile_text,
      },
      tags: tags.get(JSON.stringify([row.run_id, row.name, row.digest])) ?? [],
    })
  }
  return inputs
}
