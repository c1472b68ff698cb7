import { BellwetherError } from '../../errors.ts'
import type { Metric } from '../metrics/metric.ts'
import type { Fold } from '../splits/fold.ts'
import { KeptPredictions, withoutPredictions } from './kept-predictions.ts'
import { type RankedTrials, rankedTrials } from './ranked-trials.ts'
import type { SearchFamily, SearchPlan } from './search-plan.ts'
import { TrialCollector } from './trial-collector.ts'
import { type FoldResult, type FoldTask, type PlannedTrial, shareOf, type TrialResult } from './trial-result.ts'

export interface Search {
  /** Names differ. Where two candidates are equally good, the one of the earlier family wins. */
  readonly families: readonly SearchFamily[]
  readonly plan: SearchPlan
  /** The same for all candidates. */
  readonly folds: readonly Fold[]
  /** Seeds the fits. */
  readonly seed: number
  /** The metric that decides. */
  readonly scoring: Pick<Metric, 'name' | 'greaterIsBetter'>
  /** Fits and scores one candidate on one fold, here or elsewhere. A rejection is a failed trial, unless the search is being stopped. */
  readonly evaluateFold: (task: FoldTask) => Promise<FoldResult> | FoldResult
  /** Most folds that are evaluated at a time. Does not change the result. */
  readonly concurrency: number
  /** Told the number of trials before the first one begins. */
  readonly onPlan?: (nTrials: number) => void
  /** Told of each trial as it ends, in the order in which they do; the search fails where this does. */
  readonly onTrial?: (trial: TrialResult, how: TrialEnd) => Promise<void> | void
  /**
   * Asked before each trial, in the order of the plan; the first no ends the search once the trials under way have ended.
   * What has ended is then the beginning of the plan, so that its length alone says what it was. Default: yes.
   */
  readonly mayBegin?: (asked: { readonly nBegun: number; readonly restored: boolean }) => boolean
  /** What is known of a trial from an earlier attempt at the same search; such a trial is not evaluated again. */
  readonly restore?: (trial: PlannedTrial) => Promise<TrialResult | null> | TrialResult | null
  /**
   * Whose out-of-fold predictions stay in memory when the search is over: each family's best trial's, those of so many of each
   * family's best, or all. A restored trial that is among them and has lost its predictions is evaluated once more. Default `best`.
   */
  readonly keepOutOfFold?: 'best' | 'all' | number
  /** Once aborted, no fold is begun; those under way are waited for. */
  readonly signal?: AbortSignal
}

export interface TrialEnd {
  /** Whether it came from `restore`. */
  readonly restored: boolean
  /** Whether its out-of-fold predictions are to be kept as things stand: a later trial may still be better. */
  readonly kept: boolean
}

export interface SearchResult extends RankedTrials {
  /** Whether the search was stopped; trials then hold what was finished. */
  readonly cancelled: boolean
  /** Whether all of the plan was tried; no where `mayBegin` said no. */
  readonly complete: boolean
}

/** A fold to be evaluated, or a trial of which all is known. */
type Step = { readonly trial: TrialCollector } & ({ readonly fold: number } | { readonly restored: TrialResult })

/**
 * Cross-validates what a plan asks for, each candidate on the same folds; the best mean wins. It knows nothing of threads:
 * `evaluateFold` runs a fold wherever it likes. The result depends neither on the concurrency nor on the order in which folds
 * end: the plan waits for whole batches.
 */
export async function runSearch(search: Search): Promise<SearchResult> {
  check(search)
  const { families, plan, scoring } = search
  search.onPlan?.(plan.nTrials)
  const kept = new KeptPredictions(search.keepOutOfFold ?? 'best', scoring)
  let nBegun = 0
  const mayBegin = (restored: boolean) => {
    if (search.mayBegin && !search.mayBegin({ nBegun, restored })) return false
    nBegun++
    return true
  }
  const over = (cancelled: boolean, complete: boolean): SearchResult => ({
    ...rankedTrials(
      kept.all(),
      families.map(({ estimator }) => estimator),
      scoring,
    ),
    cancelled,
    complete,
  })

  const batches = plan.batches()
  let complete = true
  for (let batch = batches.next(); !batch.done && complete; ) {
    const results = await runBatch(batch.value, search, mayBegin, kept)
    if (results.cancelled) return over(true, false)
    complete = results.complete
    if (complete) batch = batches.next(results.trials)
  }
  const lost = kept.withoutPredictions()
  if (lost.length > 0) {
    const again = await runBatch(lost, { ...search, onTrial: undefined, restore: undefined }, () => true, kept)
    if (again.cancelled) return over(true, false)
  }
  return over(false, complete)
}

