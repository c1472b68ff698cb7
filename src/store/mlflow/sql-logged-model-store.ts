import { randomUUID } from 'node:crypto'
import { BellwetherError } from '../../errors.ts'
import type { KeyValue, LoggedModel, LoggedModelStatus, Page, TrackedMetric } from '../../track/mlflow-model.ts'
import { checkLoggedModelName, checkTag, keptParam, LIMITS } from '../../track/mlflow-rules.ts'
import type { LoggedModelStore } from '../../track/mlflow-stores.ts'
import type { SqlConnection, SqlDatabase } from '../sql-database.ts'
import { findLoggedModels, LOGGED_MODEL_COLUMNS, type LoggedModelSearch } from './logged-model-search.ts'
import { addTo, inChunks, placeholders } from './row-lists.ts'
import {
  artifactLocation,
  checkMaxResults,
  pageOf,
  requireActiveExperiment,
  sortValues,
} from './sql-experiment-store.ts'

interface ModelRow {
  id: string
  experiment_id: string
  name: string
  artifact_uri: string
  created_time: number
  updated_time: number
  status: LoggedModelStatus
  status_message: string | null
  model_type: string | null
  source_run_id: string | null
}

const SELECT = `SELECT ${LOGGED_MODEL_COLUMNS}, l.lifecycle_stage FROM logged_models l WHERE l.id = ?`
const INSERT = `
INSERT INTO logged_models (id, experiment_id, name, artifact_uri, created_time, updated_time, status, model_type, source_run_id)
VALUES (?, ?, ?, ?, ?, ?, 'LOGGED_MODEL_PENDING', ?, ?)`
const SET_STATUS = `UPDATE logged_models SET status = ?, updated_time = ? WHERE id = ?`
const DELETE = `UPDATE logged_models SET lifecycle_stage = 'deleted', updated_time = ? WHERE id = ?`
const UPSERT_TAG = `
INSERT INTO logged_model_tags (model_id, key, value) VALUES (?, ?, ?)
ON CONFLICT (model_id, key) DO UPDATE SET value = excluded.value`
const DELETE_TAG = `DELETE FROM logged_model_tags WHERE model_id = ? AND key = ?`
const UPSERT_PARAM = `
INSERT INTO logged_model_params (model_id, key, value) VALUES (?, ?, ?)
ON CONFLICT (model_id, key) DO UPDATE SET value = excluded.value`

const MAX_RESULTS = 1000

/** Models that runs of 3.x clients log, on a SQL database, whatever its dialect. */
export class SqlLoggedModelStore implements LoggedModelStore {
  readonly #database: SqlDatabase

  constructor(database: SqlDatabase) {
    this.#database = database
  }

  async create(model: {
    experimentId: string
    name: string | null
    modelType: string | null
    sourceRunId: string | null
    params: readonly KeyValue[]
    tags: readonly KeyValue[]
    now: number
  }): Promise<LoggedModel> {
    const { experimentId, modelType, sourceRunId, tags, now } = model
    const id = `m-${randomUUID().replaceAll('-', '')}`
    const name = model.name ?? id
    checkLoggedModelName(name)
    const params = model.params.map((param, index) => keptParam(param, `params[${index}].`))
    for (const tag of tags) checkTag(tag, LIMITS.tagValue)
    return this.#database.write(async (sql) => {
      const experiment = await requireActiveExperiment(sql, experimentId)
      const uri = `${artifactLocation(experiment)}/models/${id}/artifacts`
      await sql.run(INSERT, id, experimentId, name, uri, now, now, modelType, sourceRunId)
      for (const { key, value } of params) await sql.run(UPSERT_PARAM, id, key, value)
      for (const { key, value } of tags) await sql.run(UPSERT_TAG, id, key, value)
      return readModel(sql, id)
    })
  }

  get(id: string, allowDeleted = false): Promise<LoggedModel> {
    return this.#database.read((sql) => readModel(sql, id, allowDeleted))
  }

  finalize(id: string, status: LoggedModelStatus, now: number): Promise<LoggedModel> {
    return this.#database.write(async (sql) => {
      await requireModel(sql, id)
      await sql.run(SET_STATUS, status, now, id)
      return readModel(sql, id)
    })
  }

  async delete(id: string, now: number): Promise<void> {
    await this.#database.write(async (sql) => {
      await requireModel(sql, id)
      await sql.run(DELETE, now, id)
    })
  }

  async setTags(id: string, tags: readonly KeyValue[]): Promise<void> {
    for (const tag of tags) checkTag(tag, LIMITS.tagValue)
    await this.#database.write(async (sql) => {
      await requireModel(sql, id)
      for (const { key, value } of tags) await sql.run(UPSERT_TAG, id, key, value)
    })
  }

  async deleteTag(id: string, key: string): Promise<void> {
    await this.#database.write(async (sql) => {
      await requireModel(sql, id)
      if ((await sql.run(DELETE_TAG, id, key)) === 0)
        throw new BellwetherError('TAG_NOT_FOUND', `No tag with key '${key}' found for model with ID '${id}'.`)
    })
  }

  async logParams(id: string, params: readonly KeyValue[]): Promise<void> {
    const kept = params.map((param, index) => keptParam(param, `params[${index}].`))
    await this.#database.write(async (sql) => {
      await requireModel(sql, id)
      for (const { key, value } of kept) await sql.run(UPSERT_PARAM, id, key, value)
    })
  }

  async search(search: LoggedModelSearch): Promise<Page<LoggedModel>> {
    checkMaxResults(search.maxResults, MAX_RESULTS)
    return this.#database.read(async (sql) => {
      const { rows, keys, pin } = await findLoggedModels<ModelRow>(sql, search)
      return pageOf(
        rows,
        search.maxResults,
        (row) => sortValues(row, keys),
        pin,
        (some) => withData(sql, some),
      )
    })
  }
}

