import type { SearchSpace } from '../../learn/search-space.ts'
import type { Params } from './params.ts'
import type { PlannedTrial, TrialResult } from './trial-result.ts'

/** One kind of model that a search draws candidates of. */
export interface SearchFamily {
  readonly estimator: string
  readonly space: SearchSpace
  /** Values of the space's options in trial 0, so that the record shows them; see `searchFamily`. null: trial 0 is drawn as the others. */
  readonly defaults?: Params | null
  /** The option that bounds rounds or trees, which a search by halving may spend; left out where there is none. */
  readonly rounds?: { readonly option: string; readonly max: number }
}

/**
 * What a search tries and in which order. A batch is planned from the results of those before it, never from the time that
 * anything took: the same results give the same plan, at any concurrency, on any machine.
 */
export interface SearchPlan {
  /** Trials of all batches, where none is cut short. */
  readonly nTrials: number
  /** Gives a batch, is told what became of it, one result for each of its trials in their order, and gives the next one. */
  batches(): Generator<readonly PlannedTrial[], void, readonly TrialResult[]>
}

/** Trials of several families, number by number, so that a search that is stopped has looked at all families. */
export function interleave(byFamily: readonly (readonly PlannedTrial[])[]): PlannedTrial[] {
  const longest = byFamily.reduce((most, { length }) => Math.max(most, length), 0)
  const trials: PlannedTrial[] = []
  for (let i = 0; i < longest; i++) {
    for (const own of byFamily) if (own[i]) trials.push(own[i]!)
  }
  return trials
}
