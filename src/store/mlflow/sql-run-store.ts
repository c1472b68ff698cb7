import { randomUUID } from 'node:crypto'
import { BellwetherError } from '../../errors.ts'
import type {
  DatasetInput,
  KeyValue,
  LifecycleStage,
  ModelOutput,
  Page,
  Search,
  TrackedMetric,
  TrackedRun,
  TrackedRunInfo,
  TrackedRunStatus,
  ViewType,
} from '../../track/mlflow-model.ts'
import { checkLength, invalidParameter, invalidValue, keptTag, LIMITS } from '../../track/mlflow-rules.ts'
import type { RunStore } from '../../track/mlflow-stores.ts'
import { nextNumber } from '../queries/counters.ts'
import { UPSERT_TAG } from '../queries/run-queries.ts'
import type { SqlDatabase } from '../sql-database.ts'
import { historyOfRuns, historyPage, sampledHistory } from './metric-history.ts'
import { checkedBatch, writeTrackedBatch } from './run-log.ts'
import { requireActiveRun, requireRun, runInfo, withEverything } from './run-rows.ts'
import { searchRuns } from './run-search.ts'
import { artifactLocation, checkMaxResults, requireActiveExperiment } from './sql-experiment-store.ts'

const INSERT = `
INSERT INTO runs (id, experiment_id, name, status, start_time, parent_run_id, sequence, user_id, artifact_uri)
VALUES (?, ?, ?, 'RUNNING', ?, ?, ?, ?, ?)`
const UPDATE = `UPDATE runs SET status = ?, end_time = ?, name = ? WHERE id = ?`
const SET_STAGE = `UPDATE runs SET lifecycle_stage = ? WHERE id = ?`
const DELETE_TAG = `DELETE FROM tags WHERE run_id = ? AND key = ?`
const SELECT_TAG = `SELECT value FROM tags WHERE run_id = ? AND key = ?`
const RUN_EXISTS = `SELECT 1 AS found FROM runs WHERE id = ?`
const INSERT_INPUT = `
INSERT INTO dataset_inputs (run_id, name, digest, position, source_type, source, schema_text, profile_text)
SELECT ?, ?, ?, COUNT(*), ?, ?, ?, ? FROM dataset_inputs WHERE run_id = ?
ON CONFLICT (run_id, name, digest) DO NOTHING`
const UPSERT_INPUT_TAG = `
INSERT INTO dataset_input_tags (run_id, name, digest, key, value) VALUES (?, ?, ?, ?, ?)
ON CONFLICT (run_id, name, digest, key) DO UPDATE SET value = excluded.value`
const INSERT_MODEL = `
INSERT INTO run_models (run_id, direction, model_id, step, position)
SELECT ?, ?, ?, ?, COUNT(*) FROM run_models WHERE run_id = ?
ON CONFLICT (run_id, direction, model_id, step) DO NOTHING`

const NAME_TAG = 'mlflow.runName'
const USER_TAG = 'mlflow.user'
const PARENT_TAG = 'mlflow.parentRunId'
const MODEL_HISTORY_TAG = 'mlflow.log-model.history'

const MAX_RESULTS = 50_000
/** As many of a page of a history as MLflow gives. */
const MAX_HISTORY = 25_000

/** Runs of MLflow's clients on a SQL database, whatever its dialect. */
export class SqlRunStore implements RunStore {
  readonly #database: SqlDatabase

  constructor(database: SqlDatabase) {
    this.#database = database
  }

