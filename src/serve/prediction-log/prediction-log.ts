import type { JsonScalar } from '../../table/table-to-records.ts'

/** One prediction as it is kept. Features are the columns that the model reads, and nothing else of the request. */
export interface PredictionEntry {
  readonly id: string
  /** Milliseconds since 1970-01-01 UTC. */
  readonly time: number
  readonly model: string
  readonly version: number
  readonly alias: string | null
  /** Id of the API key; null without authentication. */
  readonly key: string | null
  readonly request: string
  /** Time that scoring took, of the whole batch, in milliseconds. */
  readonly latencyMs: number
  readonly features: Readonly<Record<string, JsonScalar>>
  readonly answer:
    | { readonly label: string; readonly probabilities: Readonly<Record<string, number>> }
    | { readonly value: number }
    | { readonly cluster: string | number }
  /** Keyed hash of the person's identifier, where the request carried one. */
  readonly person?: string
  /** Sensitive columns, encrypted or as keyed hashes; left out where they are dropped. */
  readonly sensitive?: string
}

export interface PredictionQuery {
  readonly model?: string
  readonly version?: number
  /** From this time on, in milliseconds. */
  readonly since?: number
  /** Before this time. */
  readonly until?: number
  readonly ids?: ReadonlySet<string>
  /** Only what one batch of the command line recorded (`batchOf` of serve/batch); its files alone are read. */
  readonly job?: string
  /** As `personKey` gives it, or any of several. */
  readonly person?: string | ReadonlySet<string>
}

/** What erasing takes out. */
export type ErasedEntries = Required<Pick<PredictionQuery, 'person'>> | { readonly ids: ReadonlySet<string> }

/**
 * Every prediction, for audits, drift and what became of people. Entries are kept in partitions by day, which age out.
 */
export interface PredictionLog {
  /** Hands entries over, to be on disk within the window; what cannot be kept is counted as lost. */
  add(entries: readonly PredictionEntry[]): void
  /** Resolves when the entries are on disk. @throws PREDICTION_LOG_UNAVAILABLE when they cannot be kept */
  keep(entries: readonly PredictionEntry[]): Promise<void>
  /** Entries in the order in which they were written, those not yet on disk included once they are; reads nothing into memory whole. */
  entries(query: PredictionQuery): AsyncIterable<PredictionEntry>
  /** Removes the entries for good, from disk too. @returns how many */
  erase(query: ErasedEntries): Promise<number>
  /** Removes the partitions of the days before. @returns how many days */
  expire(model: string, before: number): Promise<number>
  /**
   * What stands for a person's identifier: the same whatever blanks are around it and in whichever Unicode form it is, and nobody without the home's secret
   * can try names. Of a blank one there is no person.
   */
  personKey(identifier: string): string
  /** `personKey` first, and what earlier versions made of the same text in another Unicode form: one key for nearly everybody. */
  personKeys(identifier: string): ReadonlySet<string>
  /**
   * All of those, and what earlier versions made of identifiers that came with blanks around them: some hundreds, for who looks for one person, to show
   * or to erase.
   */
  everyPersonKey(identifier: string): ReadonlySet<string>
  /** Entries that could not be kept since the start. */
  readonly lost: number
  /** Resolves when what was handed over is on disk. */
  flush(): Promise<void>
  close(): Promise<void>
}
