import { BellwetherError } from '../errors.ts'
import { type AnsweringPipeline, answeringPipeline } from '../evaluate/answering-pipeline.ts'
import { makeBackground } from '../evaluate/background.ts'
import { type AnswerPromise, fitPromise } from '../evaluate/conformal/answer-sets.ts'
import { type AnswerChoice, chooseAnswer } from '../evaluate/ensemble/choose-answer.ts'
import { needsBackground } from '../evaluate/explain-answer.ts'
import type { SearchResult } from '../evaluate/search/run-search.ts'
import type { TrialResult } from '../evaluate/search/trial-result.ts'
import { gradientBoosting } from '../learn/boosting/gradient-boosting.ts'
import type { FittedPipeline } from '../learn/fitted-pipeline.ts'
import { targetLength } from '../table/target.ts'
import { type Bounds, boundByFolds, boundByQuantiles } from './fit-bounds.ts'
import type { PreparedRun } from './prepare-run.ts'

/** Bytes of out-of-fold predictions that a search may keep for what comes after it. */
const KEPT_BYTES = 256 * 2 ** 20

/** Of how many trials of each kind of model out-of-fold predictions are kept: all of a small table's, the best few of a large one's. */
export function keptPerFamily({
  train,
  families,
  options,
}: Pick<PreparedRun, 'train' | 'families' | 'options'>): number {
  if (options.ensemble.method === 'none') return 1
  const width = train.target.task === 'classification' ? train.target.classes.length : 1
  const bytes = 8 * targetLength(train.target) * width * families.length
  return Math.max(1, Math.min(options.search.trials, Math.floor(KEPT_BYTES / Math.max(1, bytes))))
}

/** What a run says of the answer that it built. */
export interface AnswerReport {
  /** Largest weight first; one of weight 1 where a single model answers. */
  readonly members: readonly {
    readonly estimator: string
    /** Number of the trial within its kind of model. */
    readonly trial: number
    readonly params: Readonly<Record<string, unknown>>
    readonly weight: number
  }[]
  /** The blend beside the best single model, out of fold; null where none was tried. */
  readonly blend: AnswerChoice['comparison']
  /** null where probabilities are left as they are, and for numbers. */
  readonly calibration: {
    readonly method: string
    /** Mean log loss out of fold, before and after. */
    readonly logLoss: { readonly before: number; readonly after: number }
  } | null
  /** Weight of each class by its label; null where the label is the most probable class. */
  readonly decision: Readonly<Record<string, number>> | null
  /** What `decision` gains out of fold, whether it is used or not; null where it was not tried. */
  readonly labels: AnswerChoice['labels']
}

export interface BuiltAnswer {
  readonly pipeline: AnsweringPipeline
  /** In the order of the pipeline's members. */
  readonly trials: readonly TrialResult[]
  readonly conformal: AnswerPromise
  readonly report: AnswerReport
}

/**
 * Builds what answers out of a search: chooses on out-of-fold predictions, then fits the members on all training rows.
 * @param fitTrial Fits a trial's model on all training rows.
 * @throws as `chooseAnswer` and `fitTrial` do
 */
export async function buildAnswer(
  prepared: PreparedRun,
  search: SearchResult,
  fitTrial: (trial: TrialResult) => Promise<FittedPipeline>,
  signal?: AbortSignal,
): Promise<BuiltAnswer> {
  const { best } = search
  const { options, train, folds, scoring } = prepared
  // A trial on part of the rows or rounds is another model than the one that would be fitted with its options.
  const whole = search.trials.filter(
    ({ outOfFold, rung, estimator }) =>
      outOfFold && estimator !== 'baseline' && (!rung || rung.rung === rung.nRungs - 1),
  )
  const isBest = ({ estimator, index }: TrialResult) => estimator === best?.estimator && index === best.index
  const candidates = whole.some(isBest) ? whole : [...whole, ...search.trials.filter(isBest)]
  const single = candidates.findIndex(isBest)
  if (single < 0 || !candidates[single]!.outOfFold) {
    throw new BellwetherError('INTERNAL', 'The best trial of the search came without out-of-fold predictions.')
  }
  const choice = chooseAnswer({
    target: train.target,
    folds,
    candidates: candidates.map(({ estimator, index, outOfFold }) => ({
      name: `${estimator} ${index}`,
      kind: estimator,
      predictions: outOfFold!,
    })),
    single,
    scoring,
    ensemble: options.ensemble,
    calibration: options.calibration,
    decision: options.decision,
  })
  const trials = choice.members.map(({ candidate }) => candidates[candidate]!)
  const members: FittedPipeline[] = []
  for (const trial of trials) members.push(await fitTrial(trial))
  const inputs = [...new Set(members.flatMap(({ features }) => features.inputs))]
  const bounded = await boundsOf(prepared, search, choice, trials, signal)
  const pipeline = answeringPipeline({
    members,
    weights: Float64Array.from(choice.members, ({ weight }) => weight),
    calibrator: choice.calibrator,
    decision: choice.decision,
    background: needsBackground(members) ? makeBackground(train.table, inputs, options.search.seed) : null,
    bounds: bounded?.bounds ?? null,
  })
  const method = choice.calibrator?.method
  return {
    pipeline,
    trials,
    conformal: bounded?.promise ?? fitPromise(train.target, choice.outOfFold, options.conformal),
    report: {
      members: trials.map(({ estimator, index, params }, i) => ({
        estimator,
        trial: index,
        params,
        weight: choice.members[i]!.weight,
      })),
      blend: choice.comparison,
      calibration:
        method && choice.calibration
          ? { method, logLoss: { before: choice.calibration.none, after: choice.calibration[method] } }
          : null,
      decision:
        choice.decision && Object.fromEntries(pipeline.target.classes.map((label, c) => [label, choice.decision![c]!])),
      labels: choice.labels,
    },
  }
}

/** The models that the project's intervals take beside those that answer; null where they take none. */
async function boundsOf(
  prepared: PreparedRun,
  search: SearchResult,
  choice: AnswerChoice,
  trials: readonly TrialResult[],
  signal: AbortSignal | undefined,
): Promise<Bounds | null> {
  const { target } = prepared.train
  const { method } = prepared.options.conformal
  if (target.task !== 'regression') return null
  const ground = { ...prepared, target }
  if (method === 'cvPlus') {
    const members = trials.map((trial, i) => ({ ...trial, weight: choice.members[i]!.weight }))
    return boundByFolds(ground, members, choice.outOfFold, signal)
  }
  if (method !== 'quantile') return null
  return boundByQuantiles(ground, search.bestByFamily.get(gradientBoosting.name)?.params ?? {}, signal)
}
