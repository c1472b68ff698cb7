import type { ChunkIndex } from '../data/versions/chunk-index.ts'
import type { PackageSource } from '../packaging/read-package.ts'
import type { AuditLog, KeyStore } from '../security/key-store.ts'
import type { TokenVerifierOptions } from '../security/token-verifier.ts'
import type { EventCollector } from '../serve/cloud-events/event-collector.ts'
import type { ExtractionSettings } from '../serve/extraction/extraction-settings.ts'
import type { OutcomeStore } from '../serve/outcomes/outcome-store.ts'
import type { LogSecrets } from '../serve/prediction-log/make-entries.ts'
import type { PredictionLog } from '../serve/prediction-log/prediction-log.ts'
import type { BlobStore } from '../track/blob-store.ts'
import type { DatasetStore } from '../track/dataset-store.ts'
import type { LineageStore } from '../track/lineage/lineage.ts'
import type { MlflowStores } from '../track/mlflow-stores.ts'
import type { ModelRegistry } from '../track/model-registry.ts'
import type { TrackingStore } from '../track/tracking-store.ts'
import type { AuthenticationMode } from './authentication.ts'
import type { DataWorker } from './data-worker.ts'
import type { Deprecations } from './deprecations.ts'
import type { LogSink } from './logger.ts'
import type { PersonEraser } from './person-eraser.ts'
import type { MakeAgain } from './reproductions.ts'
import type { TlsFiles } from './tls.ts'
import type { Tracing } from './tracing.ts'

/** What the server reads from and writes to; `openHome` gives one. */
export interface ServerStores {
  readonly tracking: TrackingStore
  readonly datasets: DatasetStore
  readonly chunks: ChunkIndex
  readonly models: ModelRegistry
  readonly lineage: LineageStore
  readonly blobs: BlobStore
  readonly mlflow: MlflowStores
  readonly outcomes: OutcomeStore
  readonly keys: KeyStore
  readonly audit: AuditLog
}

/** Everything the server is handed at start; it opens nothing by itself. */
export interface ServerOptions {
  readonly stores: ServerStores
  /** Milliseconds since 1970-01-01 UTC. */
  readonly clock: () => number
  /** A new identifier, unique and sortable by time, for predictions and requests. */
  readonly newId: () => string
  /** Folder of the built dashboard; a page that says how to build it where it holds none. */
  readonly dashboardFolder: string
  readonly host: string
  /** 0: any free port. */
  readonly port: number
  /** HTTPS, with HTTP/2; plain HTTP where left out. */
  readonly tls?: TlsFiles
  /** Names beside loopback's that a Host header may carry. */
  readonly allowedHosts?: readonly string[]
  /** Addresses and networks (CIDR) of proxies whose `X-Forwarded-For` is believed; none where left out. */
  readonly trustedProxies?: readonly string[]
  /** `auto` where left out: on beyond loopback, and as soon as there is a key or an identity provider. */
  readonly authentication?: AuthenticationMode
  /** Keys as hashes, as `BELLWETHER_API_KEYS` holds them. */
  readonly environmentKeys?: string
  /** Bearer tokens of an identity provider. */
  readonly tokens?: Omit<TokenVerifierOptions, 'clock'>
  /** Model of `POST /predict`; the only one where left out. */
  readonly defaultModel?: string
  /** Flat paths that say on every answer that they are on their way out. */
  readonly deprecations?: Deprecations
  /** Where model packages are read; from the stores' blobs where left out. Who opened it closes it. */
  readonly packages?: PackageSource
  /** Where predictions are kept; nowhere where left out. Who opened it closes it. */
  readonly predictionLog?: PredictionLog & LogSecrets
  /** Where predictions go as events; nowhere where left out. Who opened it closes it. */
  readonly cloudEvents?: EventCollector
  /** Takes persons out of what is kept, in a process of its own; where left out, nobody can ask for it. */
  readonly eraser?: PersonEraser
  /** Makes a run again in a process of its own; where left out, nobody can ask for it. */
  readonly makeAgain?: MakeAgain
  /** Reads tables into versions, and sends versions away, in processes of their own; where left out, nobody can ask for it. */
  readonly dataWorker?: DataWorker
  /** How callers who copy models are watched; with the defaults where left out. */
  readonly extraction?: ExtractionSettings
  /** Where traces go; nowhere where left out. Who opened it closes it. */
  readonly tracing?: Tracing
  /** Where log lines go; standard error where left out. */
  readonly log?: LogSink
  /** Lines that `log` could not take. */
  readonly droppedLogLines?: () => number
  readonly logLevel?: 'debug' | 'info' | 'warn' | 'error' | 'silent'
  readonly limits?: Partial<ServerLimits>
}

export interface ServerLimits {
  /** Largest body of a request. */
  readonly bodyBytes: number
  /** Largest artifact of a run or model that a client may put. */
  readonly artifactBytes: number
  /** Largest table that a batch may send. */
  readonly batchBytes: number
  /** Largest table or file that may be sent to become a dataset version. */
  readonly datasetBytes: number
  /** Most records in one request. */
  readonly records: number
  /** Time for a client to send a whole request that is no upload. */
  readonly requestTimeoutMs: number
  /** An upload is given up when in so much time fewer bytes came than `uploadBytesPerSecond` of it makes. */
  readonly uploadIdleMs: number
  readonly uploadBytesPerSecond: number
  /** Requests a minute of each address that shows no key; null: any number. */
  readonly addressRatePerMinute: number | null
  /** Requests a minute of each key or token that says nothing else; null: any number. */
  readonly callerRatePerMinute: number | null
  /** Requests in flight, beyond which the answer is 503. */
  readonly inFlight: number
  /** Mean delay of the event loop, beyond which the answer is 503. */
  readonly eventLoopDelayMs: number
  /** Resident memory of the process, beyond which the answer is 503; null: until the heap is nearly full. */
  readonly memoryBytes: number | null
  /** Levels of arrays and objects within one another in a JSON body. */
  readonly jsonDepth: number
  /** Members of one object in a JSON body. */
  readonly jsonFields: number
  /** How old the server's view of the aliases may be. */
  readonly aliasPollMs: number
  /** How long a closing server waits for requests that it has taken. */
  readonly closeTimeoutMs: number
}

export const DEFAULT_LIMITS: ServerLimits = {
  bodyBytes: 8 * 1024 * 1024,
  artifactBytes: 64 * 1024 ** 3,
  batchBytes: 16 * 1024 ** 3,
  datasetBytes: 16 * 1024 ** 3,
  records: 10_000,
  requestTimeoutMs: 30_000,
  uploadIdleMs: 30_000,
  uploadBytesPerSecond: 1024,
  addressRatePerMinute: null,
  callerRatePerMinute: null,
  inFlight: 1024,
  eventLoopDelayMs: 1000,
  memoryBytes: null,
  jsonDepth: 32,
  jsonFields: 10_000,
  aliasPollMs: 250,
  closeTimeoutMs: 30_000,
}
