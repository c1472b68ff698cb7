import { randomUUID } from 'node:crypto'
import { BellwetherError } from '../errors.ts'
import type { BlobStore } from '../track/blob-store.ts'
import { checkName } from '../track/names.ts'
import type {
  Artifact,
  DatasetContext,
  Experiment,
  Metric,
  NewRun,
  RecordedRun,
  Run,
  RunBatch,
  RunDataset,
  RunDetail,
  RunQuery,
  RunStatus,
  TrackingStore,
} from '../track/tracking-store.ts'
import {
  type ArtifactRow,
  INSERT_RUN_DATASET,
  type RunDatasetRow,
  SELECT_ARTIFACTS,
  SELECT_RUN_DATASETS,
  UPSERT_ARTIFACT,
} from './queries/artifact-queries.ts'
import { nextNumber } from './queries/counters.ts'
import { DATASET_EXISTS } from './queries/dataset-queries.ts'
import {
  ACTIVATE_EXPERIMENT,
  type ExperimentRow,
  INSERT_EXPERIMENT,
  SELECT_EXPERIMENT_BY_ID,
  SELECT_EXPERIMENT_BY_NAME,
  SELECT_EXPERIMENTS,
} from './queries/experiment-queries.ts'
import { type MetricRow, SELECT_METRIC_HISTORY } from './queries/metric-queries.ts'
import {
  FINISH_RUN,
  INSERT_RUN,
  type RunRow,
  SELECT_RUN,
  SELECT_RUN_IDS_BY_PREFIX,
  SELECT_RUNNING_PROCESSES,
  selectRuns,
} from './queries/run-queries.ts'
import { requireBlob, requireInteger } from './required-blob.ts'
import { checkBatch, writeBatch } from './run-batch.ts'
import { withRunData } from './run-data.ts'
import type { SqlConnection, SqlDatabase } from './sql-database.ts'

/** Tag that names the process of a run, as `reapRuns` reads it. */
const PROCESS_TAG = 'bellwether.process'

const MIN_PREFIX = 6
/** 32 hex digits, like MLflow's. */
const RUN_ID_PREFIX = /^[0-9a-f]{6,32}$/

/** Tracking on a SQL database, whatever its dialect. */
export class SqlTrackingStore implements TrackingStore {
  readonly #database: SqlDatabase
  readonly #blobs: BlobStore

  constructor(database: SqlDatabase, blobs: BlobStore) {
    this.#database = database
    this.#blobs = blobs
  }

