import type { Target } from '../../table/target.ts'
import { ClassificationView } from '../metrics/classification-view.ts'
import { orNull } from './class-report.ts'
import { type CurveOptions, curveSetup } from './curve-options.ts'
import { keptPoints, thresholdSteps } from './threshold-steps.ts'

/** One class against the rest, for every threshold; plain JSON. */
export interface RocCurve {
  readonly label: string
  /** Area under the whole curve; null, and no points, unless both the class and another occur. */
  readonly auc: number | null
  /** From (0, 0) to (1, 1), without points on a straight line between two others. */
  readonly falsePositiveRate: readonly number[]
  readonly truePositiveRate: readonly number[]
  /** A row counts as of the class from this probability on; null at (0, 0), above all. */
  readonly thresholds: readonly (number | null)[]
}

/**
 * scikit-learn's `roc_curve`: for two classes the positive one, for more each against the rest.
 * @param probabilities shape (nRows * nClasses) row-major.
 */
export function rocCurves(
  target: Extract<Target, { task: 'classification' }>,
  probabilities: Float64Array,
  options: CurveOptions = {},
): RocCurve[] {
  const { facts, weights, codes } = curveSetup(target, probabilities, options)
  const view = new ClassificationView(facts, weights)
  return codes.map((c) => {
    const label = target.classes[c]!
    const auc = facts.finite ? orNull(view.ranking(c).rocAuc) : null
    if (auc === null) return { label, auc, falsePositiveRate: [], truePositiveRate: [], thresholds: [] }
    const steps = thresholdSteps(facts.orderOf(c), facts.scoresOf(c), facts.membersOf(c), weights)
    const { truePositives: tp, falsePositives: fp } = steps
    const bends = (values: readonly number[], i: number) => values[i + 1]! - values[i]! !== values[i]! - values[i - 1]!
    const kept = keptPoints(tp.length, (i) => bends(tp, i) || bends(fp, i))
    return {
      label,
      auc,
      falsePositiveRate: [0, ...kept.map((i) => fp[i]! / fp.at(-1)!)],
      truePositiveRate: [0, ...kept.map((i) => tp[i]! / tp.at(-1)!)],
      thresholds: [null, ...kept.map((i) => steps.thresholds[i]!)],
    }
  })
}
