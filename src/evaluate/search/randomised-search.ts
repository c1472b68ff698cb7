import { BellwetherError } from '../../errors.ts'
import type { SearchSpace } from '../../learn/search-space.ts'
import type { Metric } from '../metrics/metric.ts'
import type { Fold } from '../splits/fold.ts'
import type { Params } from './params.ts'
import { rankTrials } from './rank-trials.ts'
import { sampleTrials } from './sample-trials.ts'
import { TrialCollector } from './trial-collector.ts'
import type { FoldResult, FoldTask, RankedTrial, TrialResult } from './trial-result.ts'

export type { CrossValidated, FoldResult, FoldTask, RankedTrial, TrialResult } from './trial-result.ts'

/** One kind of model that a search draws candidates of. */
export interface SearchFamily {
  readonly estimator: string
  readonly space: SearchSpace
  /** Values of the space's options in trial 0, so that the record shows them; see `searchFamily`. null: trial 0 is drawn as the others. */
  readonly defaults?: Params | null
}

export interface RandomisedSearch {
  /** Names differ. Where two candidates are equally good, the one of the earlier family wins. */
  readonly families: readonly SearchFamily[]
  /** Trials of each family, at most (`sampleTrials`). */
  readonly nTrials: number
  /** The same for all candidates. */
  readonly folds: readonly Fold[]
  /** Seeds the draws (each family has the stream that it would have alone) and the fits. */
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
  readonly onTrial?: (trial: TrialResult) => Promise<void> | void
  /** Whose out-of-fold predictions stay in memory when the search is over: each family's best trial's, or all. Default `best`. */
  readonly keepOutOfFold?: 'best' | 'all'
  /** Once aborted, no fold is begun; those under way are waited for. */
  readonly signal?: AbortSignal
}

export interface SearchResult {
  /** Trials that ended, failed ones too, by family and index. */
  readonly trials: readonly RankedTrial[]
  /** The first one of rank 1; null where no trial has a score. */
  readonly best: RankedTrial | null
  /** Estimator name -> its best trial; families without a score are left out. */
  readonly bestByFamily: ReadonlyMap<string, RankedTrial>
  /** Whether the search was stopped; trials then hold what was finished. */
  readonly cancelled: boolean
}

/**
 * Randomised search: each candidate is cross-validated on the same folds, and the best mean wins. It knows nothing of
 * threads: `evaluateFold` runs a fold wherever it likes. Trial 0 of every family comes first, then trial 1 of each, so that a
 * search that is stopped has looked at all families. The result depends neither on the concurrency nor on the order in which
 * folds end.
 */
export async function randomisedSearch(search: RandomisedSearch): Promise<SearchResult> {
  check(search)
  const { families, folds, seed, scoring, signal } = search
  const trials = planned(search)
  search.onPlan?.(trials.length)

  const ended = new Map<TrialCollector, TrialResult>()
  const bestSoFar = new Map<string, TrialCollector>()
  const keepOnlyBest = (trial: TrialCollector, result: TrialResult) => {
    if (search.keepOutOfFold === 'all') return
    const known = bestSoFar.get(trial.estimator)
    const score = scoreOf(result, scoring)
    if (Number.isNaN(score)) {
      ended.set(trial, withoutPredictions(result))
    } else if (!known || isBetter(trial, score, known, scoreOf(ended.get(known)!, scoring), scoring)) {
      if (known) ended.set(known, withoutPredictions(ended.get(known)!))
      bestSoFar.set(trial.estimator, trial)
    } else {
      ended.set(trial, withoutPredictions(result))
    }
  }

  let cancelled = false
  let stopped = false
  const tasks = tasksOf(trials, folds.length)
  const work = async () => {
    while (!stopped) {
      const next = tasks.next()
      if (next.done) return
      if (signal?.aborted) {
        cancelled = true
        return
      }
      const { trial, fold } = next.value
      trial.begin()
      try {
        const { estimator, index, params } = trial
        trial.succeed(fold, await search.evaluateFold({ estimator, trial: index, fold, params, seed }))
      } catch (error) {
        if (signal?.aborted || isCancellation(error)) {
          cancelled = true
          stopped = true
          return
        }
        trial.fail(fold, error)
      }
      if (!trial.settled) continue
      const result = trial.finish()
      ended.set(trial, result)
      keepOnlyBest(trial, result)
      await search.onTrial?.(result)
    }
  }
  const workers = Array.from({ length: search.concurrency }, () =>
    work().catch((error: unknown) => {
      stopped = true
      throw error
    }),
  )
  for (const worker of await Promise.allSettled(workers)) if (worker.status === 'rejected') throw worker.reason

  const order = new Map(families.map(({ estimator }, i) => [estimator, i]))
  const results = [...ended.values()].sort(
    (a, b) => order.get(a.estimator)! - order.get(b.estimator)! || a.index - b.index,
  )
  return { ...ranked(results, scoring), cancelled }
}