  async create(run: {
    experimentId: string
    userId: string
    name: string | null
    startTime: number
    tags: readonly KeyValue[]
  }): Promise<TrackedRun> {
    const tags = new Map(
      run.tags.map((tag, index) => keptTag(tag, `tags[${index}].`)).map((tag) => [tag.key, tag.value]),
    )
    const tagName = tags.get(NAME_TAG)
    if (run.name && tagName && run.name !== tagName) {
      throw invalidParameter(
        'run_name',
        "Both 'run_name' argument and 'mlflow.runName' tag are specified, but with different values.",
      )
    }
    const name = run.name || tagName || randomRunName()
    tags.set(NAME_TAG, name)
    const id = randomUUID().replaceAll('-', '')
    return this.#database.write(async (sql) => {
      const experiment = await requireActiveExperiment(sql, run.experimentId)
      const parent = tags.get(PARENT_TAG)
      const hasParent = parent !== undefined && (await sql.first(RUN_EXISTS, parent)) !== undefined
      const sequence = await nextNumber(sql, 'runs')
      // A run keeps the place that its experiment had when it began.
      const uri = experiment.artifact_location === null ? null : `${artifactLocation(experiment)}/${id}/artifacts`
      const user = run.userId || tags.get(USER_TAG) || ''
      await sql.run(INSERT, id, run.experimentId, name, run.startTime, hasParent ? parent : null, sequence, user, uri)
      for (const [key, value] of tags) await sql.run(UPSERT_TAG, id, key, value)
      return (await withEverything(sql, [await requireRun(sql, id)]))[0]!
    })
  }

  get(id: string): Promise<TrackedRun> {
    return this.#database.read(async (sql) => (await withEverything(sql, [await requireRun(sql, id)]))[0]!)
  }

  async update(
    id: string,
    change: { status?: TrackedRunStatus; endTime?: number; name?: string },
    now: number,
  ): Promise<TrackedRunInfo> {
    return this.#database.write(async (sql) => {
      const row = await requireActiveRun(sql, id)
      const status = change.status ?? row.status
      const isOver = status !== 'RUNNING' && status !== 'SCHEDULED'
      // A run that goes on again has no end yet; one that is over has one, also where the client names none.
      const endTime = isOver ? (change.endTime ?? row.end_time ?? now) : null
      const name = change.name || row.name
      await sql.run(UPDATE, status, endTime, name, id)
      if (name !== row.name) await sql.run(UPSERT_TAG, id, NAME_TAG, name)
      return runInfo(await requireRun(sql, id))
    })
  }

  async setLifecycle(id: string, stage: LifecycleStage): Promise<void> {
    await this.#database.write(async (sql) => {
      await requireRun(sql, id)
      await sql.run(SET_STAGE, stage, id)
    })
  }

  async log(
    id: string,
    batch: { metrics?: readonly TrackedMetric[]; params?: readonly KeyValue[]; tags?: readonly KeyValue[] },
  ): Promise<void> {
    const checked = checkedBatch(batch)
    await this.#database.write(async (sql) => {
      await requireActiveRun(sql, id)
      await writeTrackedBatch(sql, id, checked)
    })
  }

  async deleteTag(id: string, key: string): Promise<void> {
    await this.#database.write(async (sql) => {
      await requireActiveRun(sql, id)
      if ((await sql.run(DELETE_TAG, id, key)) === 0)
        throw new BellwetherError('TAG_NOT_FOUND', `No tag with name: ${key} in run with id ${id}`)
    })
  }

  async logInputs(id: string, datasets: readonly DatasetInput[], models: readonly string[]): Promise<void> {
    for (const input of datasets) checkDatasetInput(input)
    await this.#database.write(async (sql) => {
      await requireActiveRun(sql, id)
      for (const { dataset, tags } of datasets) {
        const { name, digest, sourceType, source, schema, profile } = dataset
        await sql.run(INSERT_INPUT, id, name, digest, sourceType, source, schema, profile, id)
        for (const { key, value } of tags) await sql.run(UPSERT_INPUT_TAG, id, name, digest, key, value)
      }
      for (const modelId of models) await sql.run(INSERT_MODEL, id, 'input', modelId, 0, id)
    })
  }

  async logOutputs(id: string, models: readonly ModelOutput[]): Promise<void> {
    await this.#database.write(async (sql) => {
      await requireActiveRun(sql, id)
      for (const { modelId, step } of models) await sql.run(INSERT_MODEL, id, 'output', modelId, step, id)
    })
  }

  async recordModel(id: string, model: Readonly<Record<string, unknown>>): Promise<void> {
    await this.#database.write(async (sql) => {
      await requireActiveRun(sql, id)
      const known = (await sql.first<{ value: string }>(SELECT_TAG, id, MODEL_HISTORY_TAG))?.value
      const list: unknown = known === undefined ? [] : JSON.parse(known)
      await sql.run(UPSERT_TAG, id, MODEL_HISTORY_TAG, JSON.stringify([...(Array.isArray(list) ? list : []), model]))
    })
  }

  search(search: Search & { experimentIds: readonly string[]; viewType: ViewType }): Promise<Page<TrackedRun>> {
    checkMaxResults(search.maxResults, MAX_RESULTS)
    return this.#database.read((sql) => searchRuns(sql, search))
  }

  history(
    id: string,
    key: string,
    page: { maxResults: number | null; pageToken?: string | null },
  ): Promise<Page<TrackedMetric>> {
    const maxResults = page.maxResults === null ? null : Math.min(page.maxResults, MAX_HISTORY)
    return this.#database.read(async (sql) => {
      await requireRun(sql, id)
      return historyPage(sql, id, key, { ...page, maxResults })
    })
  }

  historyOfRuns(ids: readonly string[], key: string, maxResults: number): Promise<TrackedMetric[]> {
    return this.#database.read((sql) => historyOfRuns(sql, ids, key, Math.min(maxResults, MAX_HISTORY)))
  }

  sampledHistory(
    ids: readonly string[],
    key: string,
    range: { from: number; to: number } | null,
    maxResults: number,
  ): Promise<TrackedMetric[]> {
    return this.#database.read((sql) => sampledHistory(sql, ids, key, range, maxResults))
  }
}

function checkDatasetInput({ dataset, tags }: DatasetInput): void {
  checkLength('name', dataset.name, LIMITS.datasetName)
  checkLength('digest', dataset.digest, LIMITS.datasetDigest)
  checkLength('source', dataset.source, LIMITS.datasetSource)
  checkLength('schema', dataset.schema ?? '', LIMITS.datasetSchema)
  checkLength('profile', dataset.profile ?? '', LIMITS.datasetProfile)
  if (dataset.name === '') throw invalidValue('name', dataset.name, 'Dataset name cannot be empty.')
  for (const { key, value } of tags) {
    checkLength('key', key, LIMITS.inputTagKey)
    checkLength('value', value, LIMITS.inputTagValue)
  }
}

const FIRST = [
  'amber',
  'brisk',
  'calm',
  'deft',
  'eager',
  'fair',
  'gentle',
  'hale',
  'keen',
  'lucid',
  'merry',
  'noble',
  'quiet',
  'rapid',
  'sunny',
  'wise',
]
const SECOND = [
  'auk',
  'crane',
  'dove',
  'egret',
  'finch',
  'heron',
  'ibis',
  'jay',
  'kite',
  'lark',
  'owl',
  'plover',
  'robin',
  'stork',
  'swift',
  'wren',
]

/** Such as `keen-heron-417`. */
function randomRunName(): string {
  const [first, second, low, high] = crypto.getRandomValues(new Uint8Array(4))
  return `${FIRST[first! % FIRST.length]}-${SECOND[second! % SECOND.length]}-${(low! * 256 + high!) % 1000}`
}
