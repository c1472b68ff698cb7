import type { TableSchema } from '../table/schema.ts'
import type { DatasetVersion } from './dataset-store.ts'

/**
 * Takes rows out of what is kept for good. A dataset version whose rows are destroyed keeps its id, so that runs and models still say what they learnt from;
 * its schema and statistics become those of its successor, which has the other rows. What is to be destroyed is noted in the transaction that says
 * so, and done after it: a process that is killed in between leaves a note that the next one follows.
 */
export interface ErasureStore {
  /** Columns that readings of tables named as those that identify persons. */
  idColumns(): Promise<string[]>
  /** Every dataset version of a table whose rows are there, with its readings, oldest first. */
  tables(): Promise<KeptTable[]>
  /** All in one transaction, with a tombstone in the ledger. @returns the models and runs that learnt from what was replaced */
  replace(erasure: Erasure): Promise<Trained>
  /** Models and runs that learnt from some dataset versions. */
  trainedOn(ids: readonly string[]): Promise<Trained>
  /** Versions whose every reading said how long its rows may be kept, and that are older. */
  expired(now: number): Promise<KeptTable[]>
  /** Takes the rows away, without a successor; reading the same content again brings them back. */
  expire(ids: readonly string[], now: number, actor: string): Promise<void>
  /** Blobs that nothing may hold any more. */
  toDestroy(): Promise<string[]>
  /** They are gone. */
  destroyed(hashes: readonly string[]): Promise<void>
  /** Keyed hashes of the persons who were erased and not let in again. */
  erasedPersons(): Promise<ReadonlySet<string>>
  /** @returns whether the person was erased */
  readmit(person: string, now: number, actor: string): Promise<boolean>
  /** What was deleted or overwritten in the database's files can't be read out of them any more. */
  purge(): Promise<void>
}

/** One reading of a table. */
export interface KeptReading {
  readonly name: string
  readonly source: string
  readonly nRejected: number
  readonly rejectsBlob: string | null
  readonly createdTime: number
}

export interface KeptTable {
  readonly id: string
  readonly nRows: number
  readonly schema: TableSchema
  readonly blob: string
  readonly readings: readonly KeptReading[]
}

/** New rejects of a reading. */
export interface ReplacedRejects {
  readonly datasetId: string
  readonly name: string
  readonly source: string
  /** Blob without the person's rows; null where none is left. */
  readonly rejectsBlob: string | null
  readonly nRejected: number
}

export interface Successor extends Pick<DatasetVersion, 'id' | 'nRows' | 'schema' | 'profile' | 'blob'> {
  /** The version that it takes the place of. */
  readonly of: string
}

export interface Erasure {
  /** Keyed hash of the person's identifier. */
  readonly person: string
  readonly successors: readonly Successor[]
  /** Of readings of replaced versions (their successors get them) and of others. */
  readonly rejects: readonly ReplacedRejects[]
  /** Predictions that are taken out of the log; for the tombstone. */
  readonly predictions: number
  readonly actor: string
  readonly now: number
}

export interface Trained {
  readonly models: readonly { readonly model: string; readonly version: number; readonly datasetId: string }[]
  readonly runs: number
}
