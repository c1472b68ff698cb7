import type { SupervisedTask } from '../../table/target.ts'
import type { ClassificationView } from './classification-view.ts'
import type { RegressionView } from './regression-view.ts'

/** A metric's value on some rows; NaN with the reason where it has none there. */
export interface Score {
  readonly value: number
  readonly reason?: string
}

interface MetricDescription {
  /** scikit-learn's name where it has the metric, such as `f1_macro`. */
  readonly name: string
  /** For tables and axes, such as `F1 (macro)`. */
  readonly title: string
  /** One sentence for people: what a value says. */
  readonly description: string
  readonly greaterIsBetter: boolean
  /** What of the predictions it looks at. */
  readonly needs: 'labels' | 'probabilities' | 'values'
  /** Smallest and largest possible value; null where there is no bound. */
  readonly range: readonly [number | null, number | null]
  /** `target` where the value carries the target's unit. */
  readonly unit?: 'target' | 'nats'
}

export interface ClassificationMetric extends MetricDescription {
  readonly task: Extract<SupervisedTask, 'classification'>
  /** Whether it is about one of two classes, the positive one, and so is left out for more. */
  readonly twoClassesOnly: boolean
  /** Never throws: what can't be said is NaN with a reason. */
  score(view: ClassificationView): Score
}

export interface RegressionMetric extends MetricDescription {
  readonly task: Extract<SupervisedTask, 'regression'>
  /** Never throws: what can't be said is NaN with a reason. */
  score(view: RegressionView): Score
}

export type Metric = ClassificationMetric | RegressionMetric

/** No value, and why. */
export function undefinedScore(reason: string): Score {
  return { value: Number.NaN, reason }
}