  async ensureExperiment(name: string, now: number): Promise<Experiment> {
    checkName('experiment', name)
    requireInteger(now, 'now')
    const known = await this.#database.read((sql) =>
      sql.first<ExperimentRow & { lifecycle_stage: string }>(SELECT_EXPERIMENT_BY_NAME, name),
    )
    if (known?.lifecycle_stage === 'active') return experimentOf(known)
    return this.#database.write(async (sql) => {
      const meanwhile = await sql.first<ExperimentRow & { lifecycle_stage: string }>(SELECT_EXPERIMENT_BY_NAME, name)
      if (meanwhile) {
        await sql.run(ACTIVATE_EXPERIMENT, now, meanwhile.id)
        return experimentOf(meanwhile)
      }
      const sequence = await nextNumber(sql, 'experiments')
      await sql.run(INSERT_EXPERIMENT, String(sequence), name, now, now, sequence)
      return { id: String(sequence), name, createdTime: now }
    })
  }

  async experiments(): Promise<Experiment[]> {
    const rows = await this.#database.read((sql) => sql.all<ExperimentRow>(SELECT_EXPERIMENTS))
    return rows.map(experimentOf)
  }

  async createRun(run: NewRun): Promise<Run> {
    return this.#insertRun(run, 'RUNNING', null, { tags: run.tags ?? {} })
  }

  async recordRun(run: RecordedRun): Promise<Run> {
    requireInteger(run.endTime, 'endTime')
    for (const artifact of run.artifacts ?? []) await this.#checkArtifact(artifact)
    const endTime = run.status === 'RUNNING' ? null : run.endTime
    return this.#insertRun(run, run.status, endTime, run, run.datasets, run.artifacts)
  }

  async logBatch(runId: string, batch: RunBatch): Promise<void> {
    checkBatch(batch)
    await this.#database.write(async (sql) => {
      await requireRunning(sql, runId)
      await writeBatch(sql, runId, batch)
    })
  }

  async logArtifact(runId: string, artifact: Artifact): Promise<void> {
    await this.#checkArtifact(artifact)
    await this.#database.write(async (sql) => {
      await requireRunning(sql, runId)
      await writeArtifact(sql, runId, artifact)
    })
  }

  async logDataset(runId: string, datasetId: string, context: DatasetContext): Promise<void> {
    await this.#database.write(async (sql) => {
      await requireRunning(sql, runId)
      await writeRunDataset(sql, runId, { id: datasetId, context })
    })
  }

  async finishRun(runId: string, status: Exclude<RunStatus, 'RUNNING' | 'SCHEDULED'>, endTime: number): Promise<void> {
    requireInteger(endTime, 'endTime')
    await this.#database.write(async (sql) => {
      const run = await requireRun(sql, runId)
      // The same end once more is a repeated request, not a change.
      if (run.status === status && run.end_time === endTime) return
      refuseFinished(run)
      await sql.run(FINISH_RUN, status, endTime, runId)
    })
  }

  async reapRuns(isAlive: (process: string) => boolean, now: number): Promise<number> {
    requireInteger(now, 'now')
    const running = await this.#database.read((sql) =>
      sql.all<{ id: string; process: string }>(SELECT_RUNNING_PROCESSES, PROCESS_TAG),
    )
    const dead = running.filter(({ process }) => !isAlive(process))
    if (dead.length === 0) return 0
    return this.#database.write(async (sql) => {
      let reaped = 0
      for (const { id } of dead) reaped += await sql.run(FINISH_RUN, 'KILLED', now, id)
      return reaped
    })
  }

  async run(id: string): Promise<RunDetail> {
    return this.#database.read(async (sql) => {
      const fullId = await fullRunId(sql, id)
      const row = (await sql.first<RunRow>(SELECT_RUN, fullId))!
      const [run] = await withRunData(sql, [row])
      const artifacts = await sql.all<ArtifactRow>(SELECT_ARTIFACTS, fullId)
      const datasets = await sql.all<RunDatasetRow>(SELECT_RUN_DATASETS, fullId)
      return {
        ...run!,
        artifacts: artifacts.map((artifact) => ({
          path: artifact.path,
          hash: artifact.hash,
          sizeBytes: artifact.size_bytes,
          mediaType: artifact.media_type,
        })),
        datasets: datasets.map(({ dataset_id, context }) => ({ id: dataset_id, context })),
      }
    })
  }

  async runs(query: RunQuery): Promise<Run[]> {
    if (query.limit !== undefined) requireInteger(query.limit, 'limit')
    const { sql: select, values } = selectRuns(query)
    return this.#database.read(async (sql) => withRunData(sql, await sql.all<RunRow>(select, ...values)))
  }

  async metricHistory(runId: string, key: string): Promise<Metric[]> {
    const rows = await this.#database.read(async (sql) => {
      await requireRun(sql, runId)
      return sql.all<MetricRow>(SELECT_METRIC_HISTORY, runId, key)
    })
    return rows.map(({ step, timestamp, value }) => ({ key, value: value ?? Number.NaN, step, timestamp }))
  }

  /** @throws INVALID_INPUT, BLOB_NOT_FOUND */
  async #checkArtifact({ path, hash, sizeBytes }: Artifact): Promise<void> {
    checkArtifactPath(path)
    requireInteger(sizeBytes, 'sizeBytes')
    await requireBlob(this.#blobs, hash, `Artifact "${path}"`)
  }

  async #insertRun(
    run: NewRun,
    status: RunStatus,
    endTime: number | null,
    batch: RunBatch,
    datasets: readonly RunDataset[] = [],
    artifacts: readonly Artifact[] = [],
  ): Promise<Run> {
    requireInteger(run.startTime, 'startTime')
    checkBatch(batch)
    const id = randomUUID().replaceAll('-', '')
    return this.#database.write(async (sql) => {
      if (!(await sql.first(SELECT_EXPERIMENT_BY_ID, run.experimentId))) {
        throw new BellwetherError(
          'EXPERIMENT_NOT_FOUND',
          `There is no experiment with id ${JSON.stringify(run.experimentId)}.`,
        )
      }
      if (run.parentRunId !== undefined) await requireRun(sql, run.parentRunId)
      const sequence = await nextNumber(sql, 'runs')
      await sql.run(
        INSERT_RUN,
        id,
        run.experimentId,
        run.name,
        status,
        run.startTime,
        endTime,
        run.parentRunId ?? null,
        sequence,
      )
      await writeBatch(sql, id, batch)
      for (const dataset of datasets) await writeRunDataset(sql, id, dataset)
      for (const artifact of artifacts) await writeArtifact(sql, id, artifact)
      const row = (await sql.first<RunRow>(SELECT_RUN, id))!
      return (await withRunData(sql, [row]))[0]!
    })
  }
}

