import { selectTarget, type Target, targetLength } from '../../table/target.ts'
import type { CalibrationMethod, FittedCalibrator } from '../calibration/calibrator.ts'
import { calibrations, fitCalibrator } from '../calibration/calibrators.ts'
import { calibrateOutOfFold, chooseCalibrator } from '../calibration/choose-calibrator.ts'
import type { ClassificationTarget } from '../metrics/classification-view.ts'
import type { ClassificationMetric, Metric } from '../metrics/metric.ts'
import { scoringMetric } from '../metrics/registry.ts'
import { makeScorer } from '../metrics/score-all.ts'
import { predictedRows, selectPredictions } from '../predicted-rows.ts'
import type { Fold } from '../splits/fold.ts'
import { type BlendCandidate, blendPredictions } from './blend.ts'
import { blendWeights } from './blend-weights.ts'
import { tuneDecision } from './tune-decision.ts'

export interface ChooseAnswerInput {
  readonly target: Target
  /** Those that the candidates' predictions are out of. */
  readonly folds: readonly Fold[]
  readonly candidates: readonly BlendCandidate[]
  /** Index of the candidate that is best by `scoring`: what answers where no blend does better. */
  readonly single: number
  /** The project's. */
  readonly scoring: Metric
  readonly ensemble: { readonly method: 'auto' | 'none' | 'greedy' | 'stacking'; readonly maxMembers: number }
  readonly calibration: { readonly method: 'auto' | 'none' | CalibrationMethod }
  readonly decision: { readonly method: 'auto' | 'most-probable' }
}

/** A blend beside the best single model, on rows that neither's choice nor what calibrates it had seen. */
export interface BlendComparison {
  /** What blends are chosen by: `log_loss` for classes, the project's scoring for numbers. */
  readonly metric: string
  readonly blend: number
  readonly single: number
  /** How much better the blend is, mean over the folds; positive is better. */
  readonly gain: number
  /** Standard error of `gain` over the folds. */
  readonly standardError: number
}

export interface AnswerChoice {
  /** Candidates with their weights, the largest first. */
  readonly members: readonly { readonly candidate: number; readonly weight: number }[]
  readonly calibrator: FittedCalibrator | null
  readonly decision: Float64Array | null
  /** What the whole says of each row, by parts that had not learnt from it; shape as a candidate's predictions. */
  readonly outOfFold: Float64Array
  /** null where there was nothing to compare. */
  readonly comparison: BlendComparison | null
  /** Mean log loss of what the members say by what calibrates it, out of fold; null for numbers. */
  readonly calibration: Readonly<Record<CalibrationMethod | 'none', number>> | null
  /** The project's scoring by labels that are most probable, and by those decided with weights, out of fold; null where not tried. */
  readonly labels: { readonly metric: string; readonly mostProbable: number; readonly decided: number } | null
}

/** Isotonic curves take any shape; below so many rows that is mostly noise. */
const ISOTONIC_ROWS = 2000

/**
 * Makes the answer out of what a search found: which models are blended, how their probabilities are calibrated, how labels are
 * decided; all on out-of-fold predictions, each step judged on rows that it had not seen.
 *
 * 1. Blends of classes are chosen by log loss, whatever the project's scoring: it looks at every probability, so that small
 *    steps show, while a metric of labels moves when a few rows change sides. Numbers are blended by the project's scoring.
 * 2. With `auto` the blend is held, fold by fold with weights and temperature from the other folds, against the single model that is best
 *    on those other folds. Where the two are further apart than a standard error, the better one answers. Where they are not, a linear model
 *    answers alone, being the simpler (`isSimple`); of other kinds the blend, for their best is chosen among many by luck as well, and the error of a
 *    mean of models is at most the mean of their errors wherever the loss is convex.
 * 3. The calibrator is the one with the least log loss out of fold, of those that `calibration` allows.
 * 4. Where the project's scoring looks at labels (other than accuracy, which the most probable class serves best), weights of the classes
 *    are tuned for it, and kept if they help by more than a standard error over the folds.
 * @throws OUT_OF_FOLD_MISSING, METRIC_UNKNOWN, INTERNAL
 * @see Krogh and Vedelsby (1994), Neural Network Ensembles, Cross Validation, and Active Learning: the error of a mean of models
 */
