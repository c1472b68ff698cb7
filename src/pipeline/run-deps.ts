import type { BlobStore } from '../track/blob-store.ts'
import type { DatasetStore } from '../track/dataset-store.ts'
import type { ModelRegistry } from '../track/model-registry.ts'
import type { TrackingStore } from '../track/tracking-store.ts'
import type { EarlierAttempt } from './earlier-attempt.ts'
import type { ErasedPersons } from './erasure/refuse-erased.ts'
import type { Evaluation } from './evaluate-winner.ts'
import type { Provenance } from './provenance.ts'
import type { RunEvent } from './run-events.ts'

/** What a run needs of the world around it; the start-up file hands it over. */
export interface RunDeps extends ErasedPersons {
  readonly tracking: TrackingStore
  readonly datasets: DatasetStore
  readonly models: ModelRegistry
  readonly blobs: BlobStore
  readonly clock: () => number
  readonly provenance: Provenance
  /** Who acts, for the ledger. */
  readonly actor: string
  /** Draws the pictures of an evaluation. */
  readonly drawFigures: (evaluation: Evaluation) => Promise<readonly Figure[]>
  readonly threads: number
  readonly signal?: AbortSignal
  readonly onEvent: (event: RunEvent) => void
  /** The home is removed afterwards: of a run that ends early there is nothing to take up. */
  readonly throwaway?: boolean
  /** A stopped run of the same search, whose finished trials are taken as they are. */
  readonly earlier?: EarlierAttempt
  /** Further tags of the run. */
  readonly tags?: Readonly<Record<string, string>>
}

export interface Figure {
  /** Such as `figures/roc.svg`. */
  readonly path: string
  readonly svg: string
}
