import { planHalving } from '../evaluate/search/plan-halving.ts'
import { planRandomised } from '../evaluate/search/plan-randomised.ts'
import { planTpe } from '../evaluate/search/plan-tpe.ts'
import type { SearchFamily, SearchPlan } from '../evaluate/search/search-plan.ts'
import type { PreparedRun } from './prepare-run.ts'

/** Rows of each class that a fold of the first rung should have at least, as scikit-learn's `min_resources: smallest`. */
const ROWS_PER_CLASS_AND_FOLD = 2

/** The trials that the project's search is to make. */
export function planOf(prepared: PreparedRun, families: readonly SearchFamily[]): SearchPlan {
  const { options, train, scoring } = prepared
  const { method, trials: nTrials, seed, folds, halving, tpe } = options.search
  if (method === 'randomised') return planRandomised(families, nTrials, seed)
  if (method === 'tpe') return planTpe(families, { nTrials, seed, scoring, ...tpe })
  const nClasses = train.target.task === 'classification' ? train.target.classes.length : 1
  return planHalving(families, {
    nTrials,
    seed,
    scoring,
    ...halving,
    nRows: train.table.nRows,
    minRows: folds * ROWS_PER_CLASS_AND_FOLD * nClasses,
  })
}