export function chooseAnswer(input: ChooseAnswerInput): AnswerChoice {
  const { target, candidates, folds, single, scoring, ensemble } = input
  let weights = onlyOf(candidates.length, single)
  let comparison: BlendComparison | null = null
  if (ensemble.method !== 'none' && candidates.length > 1) {
    const method = ensemble.method === 'auto' ? 'greedy' : ensemble.method
    const objective = target.task === 'classification' ? 'log_loss' : scoring.name
    const weigh = (part: Target, own: readonly BlendCandidate[]) =>
      blendWeights(part, own, { method, maxMembers: ensemble.maxMembers, objective })
    comparison = compareBlend(input, objective, weigh)
    if (ensemble.method !== 'auto' || answersTogether(comparison, candidates[single]!))
      weights = weigh(target, candidates)
  }
  const members = Array.from(weights, (weight, candidate) => ({ candidate, weight }))
    .filter(({ weight }) => weight > 0)
    .sort((a, b) => b.weight - a.weight || a.candidate - b.candidate)
  const blended =
    members.length === 1 && members[0]!.weight === 1
      ? candidates[members[0]!.candidate]!.predictions
      : blendPredictions(
          candidates.map(({ predictions }) => predictions),
          weights,
        )
  if (target.task === 'regression') {
    return {
      members,
      calibrator: null,
      decision: null,
      outOfFold: blended,
      comparison,
      calibration: null,
      labels: null,
    }
  }
  const calibrated = calibrate(target, blended, input)
  const { decision, labels } = decide(target, calibrated.outOfFold, folds, input)
  return { members, comparison, ...calibrated, decision, labels }
}

/** Whether the blend is to answer, and not the single model. Where nothing could be compared, it has shown nothing. */
function answersTogether(comparison: BlendComparison | null, single: BlendCandidate): boolean {
  if (comparison === null) return false
  // Where all that differs is one fold, gain and standard error are equal but for rounding: no more than a tie.
  const margin = comparison.standardError * (1 + 1e-9)
  return single.isSimple ? comparison.gain > margin : comparison.gain >= -margin
}

function calibrate(
  target: ClassificationTarget,
  probabilities: Float64Array,
  { folds, calibration: { method } }: ChooseAnswerInput,
): Pick<AnswerChoice, 'calibrator' | 'outOfFold' | 'calibration'> {
  const input = { target, probabilities }
  if (method === 'auto' || method === 'none') {
    const nRows = predictedRows(target.codes.length, target.classes.length, [probabilities]).length
    const allowed = calibrations
      .map((each) => each.method)
      .filter((each) => method === 'auto' && (each !== 'isotonic' || nRows >= ISOTONIC_ROWS))
    const { calibrator, outOfFold, logLoss } = chooseCalibrator(input, folds, allowed)
    return { calibrator, outOfFold, calibration: logLoss }
  }
  const { logLoss } = chooseCalibrator(input, folds, [method])
  const outOfFold = calibrateOutOfFold(input, folds, (part) => fitCalibrator(method, part))
  return { calibrator: fitCalibrator(method, input), outOfFold, calibration: logLoss }
}

/** Metrics of labels that the most probable class serves best by its nature. */
const SERVED_BY_PROBABILITY = new Set(['accuracy', 'f1_micro'])

function decide(
  target: ClassificationTarget,
  probabilities: Float64Array,
  folds: readonly Fold[],
  { scoring, decision }: ChooseAnswerInput,
): Pick<AnswerChoice, 'decision' | 'labels'> {
  const none = { decision: null, labels: null }
  if (decision.method === 'most-probable' || scoring.task !== 'classification') return none
  if (scoring.needs !== 'labels' || SERVED_BY_PROBABILITY.has(scoring.name)) return none
  const width = target.classes.length
  const gains: Pair[] = []
  for (const { known, validation } of knownFolds(target, probabilities, folds, width)) {
    const part = selectTarget(target, known) as ClassificationTarget
    const tuned = tuneDecision(part, selectPredictions(probabilities, known, width), scoring as ClassificationMetric)
    const actual = selectTarget(target, validation)
    const own = selectPredictions(probabilities, validation, width)
    gains.push({ ours: scored(actual, own, scoring, tuned), theirs: scored(actual, own, scoring, null) })
  }
  const summary = summarise(gains, scoring)
  if (!summary) return none
  const labels = { metric: scoring.name, mostProbable: summary.theirs, decided: summary.ours }
  if (!(summary.gain > summary.standardError)) return { decision: null, labels }
  return { decision: tuneDecision(target, probabilities, scoring as ClassificationMetric), labels }
}

