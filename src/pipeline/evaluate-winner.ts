import { compareModels, type Comparison } from '../evaluate/compare.ts'
import { calibrationCurve } from '../evaluate/curves/calibration-curve.ts'
import { confusionMatrix } from '../evaluate/curves/confusion-matrix.ts'
import { precisionRecallCurves } from '../evaluate/curves/precision-recall-curve.ts'
import { rocCurves } from '../evaluate/curves/roc-curve.ts'
import { type PermutationImportance, permutationImportance } from '../evaluate/permutation-importance.ts'
import type { FittedPipeline } from '../learn/fitted-pipeline.ts'
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
      readonly confusion: ReturnType<typeof confusionMatrix>
      readonly roc: ReturnType<typeof rocCurves>
      readonly precisionRecall: ReturnType<typeof precisionRecallCurves>
      readonly calibration: ReturnType<typeof calibrationCurve>
    }
  | { readonly task: 'regression'; readonly actual: readonly number[]; readonly predicted: readonly number[] }

export interface EvaluateInput {
  readonly prepared: PreparedRun
  readonly candidates: readonly CandidateReport[]
  readonly winner: { readonly estimator: string; readonly pipeline: FittedPipeline; readonly predictions: Float64Array }
  readonly baselinePredictions: Float64Array
  readonly signal?: AbortSignal
}

/** Judges the winner on rows that neither it nor the choice of it has seen. */
export function evaluateWinner({ prepared, candidates, winner, baselinePredictions, signal }: EvaluateInput): Evaluation {
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
    comparison: compareModels(test.target, winner.predictions, baselinePredictions, { seed: options.search.seed, ...stop }),
    importance: permutationImportance(test.table, test.target, (table) => winner.pipeline.predict(table), {
      columns: winner.pipeline.features.inputs,
      metric: scoring.name,
      seed: options.search.seed,
      ...stop,
    }),
    curves: curvesOf(test.target, winner.predictions),
  }
}

function curvesOf(target: Target, predictions: Float64Array): Curves {
  if (target.task === 'regression') return { task: 'regression', actual: [...target.values], predicted: [...predictions] }
  return {
    task: 'classification',
    confusion: confusionMatrix(target, predictions),
    roc: rocCurves(target, predictions),
    precisionRecall: precisionRecallCurves(target, predictions),
    calibration: calibrationCurve(target, predictions),
  }
}
