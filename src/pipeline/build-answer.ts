import { BellwetherError } from '../errors.ts'
import { type AnsweringPipeline, answeringPipeline } from '../evaluate/answering-pipeline.ts'
import { makeBackground } from '../evaluate/background.ts'
import type { CalibrationMethod } from '../evaluate/calibration/calibrator.ts'
import { type AnswerPromise, fitPromise } from '../evaluate/conformal/answer-sets.ts'
import { type AnswerChoice, chooseAnswer } from '../evaluate/ensemble/choose-answer.ts'
import { needsBackground } from '../evaluate/explain-answer.ts'
import type { SearchResult } from '../evaluate/search/run-search.ts'
import type { TrialResult } from '../evaluate/search/trial-result.ts'
import { baseline } from '../learn/baseline/baseline.ts'
import { gradientBoosting } from '../learn/boosting/gradient-boosting.ts'
import { estimator as estimatorNamed } from '../learn/estimators.ts'
import type { FittedPipeline } from '../learn/fitted-pipeline.ts'
import { targetLength } from '../table/target.ts'
import { type Bounds, boundByFolds, boundByQuantiles } from './fit-bounds.ts'
import { fitByFolds, type MemberRecipe } from './fit-members.ts'
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
  /** null for numbers. */
  readonly calibration: {
    /** `none` where probabilities are left as they are. */
    readonly method: CalibrationMethod | 'none'
    /** Mean log loss out of fold, before and after. */
    readonly logLoss: { readonly before: number; readonly after: number }
    /** The same of each method that was compared, by its name. */
    readonly compared: Readonly<Record<string, number>>
  } | null
  /** Weight of each class by its label; null where the label is the most probable class. */
  readonly decision: Readonly<Record<string, number>> | null
  /** What `decision` gains out of fold, whether it is used or not; null where it was not tried. */
  readonly labels: AnswerChoice['labels']
}

/** A model that answers, alone or with others. */
export interface FittedMember {
  readonly estimator: string
  readonly params: Readonly<Record<string, unknown>>
  /** The fold whose training rows it learnt from, counted from 0; left out where it learnt from all. */
  readonly fold?: number
}

export interface BuiltAnswer {
  readonly pipeline: AnsweringPipeline
  /** What was fitted, in the order of the pipeline's members. */
  readonly fitted: readonly FittedMember[]
  readonly conformal: AnswerPromise
  readonly report: AnswerReport
}

/**
 * Builds what answers out of a search: chooses on out-of-fold predictions, then fits the members on all training rows, or with
 * `foldBagging` takes the mean of what they are on those of each fold.
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
      isSimple: estimator === baseline.name || estimatorNamed(estimator).encoding === 'linear',
      predictions: outOfFold!,
    })),
    single,
    scoring,
    ensemble: options.ensemble,
    calibration: options.calibration,
    decision: options.decision,
  })
  const trials = choice.members.map(({ candidate }) => candidates[candidate]!)
  const recipes = trials.map(({ estimator, params }, i) => ({ estimator, params, weight: choice.members[i]!.weight }))
  const bagged = options.ensemble.finalModel === 'foldBagging'
  const needsFolds = bagged || (train.target.task === 'regression' && options.conformal.method === 'cvPlus')
  const byFold = needsFolds ? await fitByFolds(prepared, recipes, signal) : null
  const { members, weights, fitted } =
    bagged && byFold ? bagOf(recipes, byFold) : await refitAll(recipes, trials, fitTrial)
  const inputs = [...new Set(members.flatMap(({ features }) => features.inputs))]
  const bounded = await boundsOf(prepared, search, choice, { recipes, byFold }, signal)
  const pipeline = answeringPipeline({
    members,
    weights,
    calibrator: choice.calibrator,
    decision: choice.decision,
    background: needsBackground(members) ? makeBackground(train.table, inputs, options.search.seed) : null,
    bounds: bounded?.bounds ?? null,
  })
  return {
    pipeline,
    fitted,
    conformal: bounded?.promise ?? fitPromise(train.target, choice.outOfFold, options.conformal),
    report: {
      members: trials.map(({ estimator, index, params }, i) => ({
        estimator,
        trial: index,
        params,
        weight: choice.members[i]!.weight,
      })),
      blend: choice.comparison,
      calibration: calibrationOf(choice),
      decision:
        choice.decision && Object.fromEntries(pipeline.target.classes.map((label, c) => [label, choice.decision![c]!])),
      labels: choice.labels,
    },
  }
}

interface Members {
  readonly members: readonly FittedPipeline[]
  readonly weights: Float64Array
  readonly fitted: readonly FittedMember[]
}

async function refitAll(
  recipes: readonly MemberRecipe[],
  trials: readonly TrialResult[],
  fitTrial: (trial: TrialResult) => Promise<FittedPipeline>,
): Promise<Members> {
  const members: FittedPipeline[] = []
  for (const trial of trials) members.push(await fitTrial(trial))
  return {
    members,
    weights: Float64Array.from(recipes, ({ weight }) => weight),
    fitted: recipes.map(({ estimator, params }) => ({ estimator, params })),
  }
}

/** Each member as often as there are folds, with that share of its weight; those of one member side by side. */
function bagOf(recipes: readonly MemberRecipe[], byFold: readonly (readonly FittedPipeline[])[]): Members {
  const each = recipes.flatMap(({ estimator, params, weight }, member) =>
    byFold.map((models, fold) => ({
      model: models[member]!,
      weight: weight / byFold.length,
      fitted: { estimator, params, fold },
    })),
  )
  return {
    members: each.map(({ model }) => model),
    weights: Float64Array.from(each, ({ weight }) => weight),
    fitted: each.map(({ fitted }) => fitted),
  }
}

function calibrationOf({ calibrator, calibration }: AnswerChoice): AnswerReport['calibration'] {
  if (!calibration) return null
  const method = calibrator?.method ?? 'none'
  const compared = Object.entries(calibration).filter(([, logLoss]) => !Number.isNaN(logLoss))
  if (compared.length === 0) return null
  return {
    method,
    logLoss: { before: calibration.none, after: calibration[method] },
    compared: Object.fromEntries(compared),
  }
}

/** The models that the project's intervals take beside those that answer; null where they take none. */
async function boundsOf(
  prepared: PreparedRun,
  search: SearchResult,
  choice: AnswerChoice,
  { recipes, byFold }: { recipes: readonly MemberRecipe[]; byFold: readonly (readonly FittedPipeline[])[] | null },
  signal: AbortSignal | undefined,
): Promise<Bounds | null> {
  const { target } = prepared.train
  const { method } = prepared.options.conformal
  if (target.task !== 'regression') return null
  const ground = { ...prepared, target }
  if (method === 'cvPlus' && byFold) return boundByFolds(ground, recipes, byFold, choice.outOfFold)
  if (method !== 'quantile') return null
  return boundByQuantiles(ground, search.bestByFamily.get(gradientBoosting.name)?.params ?? {}, signal)
}
