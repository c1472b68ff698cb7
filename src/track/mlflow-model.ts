/**
 * What MLflow's clients keep with a tracking server, in its words. Wider than `TrackingStore` and `ModelRegistry`, which the pipeline and the
 * command line use, and kept in the same tables: what one side writes, the other sees. Times are milliseconds since 1970-01-01 UTC.
 */

export type LifecycleStage = 'active' | 'deleted'
export type ViewType = 'ACTIVE_ONLY' | 'DELETED_ONLY' | 'ALL'
export type TrackedRunStatus = 'RUNNING' | 'SCHEDULED' | 'FINISHED' | 'FAILED' | 'KILLED'

export interface KeyValue {
  readonly key: string
  readonly value: string
}

export interface TrackedExperiment {
  readonly id: string
  readonly name: string
  readonly artifactLocation: string
  readonly lifecycleStage: LifecycleStage
  readonly createdTime: number
  readonly updatedTime: number
  readonly tags: readonly KeyValue[]
}

/** A value of a metric. `value` may be NaN or infinite. */
export interface TrackedMetric {
  readonly key: string
  readonly value: number
  readonly timestamp: number
  readonly step: number
  readonly modelId?: string | null
  readonly datasetName?: string | null
  readonly datasetDigest?: string | null
  readonly runId?: string
}

export interface TrackedRunInfo {
  readonly id: string
  readonly name: string
  readonly experimentId: string
  readonly userId: string
  readonly status: TrackedRunStatus
  readonly startTime: number
  readonly endTime: number | null
  readonly artifactUri: string
  readonly lifecycleStage: LifecycleStage
}

/** A dataset as a client describes it; its content is not held here. */
export interface DescribedDataset {
  readonly name: string
  readonly digest: string
  readonly sourceType: string
  readonly source: string
  readonly schema: string | null
  readonly profile: string | null
}

export interface DatasetInput {
  readonly dataset: DescribedDataset
  readonly tags: readonly KeyValue[]
}

export interface ModelOutput {
  readonly modelId: string
  readonly step: number
}

export interface TrackedRun {
  readonly info: TrackedRunInfo
  readonly metrics: readonly TrackedMetric[]
  readonly params: readonly KeyValue[]
  readonly tags: readonly KeyValue[]
  readonly datasetInputs: readonly DatasetInput[]
  readonly modelInputs: readonly string[]
  readonly modelOutputs: readonly ModelOutput[]
}

export type LoggedModelStatus = 'LOGGED_MODEL_PENDING' | 'LOGGED_MODEL_READY' | 'LOGGED_MODEL_UPLOAD_FAILED'

export interface LoggedModel {
  readonly id: string
  readonly experimentId: string
  readonly name: string
  readonly createdTime: number
  readonly updatedTime: number
  readonly artifactUri: string
  readonly status: LoggedModelStatus
  readonly statusMessage: string | null
  readonly modelType: string | null
  readonly sourceRunId: string | null
  readonly tags: readonly KeyValue[]
  readonly params: readonly KeyValue[]
  readonly metrics: readonly TrackedMetric[]
}

export interface ModelAlias {
  readonly alias: string
  readonly version: number
}

export interface TrackedModel {
  readonly name: string
  readonly createdTime: number
  readonly updatedTime: number
  readonly description: string | null
  readonly tags: readonly KeyValue[]
  readonly aliases: readonly ModelAlias[]
  /** The newest version of each stage. */
  readonly latestVersions: readonly TrackedVersion[]
}

export const STAGES = ['None', 'Staging', 'Production', 'Archived'] as const
export type Stage = (typeof STAGES)[number]

export interface TrackedVersion {
  readonly model: string
  readonly version: number
  readonly createdTime: number
  readonly updatedTime: number
  readonly userId: string | null
  readonly stage: Stage
  readonly description: string | null
  readonly source: string
  readonly runId: string | null
  readonly status: 'PENDING_REGISTRATION' | 'FAILED_REGISTRATION' | 'READY'
  readonly statusMessage: string | null
  readonly runLink: string | null
  readonly modelId: string | null
  readonly tags: readonly KeyValue[]
  readonly aliases: readonly string[]
}

/** A file in the artifact store, or a folder of such. `path` is relative to what was listed. */
export interface ArtifactEntry {
  readonly path: string
  readonly isFolder: boolean
  readonly sizeBytes: number | null
}

/** A file in the artifact store; its content is the blob of that hash. */
export interface StoredArtifact {
  readonly path: string
  readonly hash: string
  readonly sizeBytes: number
  readonly mediaType: string
}

export interface Page<Item> {
  readonly items: readonly Item[]
  /** null: this was the last page. */
  readonly nextPageToken: string | null
}

/** A search: a filter in the grammar of track/search/, an order, and a page. */
export interface Search {
  readonly filter?: string
  readonly orderBy?: readonly string[]
  readonly maxResults: number
  readonly pageToken?: string | null
}