const experimentOf = (row: ExperimentRow): Experiment => ({ id: row.id, name: row.name, createdTime: row.created_time })

async function requireRun(sql: SqlConnection, runId: string): Promise<RunRow> {
  const row = await sql.first<RunRow>(SELECT_RUN, runId)
  if (!row) throw new BellwetherError('RUN_NOT_FOUND', `There is no run ${JSON.stringify(runId.slice(0, 80))}.`)
  return row
}

/** @throws DATASET_NOT_FOUND */
async function writeRunDataset(sql: SqlConnection, runId: string, { id, context }: RunDataset): Promise<void> {
  if (!(await sql.first(DATASET_EXISTS, id)))
    throw new BellwetherError('DATASET_NOT_FOUND', `There is no dataset version ${id}.`)
  await sql.run(INSERT_RUN_DATASET, runId, id, context)
}

async function writeArtifact(sql: SqlConnection, runId: string, artifact: Artifact): Promise<void> {
  await sql.run(UPSERT_ARTIFACT, runId, artifact.path, artifact.hash, artifact.sizeBytes, artifact.mediaType)
}

async function requireRunning(sql: SqlConnection, runId: string): Promise<void> {
  refuseFinished(await requireRun(sql, runId))
}

function refuseFinished(run: RunRow): void {
  if (run.status !== 'RUNNING') throw new BellwetherError('RUN_FINISHED', `Run ${run.id} ended as ${run.status}.`)
}

async function fullRunId(sql: SqlConnection, prefix: string): Promise<string> {
  const shown = JSON.stringify(prefix.slice(0, 80))
  if (!RUN_ID_PREFIX.test(prefix)) {
    throw new BellwetherError(
      'RUN_NOT_FOUND',
      `There is no run ${shown}: an id is 32 digits 0-9 and a-f; its first ${MIN_PREFIX} are enough.`,
    )
  }
  // 'g' follows on the last digit that an id may have.
  const found = await sql.all<{ id: string }>(SELECT_RUN_IDS_BY_PREFIX, prefix, `${prefix}g`)
  if (found.length > 1) throw new BellwetherError('ID_AMBIGUOUS', `Several runs begin with ${shown}.`)
  if (found.length === 0) throw new BellwetherError('RUN_NOT_FOUND', `There is no run ${shown}.`)
  return found[0]!.id
}

const ARTIFACT_PATH = /^(?!\/)(?!.*(?:^|\/)\.{0,2}(?:\/|$))[^\\\p{Cc}]{1,500}$/u

/** A path of an artifact is a name, never used on disk; still it may not look like a way out, for those who download a run. */
function checkArtifactPath(path: string): void {
  if (ARTIFACT_PATH.test(path)) return
  const message = 'expected 1 to 500 characters in parts joined by "/", none of them empty, "." or ".."'
  throw new BellwetherError('INVALID_INPUT', `artifact.path: ${message}.`, {
    details: [{ path: 'artifact.path', message }],
  })
}
