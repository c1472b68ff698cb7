import type { SearchResult } from '../evaluate/search/run-search.ts'
import type { EarlierAttempt } from './earlier-attempt.ts'
import type { PreparedRun } from './prepare-run.ts'
import type { SearchOptions } from './project.ts'
import { trialsByFamily } from './search-budget.ts'

/** How a search went; part of what a run ends with. */
export interface SearchSummary {
  readonly method: SearchOptions['method']
  /** Trials that ended; with `--trials-done`, or `search.trialsDone`, another run gets as far. */
  readonly trialsDone: number
  readonly trialsDoneByEstimator: Readonly<Record<string, number>>
  /** Whether the whole plan was tried; no where a limit ended the search. */
  readonly complete: boolean
  readonly timeBudgetSeconds: number | null
  /** Of halving, from the cheapest; none for other methods. */
  readonly rungs: readonly RungSummary[]
  /** The stopped run whose trials were taken over, and how many; null where there was none. */
  readonly resumed: { readonly runId: string; readonly trials: number } | null
}

export interface RungSummary {
  readonly rung: number
  /** Of each kind of model in the rung: candidates, and what each was given. */
  readonly estimators: readonly {
    readonly estimator: string
    readonly trials: number
    readonly resource: string
    readonly amount: number
    readonly max: number
  }[]
}

export function summaryOf(
  { options, families }: Pick<PreparedRun, 'options' | 'families'>,
  search: SearchResult,
  earlier: EarlierAttempt | undefined,
): SearchSummary {
  return {
    method: options.search.method,
    trialsDone: search.trials.length,
    trialsDoneByEstimator: trialsByFamily(families, search),
    complete: search.complete,
    timeBudgetSeconds: options.search.timeBudgetSeconds ?? null,
    rungs: rungsOf(search.trials),
    resumed: earlier ? { runId: earlier.runId, trials: earlier.nTrials } : null,
  }
}

function rungsOf(trials: SearchResult['trials']): RungSummary[] {
  const rungs = new Map<number, Map<string, { trials: number; resource: string; amount: number; max: number }>>()
  for (const { estimator, rung } of trials) {
    if (!rung) continue
    const own = rungs.get(rung.rung) ?? new Map()
    rungs.set(rung.rung, own)
    const { resource, amount, max } = rung
    own.set(estimator, { trials: (own.get(estimator)?.trials ?? 0) + 1, resource, amount, max })
  }
  return [...rungs]
    .sort(([a], [b]) => a - b)
    .map(([rung, own]) => ({
      rung,
      estimators: Array.from(own, ([estimator, of]) => ({ estimator, ...of })),
    }))
}
