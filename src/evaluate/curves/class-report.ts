import type { Target } from '../../table/target.ts'
import { ClassificationFacts, ClassificationView } from '../metrics/classification-view.ts'
import { classScores } from '../metrics/f-measure.ts'
import { checkedWeights, type ScoreOptions } from '../metrics/score-all.ts'

/** How well one class is told from the rest; plain JSON, null where there is no value. */
export interface ClassReport {
  readonly label: string
  /** Rows (or their weight) of the class. */
  readonly support: number
  readonly precision: number
  readonly recall: number
  readonly f1: number
  readonly rocAuc: number | null
  readonly averagePrecision: number | null
}

/** scikit-learn's `classification_report`, with the ranking metrics beside it; one entry per class, in their order. */
export function classReport(
  target: Extract<Target, { task: 'classification' }>,
  probabilities: Float64Array,
  options: Pick<ScoreOptions, 'sampleWeight' | 'decision'> = {},
): ClassReport[] {
  const facts = new ClassificationFacts(target, probabilities, target.classes.length - 1, options.decision)
  const view = new ClassificationView(facts, checkedWeights(target, options.sampleWeight))
  return target.classes.map((label, c) => {
    const { precision, recall, f1, support } = classScores(view, c)
    const { rocAuc, averagePrecision } = view.ranking(c)
    return { label, support, precision, recall, f1, rocAuc: orNull(rocAuc), averagePrecision: orNull(averagePrecision) }
  })
}

/** JSON has no NaN. */
export function orNull(value: number): number | null {
  return Number.isNaN(value) ? null : value
}