async function requireModel(sql: SqlConnection, id: string, allowDeleted = false): Promise<ModelRow> {
  const row = await sql.first<ModelRow & { lifecycle_stage: string }>(SELECT, id)
  if (!row || (row.lifecycle_stage !== 'active' && !allowDeleted))
    throw new BellwetherError('LOGGED_MODEL_NOT_FOUND', `Logged model with ID '${id.slice(0, 80)}' not found.`)
  return row
}

async function readModel(sql: SqlConnection, id: string, allowDeleted = false): Promise<LoggedModel> {
  return (await withData(sql, [await requireModel(sql, id, allowDeleted)]))[0]!
}

async function withData(sql: SqlConnection, rows: readonly ModelRow[]): Promise<LoggedModel[]> {
  const tags = new Map<string, KeyValue[]>()
  const params = new Map<string, KeyValue[]>()
  const metrics = new Map<string, TrackedMetric[]>()
  await inChunks(
    rows.map(({ id }) => id),
    async (ids) => {
      const of = <Row>(columns: string, table: string) =>
        sql.all<Row & { model_id: string }>(
          `SELECT model_id, ${columns} FROM ${table} WHERE model_id IN (${placeholders(ids.length)}) ORDER BY model_id, key`,
          ...ids,
        )
      for (const { model_id, key, value } of await of<KeyValue>('key, value', 'logged_model_tags'))
        addTo(tags, model_id, { key, value })
      for (const { model_id, key, value } of await of<KeyValue>('key, value', 'logged_model_params'))
        addTo(params, model_id, { key, value })
      type Row = {
        key: string
        value: number | null
        step: number
        timestamp: number
        run_id: string
        dataset_name: string
        dataset_digest: string
      }
      for (const row of await of<Row>(
        'key, value, step, timestamp, run_id, dataset_name, dataset_digest',
        'logged_model_metrics',
      )) {
        addTo(metrics, row.model_id, {
          key: row.key,
          value: row.value ?? Number.NaN,
          step: row.step,
          timestamp: row.timestamp,
          modelId: row.model_id,
          runId: row.run_id,
          datasetName: row.dataset_name || null,
          datasetDigest: row.dataset_digest || null,
        })
      }
    },
  )
  return rows.map((row) => ({
    id: row.id,
    experimentId: row.experiment_id,
    name: row.name,
    createdTime: row.created_time,
    updatedTime: row.updated_time,
    artifactUri: row.artifact_uri,
    status: row.status,
    statusMessage: row.status_message,
    modelType: row.model_type,
    sourceRunId: row.source_run_id,
    tags: tags.get(row.id) ?? [],
    params: params.get(row.id) ?? [],
    metrics: metrics.get(row.id) ?? [],
  }))
}
