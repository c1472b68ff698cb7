import { BellwetherError } from '../../errors.ts'
import { planRandomised } from './plan-randomised.ts'
import { runSearch, type Search, type SearchResult } from './run-search.ts'

export type { SearchResult } from './run-search.ts'
export type { SearchFamily } from './search-plan.ts'
export type { CrossValidated, FoldResult, FoldTask, RankedTrial, TrialResult } from './trial-result.ts'

export interface RandomisedSearch extends Omit<Search, 'plan'> {
  /** Trials of each family, at most (`sampleTrials`). */
  readonly nTrials: number
  /** Seeds the draws (each family has the stream that it would have alone) and the fits. */
  readonly seed: number
}

/**
 * Randomised search: each candidate is cross-validated on the same folds, and the best mean wins. Trial 0 of every family
 * comes first, then trial 1 of each, so that a search that is stopped has looked at all families.
 */
export async function randomisedSearch({ nTrials, ...search }: RandomisedSearch): Promise<SearchResult> {
  if (!Number.isInteger(nTrials) || nTrials < 1)
    throw new BellwetherError('INTERNAL', `A search needs at least one trial, not ${nTrials}.`)
  return runSearch({ ...search, plan: planRandomised(search.families, nTrials, search.seed) })
}