/** Trials of all families, number by number. */
function planned({ families, nTrials, folds, seed }: RandomisedSearch): TrialCollector[] {
  const drawn = families.map(({ space, defaults }) => sampleTrials(space, nTrials, seed, defaults))
  const trials: TrialCollector[] = []
  for (let index = 0; index < nTrials; index++) {
    for (const [i, { estimator }] of families.entries()) {
      const params = drawn[i]![index]
      if (params) trials.push(new TrialCollector(estimator, index, params, folds))
    }
  }
  return trials
}

/** Fold by fold of trial by trial; what is left of a trial that failed is left out. */
function* tasksOf(
  trials: readonly TrialCollector[],
  nFolds: number,
): Generator<{ trial: TrialCollector; fold: number }> {
  for (const trial of trials) {
    for (let fold = 0; fold < nFolds && !trial.failed; fold++) yield { trial, fold }
  }
}

function ranked(
  results: readonly TrialResult[],
  scoring: RandomisedSearch['scoring'],
): Omit<SearchResult, 'cancelled'> {
  const scores = results.map((result) => scoreOf(result, scoring))
  const ranks = rankTrials(scores, scoring.greaterIsBetter)
  const trials = results.map((result, i) => ({ ...result, rank: ranks[i]! }))
  let best: RankedTrial | null = null
  const bestByFamily = new Map<string, RankedTrial>()
  for (const [i, trial] of trials.entries()) {
    if (Number.isNaN(scores[i]!)) continue
    if (best === null || trial.rank < best.rank) best = trial
    const known = bestByFamily.get(trial.estimator)
    if (!known || trial.rank < known.rank) bestByFamily.set(trial.estimator, trial)
  }
  return { trials, best, bestByFamily }
}

/** Mean of the metric that decides; NaN for a trial that failed. */
function scoreOf(result: TrialResult, scoring: RandomisedSearch['scoring']): number {
  if (!result.cv) return Number.NaN
  const of = result.cv[scoring.name]
  if (!of) throw new BellwetherError('INTERNAL', `Folds were not scored by "${scoring.name}", which is to decide.`)
  return of.mean
}

/** Within a family: by score, then by number, whichever ended first. */
function isBetter(
  trial: TrialCollector,
  score: number,
  other: TrialCollector,
  otherScore: number,
  scoring: RandomisedSearch['scoring'],
): boolean {
  if (score === otherScore) return trial.index < other.index
  return scoring.greaterIsBetter ? score > otherScore : score < otherScore
}

function withoutPredictions({ outOfFold: _, ...result }: TrialResult): TrialResult {
  return result
}

function isCancellation(error: unknown): boolean {
  return error instanceof BellwetherError && error.code === 'CANCELLED'
}

/** @throws INTERNAL for what a caller must not ask for */
function check({ families, nTrials, folds, concurrency }: RandomisedSearch): void {
  const refuse = (message: string): never => {
    throw new BellwetherError('INTERNAL', message)
  }
  if (families.length === 0) refuse('A search needs at least one family of models.')
  if (new Set(families.map(({ estimator }) => estimator)).size < families.length)
    refuse('Families of a search differ in name.')
  if (!Number.isInteger(nTrials) || nTrials < 1) refuse(`A search needs at least one trial, not ${nTrials}.`)
  if (folds.length === 0 || folds.some(({ validation }) => validation.length === 0))
    refuse('A search needs folds with rows.')
  if (!Number.isInteger(concurrency) || concurrency < 1)
    refuse(`A search needs a concurrency of at least 1, not ${concurrency}.`)
}
