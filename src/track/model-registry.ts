import type { TrafficPlan } from './traffic-plan.ts'

/**
 * Registered models, their versions and aliases. A version appears with all of its files or not at all. Every change of an alias
 * is also an entry in the ledger, in the same transaction.
 */
export interface ModelRegistry {
  /**
   * Next number, files, aliases and ledger entries in one transaction. Blobs, run and dataset must be in the store already.
   * @throws INVALID_NAME, INVALID_INPUT, BLOB_NOT_FOUND, RUN_NOT_FOUND, DATASET_NOT_FOUND; RUN_FINISHED where it was to end a run that has ended;
   * TRAINING_DATA_ERASED where a person was taken out of the
   * dataset version meanwhile, unless the version is imported
   */
  createVersion(version: NewModelVersion): Promise<ModelVersion>
  models(): Promise<RegisteredModel[]>
  /** @throws MODEL_NOT_FOUND */
  model(name: string): Promise<RegisteredModel>
  /** @throws MODEL_NOT_FOUND, VERSION_NOT_FOUND */
  version(name: string, version: number): Promise<ModelVersion>
  /** Newest first. @throws MODEL_NOT_FOUND */
  versions(name: string): Promise<ModelVersion[]>
  /** @throws MODEL_NOT_FOUND, ALIAS_NOT_FOUND */
  byAlias(name: string, alias: string): Promise<ModelVersion>
  /**
   * Points the alias at a version and writes the ledger; pointing it where it points already changes nothing. A version that a gate refused becomes
   * `champion` only with `override`.
   * @throws MODEL_NOT_FOUND, VERSION_NOT_FOUND, GATES_NOT_PASSED
   */
  setAlias(change: AliasChange): Promise<ModelVersion>
  /**
   * Points the alias at what it pointed at before. A second rollback goes back one more, never forward again (`rollbackTarget` in ledger.ts).
   * With `toVersion` or `toTime`, at a version that it pointed at before, or at what it pointed at then. A version is whole, so its threshold,
   * features, reference profile and sets come back with it; the traffic of that time comes back in the same transaction
   * (`trafficOfRollback` in traffic-history.ts).
   * @throws MODEL_NOT_FOUND, ALIAS_NOT_FOUND, VERSION_NOT_FOUND, NOTHING_TO_ROLL_BACK
   */
  rollback(change: Rollback): Promise<ModelVersion>
  /**
   * Says who answers the model's requests, or with `plan: null` that the champion does, and writes the ledger; the plan that holds already changes
   * nothing. With `expected`, only where that is the plan so far.
   * @throws MODEL_NOT_FOUND, ALIAS_NOT_FOUND, INVALID_INPUT, TRAFFIC_CHANGED
   */
  setTraffic(change: TrafficChange): Promise<RegisteredModel>
  /** Ledger entries of a model, oldest first. @throws MODEL_NOT_FOUND */
  history(name: string): Promise<LedgerEntry[]>
  /** Walks the hash chain; `brokenAt` is the sequence number of the first entry that is not as it was written. */
  verifyLedger(): Promise<{ readonly entries: number; readonly brokenAt: number | null }>
  /** Changes whenever any alias, version or plan of traffic changes, from this process or another: how a server notices. */
  revision(): Promise<number>
}

export interface PackageFile {
  readonly path: string
  readonly hash: string
  readonly sizeBytes: number
}

export interface NewModelVersion {
  /** Made by another installation: it keeps its signature, or has none; this installation's key does not vouch for it. */
  readonly imported?: boolean
  readonly model: string
  readonly runId: string
  /** Its run is RUNNING, and ends as FINISHED at `now` in the same transaction: no run is finished whose version could not be made. */
  readonly endsRun?: boolean
  readonly datasetId: string
  readonly files: readonly PackageFile[]
  /** Metrics on the test rows, for lists. */
  readonly metrics: Readonly<Record<string, number>>
  readonly estimator: string
  readonly aliases: readonly string[]
  /** What the gates said; kept in the ledger. */
  readonly gates?: readonly GateOutcome[]
  readonly actor: string
  readonly reason: string
  readonly now: number
}

export interface ModelVersion {
  readonly model: string
  readonly version: number
  /** '' for a version that an MLflow client registered without a run. */
  readonly runId: string
  /** '' for a version that an MLflow client registered. */
  readonly datasetId: string
  readonly estimator: string
  readonly files: readonly PackageFile[]
  readonly metrics: Readonly<Record<string, number>>
  readonly aliases: readonly string[]
  readonly createdTime: number
  /**
   * Where an MLflow client says that the model is; null for a version of our own. Its `files` are what the client had uploaded there when it
   * registered it: never loaded, unless a reader of packaging/ understands their format.
   */
  readonly source: string | null
}

export interface RegisteredModel {
  readonly name: string
  readonly createdTime: number
  readonly latestVersion: number
  /** alias -> version */
  readonly aliases: Readonly<Record<string, number>>
  /** Who answers its requests; left out where nothing was said. */
  readonly traffic?: TrafficPlan
}

export interface TrafficChange {
  readonly model: string
  readonly plan: TrafficPlan | null
  /** Left out: whatever the plan is so far. */
  readonly expected?: TrafficPlan | null
  readonly actor: string
  readonly reason: string
  readonly now: number
}

export interface AliasChange {
  /** A person's last word over a gate that said no. */
  readonly override?: boolean
  readonly model: string
  readonly alias: string
  readonly version: number
  readonly actor: string
  readonly reason: string
  readonly now: number
}

/** What an entry tells. A new word never changes what older entries say. */
export type LedgerAction =
  | 'version-created'
  | 'alias-set'
  | 'rollback'
  | 'alias-removed'
  | 'stage-set'
  | 'version-deleted'
  | 'model-deleted'
  | 'model-renamed'
  | 'person-erased'
  | 'person-readmitted'
  | 'data-expired'
  | 'traffic-set'
  | 'traffic-removed'

/** One change, chained: `hash` = SHA-256 of the previous entry's hash and this entry's canonical JSON. */
export interface LedgerEntry {
  readonly sequence: number
  readonly time: number
  readonly actor: string
  readonly action: LedgerAction
  readonly model: string
  readonly alias: string | null
  readonly from: number | null
  readonly to: number | null
  readonly reason: string
  /** What the gates said of the version that was made; left out where there are none. */
  readonly gates?: readonly GateOutcome[]
  /** How the plan of traffic changed; left out where it did not. */
  readonly traffic?: { readonly from: TrafficPlan | null; readonly to: TrafficPlan | null }
  readonly previousHash: string
  readonly hash: string
}

/** What one gate said of a version. */
export interface GateOutcome {
  readonly metric: string
  readonly value: number | null
  readonly expected: string
  readonly passed: boolean
}

/** A rollback: to what the alias pointed at before, to a version, or to what it pointed at at a time. */
export interface Rollback extends Omit<AliasChange, 'version' | 'override'> {
  readonly toVersion?: number
  /** In milliseconds. */
  readonly toTime?: number
}
