import { BellwetherError } from '../../errors.ts'
import { selectTarget, type Target, targetLength } from '../../table/target.ts'
import { scoringMetric } from '../metrics/registry.ts'
import { checkedWeights, makeScorer } from '../metrics/score-all.ts'
import { predictedRows, selectPredictions } from '../predicted-rows.ts'
import { type BlendCandidate, blendPredictions } from './blend.ts'

export interface GreedySelectionOptions {
  /** Name of the metric to choose by; default `log_loss`, for numbers `rmse`. */
  readonly metric?: string
  /** Most models in the bag, counting one that was taken twice as two. Default 50. */
  readonly maxSize?: number
  /** Stop after so many additions in a row without a better score than ever before. Default 10. */
  readonly patience?: number
  /** Finite and not negative, shape (nRows); all 1 when left out. */
  readonly sampleWeight?: Float64Array
}

/** One model put into the bag. */
export interface SelectionStep {
  /** Index among the candidates. */
  readonly added: number
  /** Of the mean of the bag with it. */
  readonly score: number
}

export interface GreedySelection {
  readonly metric: string
  /** Share of the bag, shape (nCandidates), sum 1; for `blendPredictions`. */
  readonly weights: Float64Array
  /** Of the blend, on the rows that all candidates predicted. It was chosen on them: a little too good. */
  readonly score: number
  /** Of each candidate by itself on the same rows, NaN where it has none; shape (nCandidates). */
  readonly candidateScores: Float64Array
  /** Every model that was tried in the bag, in order, the first the best by itself; the blend is the bag after `size` of them. */
  readonly steps: readonly SelectionStep[]
  readonly size: number
}

/**
 * Greedy ensemble selection with replacement: starting from the best candidate, again and again the one whose addition to
 * the bag gives the best score of the bag's mean, whether it is in it or not; the blend is the bag at its best. With few degrees of
 * freedom it hardly overfits, and never is worse on these rows than the best candidate.
 *
 * Deterministic: among equal scores the candidate that comes first, and the smallest bag. A candidate that has no score (NaN) is
 * never taken.
 * @throws USAGE for an option out of range; METRIC_UNKNOWN; OUT_OF_FOLD_MISSING when no row was predicted by all; INTERNAL without
 *   candidates, when shapes disagree, or when no candidate has a score.
 * @see Caruana, Niculescu-Mizil, Crew and Ksikes (2004), https://doi.org/10.1145/1015330.1015432
 */
export function selectGreedily(
  target: Target,
  candidates: readonly BlendCandidate[],
  options: GreedySelectionOptions = {},
): GreedySelection {
  const { maxSize = 50, patience = 10 } = options
  for (const [name, value] of Object.entries({ maxSize, patience })) {
    if (Number.isInteger(value) && value >= 1) continue
    throw new BellwetherError(
      'USAGE',
      `Ensemble selection expects ${name} to be a whole number, 1 or more, not ${value}.`,
    )
  }
  if (candidates.length === 0) throw new BellwetherError('INTERNAL', 'Ensemble selection expects candidates.')
  const bag = new Bag(target, candidates, options)
  const candidateScores = Float64Array.from(candidates, (_, i) => bag.scoreWith(i))

  const steps: SelectionStep[] = []
  let best = 0
  while (steps.length < maxSize && steps.length - best < patience) {
    const scores = steps.length === 0 ? candidateScores : Float64Array.from(candidates, (_, i) => bag.scoreWith(i))
    const added = scores.reduce((first, score, i) => (bag.isBetter(score, scores[first]!) ? i : first), 0)
    const score = scores[added]!
    if (Number.isNaN(score)) break
    bag.add(added)
    if (steps.length === 0 || bag.isBetter(score, steps[best - 1]!.score)) best = steps.length + 1
    steps.push({ added, score })
  }
  if (best === 0) throw new BellwetherError('INTERNAL', `No candidate has a ${bag.metric} on these rows.`)
  const weights = new Float64Array(candidates.length)
  for (const { added } of steps.slice(0, best)) weights[added]! += 1
  for (let i = 0; i < weights.length; i++) weights[i]! /= best
  return { metric: bag.metric, weights, score: bag.scoreOf(weights), candidateScores, steps, size: best }
}

/** The models chosen so far, and how well they do with one more. */
class Bag {
  readonly metric: string
  readonly #greaterIsBetter: boolean
  readonly #target: Target
  readonly #predictions: readonly Float64Array[]
  readonly #weights: Float64Array | null
  readonly #sum: Float64Array
  #size = 0

  constructor(target: Target, candidates: readonly BlendCandidate[], options: GreedySelectionOptions) {
    const isRegression = target.task === 'regression'
    const metric = scoringMetric(options.metric ?? (isRegression ? 'rmse' : 'log_loss'), target)
    const width = isRegression ? 1 : target.classes.length
    const all = candidates.map(({ predictions }) => predictions)
    const rows = predictedRows(targetLength(target), width, all)
    const weights = checkedWeights(target, options.sampleWeight)
    this.metric = metric.name
    this.#greaterIsBetter = metric.greaterIsBetter
    this.#target = selectTarget(target, rows)
    this.#predictions = all.map((own) => selectPredictions(own, rows, width))
    this.#weights = weights && Float64Array.from(rows, (row) => weights[row]!)
    this.#sum = new Float64Array(rows.length * width)
  }

  isBetter(score: number, than: number): boolean {
    if (Number.isNaN(than)) return !Number.isNaN(score)
    return this.#greaterIsBetter ? score > than : score < than
  }

  /** Of the mean of the bag with one more candidate in it. */
  scoreWith(candidate: number): number {
    const own = this.#predictions[candidate]!
    const size = this.#size + 1
    return this.#score(this.#sum.map((sum, i) => (sum + own[i]!) / size))
  }

  scoreOf(weights: Float64Array): number {
    return this.#score(blendPredictions(this.#predictions, weights))
  }

  add(candidate: number): void {
    const own = this.#predictions[candidate]!
    for (let i = 0; i < own.length; i++) this.#sum[i]! += own[i]!
    this.#size++
  }

  #score(predictions: Float64Array): number {
    const { metrics, weigh } = makeScorer(this.#target, predictions)
    const metric = metrics.find(({ name }) => name === this.metric)
    return metric ? weigh(this.#weights)(metric).value : Number.NaN
  }
}
