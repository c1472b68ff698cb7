import type {
  ArtifactEntry,
  DatasetInput,
  KeyValue,
  LifecycleStage,
  LoggedModel,
  LoggedModelStatus,
  ModelOutput,
  Page,
  Search,
  StoredArtifact,
  TrackedExperiment,
  TrackedMetric,
  TrackedModel,
  TrackedRun,
  TrackedRunInfo,
  TrackedRunStatus,
  TrackedVersion,
  ViewType,
} from './mlflow-model.ts'

/** What a tracking server for MLflow's clients stands on. Whatever resolved is on disk. Names are MLflow's (mlflow-rules.ts). */
export interface MlflowStores {
  readonly experiments: ExperimentStore
  readonly runs: RunStore
  readonly loggedModels: LoggedModelStore
  readonly registry: MlflowRegistry
  readonly artifacts: ArtifactStore
}

export interface ExperimentStore {
  /** @returns its id. @throws ALREADY_EXISTS, INVALID_INPUT */
  create(experiment: {
    name: string
    artifactLocation?: string | null
    tags: readonly KeyValue[]
    now: number
  }): Promise<string>
  /** Deleted ones too. @throws EXPERIMENT_NOT_FOUND */
  byId(id: string): Promise<TrackedExperiment>
  /** @throws EXPERIMENT_NOT_FOUND */
  byName(name: string): Promise<TrackedExperiment>
  /** @throws EXPERIMENT_NOT_FOUND, NOT_ACTIVE, ALREADY_EXISTS */
  rename(id: string, name: string, now: number): Promise<void>
  /** Its runs go with it, both ways. @throws EXPERIMENT_NOT_FOUND */
  setLifecycle(id: string, stage: LifecycleStage, now: number): Promise<void>
  setTag(id: string, tag: KeyValue, now: number): Promise<void>
  /** @throws TAG_NOT_FOUND */
  deleteTag(id: string, key: string, now: number): Promise<void>
  search(search: Search & { viewType: ViewType }): Promise<Page<TrackedExperiment>>
  /** Datasets that went into runs of these experiments, newest runs first. */
  datasets(
    ids: readonly string[],
    limit: number,
  ): Promise<{ experimentId: string; name: string; digest: string; context: string | null }[]>
}

export interface RunStore {
  create(run: {
    experimentId: string
    userId: string
    name: string | null
    startTime: number
    tags: readonly KeyValue[]
  }): Promise<TrackedRun>
  /** Deleted ones too. @throws RUN_NOT_FOUND */
  get(id: string): Promise<TrackedRun>
  update(
    id: string,
    change: { status?: TrackedRunStatus; endTime?: number; name?: string },
    now: number,
  ): Promise<TrackedRunInfo>
  setLifecycle(id: string, stage: LifecycleStage): Promise<void>
  /** All or nothing. A finished run takes more; a deleted one does not. @throws RUN_NOT_FOUND, NOT_ACTIVE, PARAM_CHANGED */
  log(
    id: string,
    batch: { metrics?: readonly TrackedMetric[]; params?: readonly KeyValue[]; tags?: readonly KeyValue[] },
  ): Promise<void>
  /** @throws TAG_NOT_FOUND */
  deleteTag(id: string, key: string): Promise<void>
  logInputs(id: string, datasets: readonly DatasetInput[], models: readonly string[]): Promise<void>
  logOutputs(id: string, models: readonly ModelOutput[]): Promise<void>
  /** Adds what a 2.x client says of a model to the tag that its other calls read. */
  recordModel(id: string, model: Readonly<Record<string, unknown>>): Promise<void>
  search(search: Search & { experimentIds: readonly string[]; viewType: ViewType }): Promise<Page<TrackedRun>>
  /** By time, step, value. `maxResults` null: all. @throws RUN_NOT_FOUND */
  history(
    id: string,
    key: string,
    page: { maxResults: number | null; pageToken?: string | null },
  ): Promise<Page<TrackedMetric>>
  /** Of several runs in the order of their ids; runs that are not there have none. */
  historyOfRuns(ids: readonly string[], key: string, maxResults: number): Promise<TrackedMetric[]>
  /** As many steps of each run as asked for, spread evenly, its first and last among them. */
  sampledHistory(
    ids: readonly string[],
    key: string,
    range: { from: number; to: number } | null,
    maxResults: number,
  ): Promise<TrackedMetric[]>
}

export interface LoggedModelStore {
  create(model: {
    experimentId: string
    name: string | null
    modelType: string | null
    sourceRunId: string | null
    params: readonly KeyValue[]
    tags: readonly KeyValue[]
    now: number
  }): Promise<LoggedModel>
  /** @throws LOGGED_MODEL_NOT_FOUND */
  get(id: string, allowDeleted?: boolean): Promise<LoggedModel>
  finalize(id: string, status: LoggedModelStatus, now: number): Promise<LoggedModel>
  delete(id: string, now: number): Promise<void>
  setTags(id: string, tags: readonly KeyValue[]): Promise<void>
  deleteTag(id: string, key: string): Promise<void>
  logParams(id: string, params: readonly KeyValue[]): Promise<void>
  search(
    search: Omit<Search, 'orderBy'> & {
      experimentIds: readonly string[]
      datasets?: readonly { name: string; digest: string | null }[]
      orderBy?: readonly {
        field: string
        ascending: boolean
        datasetName: string | null
        datasetDigest: string | null
      }[]
    },
  ): Promise<Page<LoggedModel>>
}

