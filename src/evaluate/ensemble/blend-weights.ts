import { selectTarget, type Target, targetLength } from '../../table/target.ts'
import { scoringMetric } from '../metrics/registry.ts'
import { makeScorer } from '../metrics/score-all.ts'
import { predictedRows, selectPredictions } from '../predicted-rows.ts'
import type { BlendCandidate } from './blend.ts'
import { selectGreedily } from './greedy-selection.ts'
import { fitStacking } from './stacking.ts'

export interface BlendWeightsOptions {
  readonly method: 'greedy' | 'stacking'
  /** Most candidates that get a weight. */
  readonly maxMembers: number
  /** Name of the metric of predictions (not of labels) that the blend is to be good at. */
  readonly objective: string
}

/** Candidates that are looked at, the best of all; the rest are far behind, and every one costs each step a pass over all rows. */
const SCREENED = 16
/** And of each kind at least so many: the best by themselves may all be of one kind, and blends live on unlike ones. */
const SCREENED_OF_A_KIND = 4

/**
 * Weights of a blend, few of them above 0: of the best candidates by themselves the blend is found, then found again among
 * the `maxMembers` that weighed most in it.
 * @returns shape (nCandidates); for `blendPredictions`.
 * @throws as `selectGreedily` and `fitStacking` do
 */
export function blendWeights(
  target: Target,
  candidates: readonly BlendCandidate[],
  { method, maxMembers, objective }: BlendWeightsOptions,
): Float64Array {
  const weigh = (among: readonly number[]): Float64Array => {
    const own = among.map((i) => candidates[i]!)
    if (own.length === 1) return Float64Array.of(1)
    return method === 'greedy'
      ? selectGreedily(target, own, { metric: objective, maxSize: 30 }).weights
      : fitStacking(target, own).weights
  }
  const spread = (among: readonly number[], own: Float64Array): Float64Array => {
    const weights = new Float64Array(candidates.length)
    among.forEach((candidate, i) => {
      weights[candidate] = own[i]!
    })
    return weights
  }
  const screened = screen(candidates, byScore(target, candidates, objective))
  const first = weigh(screened)
  const used = screened.map((candidate, i) => ({ candidate, weight: first[i]! })).filter(({ weight }) => weight > 0)
  if (used.length <= maxMembers) return spread(screened, first)
  const kept = used
    .sort((a, b) => b.weight - a.weight || a.candidate - b.candidate)
    .slice(0, maxMembers)
    .map(({ candidate }) => candidate)
  return spread(kept, weigh(kept))
}

/** @param ranked Indexes, the best first. */
function screen(candidates: readonly BlendCandidate[], ranked: readonly number[]): number[] {
  const seen = new Map<string, number>()
  return ranked.filter((i, rank) => {
    const { kind } = candidates[i]!
    if (kind === undefined) return rank < SCREENED
    const before = seen.get(kind) ?? 0
    seen.set(kind, before + 1)
    return rank < SCREENED || before < SCREENED_OF_A_KIND
  })
}

/** Indexes of the candidates that have a score, the best first, of equals the one that comes first. */
export function byScore(target: Target, candidates: readonly BlendCandidate[], objective: string): number[] {
  const metric = scoringMetric(objective, target)
  const width = target.task === 'classification' ? target.classes.length : 1
  const rows = predictedRows(
    targetLength(target),
    width,
    candidates.map(({ predictions }) => predictions),
  )
  const own = selectTarget(target, rows)
  const scores = candidates.map(({ predictions }) => {
    const { value } = makeScorer(own, selectPredictions(predictions, rows, width)).weigh(null)(metric)
    return metric.greaterIsBetter ? -value : value
  })
  return candidates
    .map((_, i) => i)
    .filter((i) => !Number.isNaN(scores[i]))
    .sort((a, b) => scores[a]! - scores[b]! || a - b)
}
