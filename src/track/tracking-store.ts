/**
 * What happened: experiments, runs, params, metrics, tags, artifacts, the datasets that went in. The words are MLflow's.
 * Times are milliseconds since 1970-01-01 UTC. Every method that resolves has saved what it was given: it survives `kill -9`.
 */
export interface TrackingStore {
  /** The experiment of that name, made if there is none. */
  ensureExperiment(name: string, now: number): Promise<Experiment>
  experiments(): Promise<Experiment[]>

  createRun(run: NewRun): Promise<Run>
  /** All or nothing. A param is written once: another value for the same key is PARAM_CHANGED. @throws RUN_NOT_FOUND, RUN_FINISHED */
  logBatch(runId: string, batch: RunBatch): Promise<void>
  /** A finished run with its data in one transaction: how a trial is recorded. @throws DATASET_NOT_FOUND, BLOB_NOT_FOUND */
  recordRun(run: RecordedRun): Promise<Run>
  logArtifact(runId: string, artifact: Artifact): Promise<void>
  logDataset(runId: string, datasetId: string, context: DatasetContext): Promise<void>
  finishRun(runId: string, status: Exclude<RunStatus, 'RUNNING' | 'SCHEDULED'>, endTime: number): Promise<void>
  /** Marks RUNNING runs as KILLED whose process (tag `bellwether.process`) is gone. Returns how many. */
  reapRuns(isAlive: (process: string) => boolean, now: number): Promise<number>

  /** @throws RUN_NOT_FOUND; `id` may be an unambiguous prefix of at least 6 characters. */
  run(id: string): Promise<RunDetail>
  /** Newest first. */
  runs(query: RunQuery): Promise<Run[]>
  metricHistory(runId: string, key: string): Promise<Metric[]>
}

export type RunStatus = 'RUNNING' | 'SCHEDULED' | 'FINISHED' | 'FAILED' | 'KILLED'
export type DatasetContext = 'training' | 'validation' | 'test' | 'monitoring'

export interface Experiment {
  readonly id: string
  readonly name: string
  readonly createdTime: number
}

export interface NewRun {
  readonly experimentId: string
  readonly name: string
  readonly startTime: number
  /** A trial's run is a child of the search's. */
  readonly parentRunId?: string
  readonly tags?: Readonly<Record<string, string>>
}

export interface Metric {
  readonly key: string
  readonly value: number
  readonly step: number
  readonly timestamp: number
}

export interface RunBatch {
  readonly params?: Readonly<Record<string, string>>
  readonly metrics?: readonly Metric[]
  readonly tags?: Readonly<Record<string, string>>
}

/** A run that is over when it is written down. */
export interface RecordedRun extends NewRun, RunBatch {
  readonly status: RunStatus
  readonly endTime: number
  readonly datasets?: readonly RunDataset[]
  readonly artifacts?: readonly Artifact[]
}

/** A dataset version that a run used. */
export interface RunDataset {
  readonly id: string
  readonly context: DatasetContext
}

export interface Artifact {
  /** Path inside the run's artifacts, such as `figures/roc.svg`; names are data, never paths on disk. */
  readonly path: string
  /** SHA-256 of the content, `sha256:<hex>`, found in the blob store. */
  readonly hash: string
  readonly sizeBytes: number
  readonly mediaType: string
}

export interface Run {
  readonly id: string
  readonly experimentId: string
  readonly name: string
  readonly status: RunStatus
  readonly startTime: number
  readonly endTime: number | null
  readonly parentRunId: string | null
  readonly tags: Readonly<Record<string, string>>
  readonly params: Readonly<Record<string, string>>
  /** Last value of each metric (largest step, then newest). */
  readonly metrics: Readonly<Record<string, number>>
}

export interface RunDetail extends Run {
  readonly artifacts: readonly Artifact[]
  readonly datasets: readonly RunDataset[]
}

export interface RunQuery {
  readonly experiment?: string
  /** null: only runs without a parent; a run id: only its children; left out: all. */
  readonly parentRunId?: string | null
  readonly status?: RunStatus
  readonly limit?: number
}
