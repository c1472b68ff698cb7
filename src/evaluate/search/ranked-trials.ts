import { BellwetherError } from '../../errors.ts'
import type { Metric } from '../metrics/metric.ts'
import { rankTrials } from './rank-trials.ts'
import type { RankedTrial, TrialResult } from './trial-result.ts'

type Scoring = Pick<Metric, 'name' | 'greaterIsBetter'>

export interface RankedTrials {
  /** Trials that ended, failed ones too, by family, rung and index. */
  readonly trials: readonly RankedTrial[]
  /** The first one of rank 1; null where no trial has a score. */
  readonly best: RankedTrial | null
  /** Estimator name -> its best trial; families without a score are left out. */
  readonly bestByFamily: ReadonlyMap<string, RankedTrial>
}

/**
 * Puts trials in order and finds the best, over all and of each family. Scores of different rungs do not compare, for fewer
 * rows make worse models and other questions: any score of a later rung ranks before those of an earlier one.
 * @param families Names, in the order that decides between equals.
 */
export function rankedTrials(
  results: readonly TrialResult[],
  families: readonly string[],
  scoring: Scoring,
): RankedTrials {
  const order = new Map(families.map((name, i) => [name, i]))
  const sorted = [...results].sort(
    (a, b) => order.get(a.estimator)! - order.get(b.estimator)! || levelOf(a) - levelOf(b) || a.index - b.index,
  )
  const ranks = ranksOf(sorted, scoring)
  const trials = sorted.map((result, i) => ({ ...result, rank: ranks[i]! }))
  let best: RankedTrial | null = null
  const bestByFamily = new Map<string, RankedTrial>()
  for (const trial of trials) {
    if (Number.isNaN(scoreOf(trial, scoring))) continue
    if (best === null || trial.rank < best.rank) best = trial
    const known = bestByFamily.get(trial.estimator)
    if (!known || trial.rank < known.rank) bestByFamily.set(trial.estimator, trial)
  }
  return { trials, best, bestByFamily }
}

function ranksOf(trials: readonly TrialResult[], scoring: Scoring): number[] {
  const scores = trials.map((trial) => scoreOf(trial, scoring))
  const ranks = new Array<number>(trials.length)
  let before = 0
  const levels = new Set(trials.map(levelOf))
  for (const level of [...levels].sort((a, b) => b - a)) {
    const own = [...trials.keys()].filter((i) => levelOf(trials[i]!) === level && !Number.isNaN(scores[i]!))
    const ownRanks = rankTrials(
      own.map((i) => scores[i]!),
      scoring.greaterIsBetter,
    )
    for (const [j, i] of own.entries()) ranks[i] = before + ownRanks[j]!
    before += own.length
  }
  return scores.map((score, i) => (Number.isNaN(score) ? before + 1 : ranks[i]!))
}

/** Mean of the metric that decides; NaN for a trial that failed. @throws INTERNAL where folds were not scored by it */
export function scoreOf({ cv }: TrialResult, { name }: Pick<Scoring, 'name'>): number {
  if (!cv) return Number.NaN
  const of = cv[name]
  if (!of) throw new BellwetherError('INTERNAL', `Folds were not scored by "${name}", which is to decide.`)
  return of.mean
}

/** 0 for a trial of the last rung or of a search without rungs, -1 for one of the rung before, and so on. */
export function levelOf({ rung }: Pick<TrialResult, 'rung'>): number {
  return rung ? rung.rung - (rung.nRungs - 1) : 0
}
