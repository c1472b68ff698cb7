import type { Target } from '../../table/target.ts'
import { ClassificationView } from '../metrics/classification-view.ts'
import { orNull } from './class-report.ts'
import { type CurveOptions, curveSetup } from './curve-options.ts'
import { keptPoints, thresholdSteps } from './threshold-steps.ts'

/** One class against the rest, for every threshold; plain JSON. */
export interface PrecisionRecallCurve {
  readonly label: string
  /** Average precision; null, and no points, when the class has no row. */
  readonly averagePrecision: number | null
  /** Share of the class among all rows: the precision of picking rows at random. */
  readonly prevalence: number
  /** Recall rises from the highest threshold to the lowest; at one recall the first and the last point are kept. */
  readonly recall: readonly number[]
  readonly precision: readonly number[]
  readonly thresholds: readonly number[]
}

/**
 * scikit-learn's `precision_recall_curve`, in the order of rising recall and without its added end (recall 0,
 * precision 1), which no threshold gives. For two classes the positive one, for more each against the rest.
 * @param probabilities shape (nRows * nClasses) row-major.
 */
export function precisionRecallCurves(
  target: Extract<Target, { task: 'classification' }>,
  probabilities: Float64Array,
  options: CurveOptions = {},
): PrecisionRecallCurve[] {
  const { facts, weights, codes } = curveSetup(target, probabilities, options)
  const view = new ClassificationView(facts, weights)
  return codes.map((c) => {
    const label = target.classes[c]!
    const { positive, negative, averagePrecision: area } = view.ranking(c)
    const prevalence = positive + negative > 0 ? positive / (positive + negative) : 0
    const averagePrecision = facts.finite ? orNull(area) : null
    if (averagePrecision === null)
      return { label, averagePrecision, prevalence, recall: [], precision: [], thresholds: [] }
    const steps = thresholdSteps(facts.orderOf(c), facts.scoresOf(c), facts.membersOf(c), weights)
    const { truePositives: tp, falsePositives: fp } = steps
    const kept = keptPoints(tp.length, (i) => tp[i] !== tp[i - 1] || tp[i] !== tp[i + 1])
    return {
      label,
      averagePrecision,
      prevalence,
      recall: kept.map((i) => tp[i]! / positive),
      precision: kept.map((i) => tp[i]! / (tp[i]! + fp[i]!)),
      thresholds: kept.map((i) => steps.thresholds[i]!),
    }
  })
}
