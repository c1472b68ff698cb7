import type { Metric } from '../metrics/metric.ts'
import { levelOf, scoreOf } from './ranked-trials.ts'
import type { TrialResult } from './trial-result.ts'

type Scoring = Pick<Metric, 'name' | 'greaterIsBetter'>

/**
 * The trials of a search as they end, of which only the best of each family keep their out-of-fold predictions: those of all
 * would be the largest thing in memory. What is kept in the end does not depend on the order in which trials end.
 */
export class KeptPredictions {
  readonly #keep: number
  readonly #scoring: Scoring
  /** Trial -> what became of it. */
  readonly #trials = new Map<string, TrialResult>()
  /** Family -> keys of its best, best first. */
  readonly #best = new Map<string, string[]>()

  /** @param keep Of how many of each family. */
  constructor(keep: 'best' | 'all' | number, scoring: Scoring) {
    this.#keep = keep === 'best' ? 1 : keep === 'all' ? Number.POSITIVE_INFINITY : keep
    this.#scoring = scoring
  }

  /** Takes note of a trial, in place of what was known of it. @returns whether its predictions are kept, as things stand. */
  add(trial: TrialResult): boolean {
    const key = keyOf(trial)
    this.#trials.set(key, trial)
    const score = scoreOf(trial, this.#scoring)
    const best = this.#best.get(trial.estimator) ?? []
    this.#best.set(trial.estimator, best)
    if (Number.isNaN(score)) {
      if (this.#keep < Number.POSITIVE_INFINITY) this.#drop(key)
      return false
    }
    if (!best.includes(key)) {
      best.push(key)
      best.sort((a, b) => this.#compare(this.#trials.get(a)!, this.#trials.get(b)!))
      if (best.length > this.#keep) this.#drop(best.pop()!)
    }
    return best.includes(key)
  }

  all(): TrialResult[] {
    return [...this.#trials.values()]
  }

  /** Trials that should keep their predictions and have come without. */
  withoutPredictions(): TrialResult[] {
    return [...this.#best.values()]
      .flat()
      .map((key) => this.#trials.get(key)!)
      .filter(({ outOfFold }) => !outOfFold)
      .map(({ estimator, index, params, rung }) => ({
        estimator,
        index,
        params,
        seconds: 0,
        ...(rung ? { rung } : {}),
      }))
  }

  #drop(key: string): void {
    this.#trials.set(key, withoutPredictions(this.#trials.get(key)!))
  }

  /** Later rungs first, then by score, then by number. */
  #compare(a: TrialResult, b: TrialResult): number {
    if (levelOf(a) !== levelOf(b)) return levelOf(b) - levelOf(a)
    const [ofA, ofB] = [scoreOf(a, this.#scoring), scoreOf(b, this.#scoring)]
    if (ofA === ofB) return a.index - b.index
    return ofA > ofB === this.#scoring.greaterIsBetter ? -1 : 1
  }
}

export function withoutPredictions({ outOfFold: _, ...result }: TrialResult): TrialResult {
  return result
}

function keyOf({ estimator, index, rung }: TrialResult): string {
  return `${estimator}/${index}/${rung?.rung ?? ''}`
}