/** Who changes the registry, for the ledger. */
export interface RegistryActor {
  readonly actor: string
  readonly now: number
}

export interface MlflowRegistry {
  createModel(
    model: { name: string; description: string | null; tags: readonly KeyValue[] },
    by: RegistryActor,
  ): Promise<TrackedModel>
  /** @throws MODEL_NOT_FOUND */
  model(name: string): Promise<TrackedModel>
  describeModel(name: string, description: string | null, by: RegistryActor): Promise<TrackedModel>
  renameModel(name: string, newName: string, by: RegistryActor): Promise<TrackedModel>
  /** With its versions and aliases; the ledger keeps what was. */
  deleteModel(name: string, by: RegistryActor): Promise<void>
  setModelTag(name: string, tag: KeyValue): Promise<void>
  deleteModelTag(name: string, key: string): Promise<void>
  searchModels(search: Search): Promise<Page<TrackedModel>>
  createVersion(
    version: {
      model: string
      source: string
      storageLocation: string | null
      runId: string | null
      description: string | null
      runLink: string | null
      modelId: string | null
      tags: readonly KeyValue[]
      /** What the source holds now: a version keeps it, whatever is uploaded there later. */
      files: readonly StoredArtifact[]
    },
    by: RegistryActor,
  ): Promise<TrackedVersion>
  /** @throws MODEL_NOT_FOUND, VERSION_NOT_FOUND */
  version(model: string, version: number): Promise<TrackedVersion>
  describeVersion(
    model: string,
    version: number,
    description: string | null,
    by: RegistryActor,
  ): Promise<TrackedVersion>
  deleteVersion(model: string, version: number, by: RegistryActor): Promise<void>
  setVersionTag(model: string, version: number, tag: KeyValue): Promise<void>
  deleteVersionTag(model: string, version: number, key: string): Promise<void>
  setStage(
    change: { model: string; version: number; stage: string; archiveExisting: boolean },
    by: RegistryActor,
  ): Promise<TrackedVersion>
  /** The newest of each stage, or of these stages. */
  latestVersions(model: string, stages: readonly string[]): Promise<TrackedVersion[]>
  searchVersions(search: Search): Promise<Page<TrackedVersion>>
  setAlias(model: string, alias: string, version: number, by: RegistryActor): Promise<void>
  /** An alias that is not there is no error. */
  deleteAlias(model: string, alias: string, by: RegistryActor): Promise<void>
  /** @throws ALIAS_NOT_FOUND; `latest` is the newest version. */
  byAlias(model: string, alias: string): Promise<TrackedVersion>
  /** Where a version's files are. */
  downloadUri(model: string, version: number): Promise<string>
}

/** A part of an upload; numbers begin at 1. */
export interface UploadedPart {
  readonly number: number
  readonly hash: string
  readonly sizeBytes: number
}

export interface ArtifactUpload {
  readonly path: string
  /** It has become an artifact. */
  readonly whole: boolean
  readonly parts: readonly UploadedPart[]
}

/**
 * Files by path, as MLflow's clients put them through the server: `<experiment>/<run>/artifacts/<path>`, which are the run's own artifacts,
 * `<experiment>/models/<model id>/artifacts/<path>`, or any other. A path is a name: content is found by its hash.
 */
export interface ArtifactStore {
  /** The blob has to be there already. A path that is put again holds the newer content. */
  put(artifact: StoredArtifact): Promise<void>
  /** @throws ARTIFACT_NOT_FOUND */
  get(path: string): Promise<StoredArtifact>
  /** What lies directly in a folder, by name; a path that is a file lists nothing. */
  list(folder: string): Promise<ArtifactEntry[]>
  /** Every file below a folder. */
  below(folder: string): Promise<StoredArtifact[]>
  /** A file, or all that is below a folder. */
  delete(path: string): Promise<number>
  /** Starts an upload in parts. @returns its id. @throws INVALID_INPUT for a path that nothing can be put at */
  beginUpload(path: string, now: number): Promise<string>
  /** Its parts in the order of their numbers. @throws ARTIFACT_NOT_FOUND */
  upload(id: string): Promise<ArtifactUpload>
  /** @returns the hash of the part of this number that it replaces, or null. @throws ARTIFACT_NOT_FOUND, also once the upload is whole */
  putPart(uploadId: string, part: UploadedPart): Promise<string | null>
  /** In one step: the artifact appears, and the upload is whole. */
  finishUpload(uploadId: string, artifact: StoredArtifact): Promise<void>
  /** Counts its age from now. */
  prolongUpload(id: string, now: number): Promise<void>
  /** Forgets an upload and its parts; contents are the caller's to delete. */
  endUpload(uploadId: string): Promise<void>
  /** Uploads that began before a time, whole ones too. */
  staleUploads(before: number): Promise<string[]>
  /** A secret of this installation, made at the first call, the same in every process. */
  secret(name: string): Promise<string>
}
