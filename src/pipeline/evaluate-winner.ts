import type { AnsweringPipeline } from '../evaluate/answering-pipeline.ts'
import { bootstrapIntervals } from '../evaluate/bootstrap.ts'
import { type Comparison, compareModels } from '../evaluate/compare.ts'
import { type Calibration, calibrationCurves } from '../evaluate/curves/calibration-curves.ts'
import { type ClassReport, classReport } from '../evaluate/curves/class-report.ts'
import { type ConfusionMatrix, confusionMatrix } from '../evaluate/curves/confusion-matrix.ts'
import { type PrecisionRecallCurve, precisionRecallCurves } from '../evaluate/curves/precision-recall-curves.ts'
import { type PredictionPoints, predictionPoints } from '../evaluate/curves/prediction-points.ts'
import { type RocCurve, rocCurves } from '../evaluate/curves/roc-curves.ts'
import { type PermutationImportance, permutationImportance } from '../evaluate/permutation-importance.ts'
import { predictReplaced } from '../evaluate/predict-replaced.ts'
import type { Target } from '../table/target.ts'
import type { PreparedRun } from './prepare-run.ts'

/** What is known of a candidate of each kind: the best of its trials, fitted on all training rows. */
export interface CandidateReport {
  readonly estimator: string
  readonly trials: number
  readonly failed: number
  readonly params: Readonly<Record<string, unknown>>
  /** Mean over the folds, by metric. */
  readonly cv: Readonly<Record<string, number>>
  readonly cvStd: Readonly<Record<string, number>>
  /** On the test rows. */
  readonly test: Readonly<Record<string, number>>
  /** 95 % bootstrap bounds of the scoring metric on the test rows. */
  readonly interval: readonly [number, number]
  /** What the best model's fit on all training rows measured of itself, such as `oob.accuracy`. */
  readonly figures: Readonly<Record<string, number>>
  readonly seconds: number
}

/** Everything that a report says of a run's winner, as data; the pictures are drawn from it. */
export interface Evaluation {
  readonly project: string
  readonly task: 'classification' | 'regression'
  readonly target: string
  readonly classes: readonly string[]
  readonly scoring: string
  readonly winner: string
  readonly notes: readonly string[]
  readonly rows: { readonly train: number; readonly test: number }
  readonly candidates: readonly CandidateReport[]
  /** Winner beside baseline on the test rows, with 95 % bootstrap intervals. */
  readonly comparison: readonly Comparison[]
  readonly importance: PermutationImportance
  readonly curves: Curves
}

export type Curves =
  | {
      readonly task: 'classification'
      readonly classReport: readonly ClassReport[]
      readonly confusion: ConfusionMatrix
      readonly roc: readonly RocCurve[]
      readonly precisionRecall: readonly PrecisionRecallCurve[]
      readonly calibration: Calibration
    }
  | { readonly task: 'regression'; readonly points: PredictionPoints }

export interface EvaluateInput {
  readonly prepared: PreparedRun
  readonly candidates: readonly CandidateReport[]
  readonly winner: {
    readonly estimator: string
    readonly pipeline: AnsweringPipeline
    readonly predictions: Float64Array
  }
  readonly baselinePredictions: Float64Array
  readonly signal?: AbortSignal
}

/** Bounds of the scoring metric of one kind's best candidate on the test rows. */
export function scoringInterval(prepared: PreparedRun, predictions: Float64Array): [number, number] {
  const { low, high } = bootstrapIntervals(prepared.test.target, predictions, {
    seed: prepared.options.search.seed,
    metrics: [prepared.scoring.name],
  })[prepared.scoring.name]!
  return [low, high]
}

/** Judges the winner on rows that neither it nor the choice of it has seen. */
export function evaluateWinner({
  prepared,
  candidates,
  winner,
  baselinePredictions,
  signal,
}: EvaluateInput): Evaluation {
  const { test, options, roles, scoring } = prepared
  const stop = signal ? { signal } : {}
  return {
    project: options.name,
    task: options.task,
    target: roles.target,
    classes: test.target.task === 'classification' ? test.target.classes : [],
    scoring: scoring.name,
    winner: winner.estimator,
    notes: prepared.notes,
    rows: { train: prepared.train.table.nRows, test: test.table.nRows },
    candidates,
    comparison: compareModels(test.target, winner.predictions, baselinePredictions, {
      seed: options.search.seed,
      decision: winner.pipeline.decision,
      ...stop,
    }),
    importance: permutationImportance(test.table, test.target, (table) => winner.pipeline.predict(table), {
      columns: winner.pipeline.inputs,
      metric: scoring.name,
      decision: winner.pipeline.decision,
      seed: options.search.seed,
      predictReplaced: predictReplaced(winner.pipeline, test.table),
      ...stop,
    }),
    curves: curvesOf(test.target, winner.predictions, winner.pipeline.decision),
  }
}

function curvesOf(target: Target, predictions: Float64Array, decision: Float64Array | null): Curves {
  if (target.task === 'regression') return { task: 'regression', points: predictionPoints(target, predictions) }
  return {
    task: 'classification',
    classReport: classReport(target, predictions, { decision }),
    confusion: confusionMatrix(target, predictions, { decision }),
    roc: rocCurves(target, predictions),
    precisionRecall: precisionRecallCurves(target, predictions),
    calibration: calibrationCurves(target, predictions),
  }
}
