/** What became of somebody or something that was predicted: a label or a number. */
export type Truth = { readonly label: string } | { readonly value: number }

/** An outcome as it is kept. A correction is a further one; none is ever changed. */
export interface Outcome {
  readonly predictionId: string
  readonly model: string
  readonly version: number
  /** When it was predicted, in milliseconds since 1970-01-01 UTC. */
  readonly predictionTime: number
  readonly truth: Truth
  /** When it was so; of several outcomes the newest counts. */
  readonly observedTime: number
  readonly receivedTime: number
  /** Who said so, as in ledgers: `key:…`, `oidc:…`, `cli:…`. */
  readonly source: string
  /** Keyed hash of the person's identifier, as the prediction has it. */
  readonly person: string | null
}

/** An outcome to be kept; without an observed time it is so from the time when it is received. */
export type NewOutcome = Omit<Outcome, 'observedTime'> & { readonly observedTime: number | null }

/**
 * What came of one: the first of its prediction; another than the one before; the same as before, observed later; known already, and so not kept
 * again; older than what is known, and so kept as history.
 */
export const OUTCOME_STATUSES = ['recorded', 'corrected', 'confirmed', 'unchanged', 'late'] as const
export type OutcomeStatus = (typeof OUTCOME_STATUSES)[number]

export interface OutcomeQuery {
  readonly model: string
  readonly version?: number
  /** Of predictions from this time on. */
  readonly since?: number
  /** Of predictions before this time. */
  readonly until?: number
  /** Go on after this prediction, as the last of a page has it. */
  readonly after?: { readonly predictionTime: number; readonly predictionId: string }
  readonly limit: number
}

/** Outcomes of predictions, for monitoring. */
export interface OutcomeStore {
  /** All in one transaction, in their order. */
  record(outcomes: readonly NewOutcome[]): Promise<OutcomeStatus[]>
  /** The outcome that counts of each prediction, in the order of the predictions' times. */
  current(query: OutcomeQuery): Promise<Outcome[]>
  /** Every outcome of a prediction, in the order in which they came. */
  history(predictionId: string): Promise<Outcome[]>
  /** Removes a person's outcomes for good, their history included, from the database's files too. @param person Keyed hash, or any of several. @returns how many */
  erase(person: string | ReadonlySet<string>): Promise<number>
}