/**
 * Fold by fold, on rows that neither had a part in choosing: the blend's weights, and which single model is best by the project's scoring,
 * come from the other folds. The best of many on the very rows that it is judged on would owe some of its score to luck.
 */
function compareBlend(
  { target, candidates, folds, scoring }: ChooseAnswerInput,
  objective: string,
  weigh: (part: Target, candidates: readonly BlendCandidate[]) => Float64Array,
): BlendComparison | null {
  const metric = scoringMetric(objective, target)
  const width = target.task === 'classification' ? target.classes.length : 1
  const all = candidates.map(({ predictions }) => predictions)
  // A row that one candidate lacks is NaN in the sum.
  const together = Float64Array.from(all[0]!, (_, i) => all.reduce((sum, own) => sum + own[i]!, 0))
  const pairs: Pair[] = []
  for (const { known, validation } of knownFolds(target, together, folds, width)) {
    const part = selectTarget(target, known)
    const learnt = all.map((own) => selectPredictions(own, known, width))
    const fresh = all.map((own) => selectPredictions(own, validation, width))
    const actual = selectTarget(target, validation)
    const judge = (weights: Float64Array): number => {
      const said = blendPredictions(fresh, weights)
      if (part.task !== 'classification') return scored(actual, said, metric, null)
      const probabilities = blendPredictions(learnt, weights)
      return scored(actual, fitCalibrator('temperature', { target: part, probabilities }).apply(said), metric, null)
    }
    const weights = weigh(
      part,
      candidates.map((candidate, i) => ({ ...candidate, predictions: learnt[i]! })),
    )
    const single = bestOf(
      learnt.map((own) => scored(part, own, scoring, null)),
      scoring,
    )
    pairs.push({ ours: judge(weights), theirs: judge(onlyOf(candidates.length, single)) })
  }
  const summary = summarise(pairs, metric)
  if (!summary) return null
  const { ours, theirs, gain, standardError } = summary
  return { metric: objective, blend: ours, single: theirs, gain, standardError }
}

/** Where the best score is, the first of equals; scores without a value come last. */
function bestOf(scores: readonly number[], { greaterIsBetter }: Pick<Metric, 'greaterIsBetter'>): number {
  let best = 0
  for (const [i, score] of scores.entries()) {
    const than = scores[best]!
    if (Number.isNaN(than) ? !Number.isNaN(score) : greaterIsBetter ? score > than : score < than) best = i
  }
  return best
}

/** All the weight on one of several. */
function onlyOf(count: number, one: number): Float64Array {
  return Float64Array.from({ length: count }, (_, i) => (i === one ? 1 : 0))
}

/** Each fold's rows that have a prediction: those to learn from, and those to judge on; folds that lack either are left out. */
function knownFolds(target: Target, predictions: Float64Array, folds: readonly Fold[], width: number) {
  const known = new Set(predictedRows(targetLength(target), width, [predictions]))
  return folds
    .map(({ train, validation }) => ({
      known: train.filter((row) => known.has(row)),
      validation: validation.filter((row) => known.has(row)),
    }))
    .filter((fold) => fold.known.length > 0 && fold.validation.length > 0)
}

interface Pair {
  readonly ours: number
  readonly theirs: number
}

/** Of folds in which both have a value; null with fewer than two of them. */
function summarise(pairs: readonly Pair[], { greaterIsBetter }: Pick<Metric, 'greaterIsBetter'>) {
  const both = pairs.filter(({ ours, theirs }) => Number.isFinite(ours) && Number.isFinite(theirs))
  if (both.length < 2) return null
  const mean = (of: (pair: Pair) => number) => both.reduce((sum, pair) => sum + of(pair), 0) / both.length
  const gained = ({ ours, theirs }: Pair) => (greaterIsBetter ? ours - theirs : theirs - ours)
  const gain = mean(gained)
  const variance = both.reduce((sum, pair) => sum + (gained(pair) - gain) ** 2, 0) / (both.length - 1)
  return {
    ours: mean(({ ours }) => ours),
    theirs: mean(({ theirs }) => theirs),
    gain,
    standardError: Math.sqrt(variance / both.length),
  }
}

function scored(target: Target, predictions: Float64Array, metric: Metric, decision: Float64Array | null): number {
  return makeScorer(target, predictions, { decision }).weigh(null)(metric).value
}