interface BatchResult {
  /** In the order of the plan. */
  readonly trials: readonly TrialResult[]
  readonly cancelled: boolean
  readonly complete: boolean
}

type BatchSearch = Omit<Search, 'onTrial' | 'restore'> & {
  readonly onTrial?: Search['onTrial'] | undefined
  readonly restore?: Search['restore'] | undefined
}

async function runBatch(
  planned: readonly PlannedTrial[],
  search: BatchSearch,
  mayBegin: (restored: boolean) => boolean,
  kept: KeptPredictions,
): Promise<BatchResult> {
  const { folds, seed, signal } = search
  const trials = planned.map((trial) => new TrialCollector(trial, folds))
  const restored = new Map<TrialCollector, TrialResult>()
  for (const trial of trials) {
    const known = await search.restore?.(trial.planned)
    if (known) restored.set(trial, known)
  }

  const ended = new Map<TrialCollector, TrialResult>()
  const end = async (trial: TrialCollector, result: TrialResult, wasRestored: boolean) => {
    ended.set(trial, withoutPredictions(result))
    const isKept = kept.add(result)
    await search.onTrial?.(result, { restored: wasRestored, kept: isKept })
  }

  let cancelled = false
  let stopped = false
  let complete = true
  function* stepsOf(): Generator<Step> {
    for (const trial of trials) {
      const known = restored.get(trial)
      if (!mayBegin(known !== undefined)) {
        complete = false
        return
      }
      if (known) {
        yield { trial, restored: known }
        continue
      }
      // What is left of a trial that failed is left out.
      for (let fold = 0; fold < folds.length && !trial.failed; fold++) yield { trial, fold }
    }
  }
  const steps = stepsOf()
  const work = async () => {
    while (!stopped) {
      const next = steps.next()
      if (next.done) return
      if (signal?.aborted) {
        cancelled = true
        return
      }
      const { trial } = next.value
      if ('restored' in next.value) {
        await end(trial, next.value.restored, true)
        continue
      }
      const { fold } = next.value
      trial.begin()
      try {
        const { estimator, index, params } = trial.planned
        const share = rowShare(trial.planned)
        const task = { estimator, trial: index, fold, params, seed, ...(share < 1 ? { share } : {}) }
        trial.succeed(fold, await search.evaluateFold(task))
      } catch (error) {
        if (signal?.aborted || isCancellation(error)) {
          cancelled = true
          stopped = true
          return
        }
        trial.fail(fold, error)
      }
      if (trial.settled) await end(trial, trial.finish(), false)
    }
  }
  const workers = Array.from({ length: search.concurrency }, () =>
    work().catch((error: unknown) => {
      stopped = true
      throw error
    }),
  )
  for (const worker of await Promise.allSettled(workers)) if (worker.status === 'rejected') throw worker.reason
  return { trials: trials.flatMap((trial) => ended.get(trial) ?? []), cancelled, complete }
}

/** Share of the rows that a trial sees. */
function rowShare(trial: PlannedTrial): number {
  return trial.rung?.resource === 'rows' ? shareOf(trial) : 1
}

function isCancellation(error: unknown): boolean {
  return error instanceof BellwetherError && error.code === 'CANCELLED'
}

/** @throws INTERNAL for what a caller must not ask for */
function check({ families, folds, concurrency }: Search): void {
  const refuse = (message: string): never => {
    throw new BellwetherError('INTERNAL', message)
  }
  if (families.length === 0) refuse('A search needs at least one family of models.')
  if (new Set(families.map(({ estimator }) => estimator)).size < families.length)
    refuse('Families of a search differ in name.')
  if (folds.length === 0 || folds.some(({ validation }) => validation.length === 0))
    refuse('A search needs folds with rows.')
  if (!Number.isInteger(concurrency) || concurrency < 1)
    refuse(`A search needs a concurrency of at least 1, not ${concurrency}.`)
}
