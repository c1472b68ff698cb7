import { sampleTrials } from './sample-trials.ts'
import { interleave, type SearchFamily, type SearchPlan } from './search-plan.ts'

/** Randomised search: all trials are drawn beforehand (`sampleTrials`), and none depends on another. */
export function planRandomised(families: readonly SearchFamily[], nTrials: number, seed: number): SearchPlan {
  const trials = interleave(
    families.map(({ estimator, space, defaults }) =>
      sampleTrials(space, nTrials, seed, defaults).map((params, index) => ({ estimator, index, params })),
    ),
  )
  return {
    nTrials: trials.length,
    *batches() {
      yield trials
    },
  }
}
