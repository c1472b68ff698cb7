import { BellwetherError } from '../../errors.ts'
import { type Target, targetLength } from '../../table/target.ts'
import { ClassificationFacts, ClassificationView } from './classification-view.ts'
import { type Metric, type Score, undefinedScore } from './metric.ts'
import { positiveClass } from './positive-class.ts'
import { metricsFor } from './registry.ts'
import { RegressionFacts, RegressionView } from './regression-view.ts'

export interface ScoreOptions {
  /** Label that metrics of two classes are about; the second in code-point order when left out. */
  readonly binaryPositive?: string
  /** Weight of each row, finite and not negative, shape (nRows); all 1 when left out. */
  readonly sampleWeight?: Float64Array
  /** Weight of each class when labels are decided, as in `AnsweringPipeline.decision`; all the same when left out or null. */
  readonly decision?: Float64Array | null
}

/** The metrics that apply to some predictions, and their scores under any weights of the rows. */
export interface Scorer {
  readonly metrics: readonly Metric[]
  /**
   * A function that gives the score of each of `metrics` when rows weigh so much, such as the counts of a bootstrap
   * resample; null for all 1. The weights must not change while it is in use: metrics share what they compute from them.
   */
  weigh(weights: Float64Array | null): (metric: Metric) => Score
}

/**
 * Prepares what needs no weights once: labels, orders, losses of each row.
 * @param predictions Classification: probabilities, shape (nRows * nClasses) row-major, rows summing to 1.
 *   Regression: values, shape (nRows).
 * @throws INTERNAL when the shapes disagree; INVALID_INPUT for an unknown positive class.
 */
export function makeScorer(
  target: Target,
  predictions: Float64Array,
  options: Pick<ScoreOptions, 'binaryPositive' | 'decision'> = {},
): Scorer {
  const metrics = metricsFor(target)
  if (target.task === 'regression') {
    const facts = new RegressionFacts(target, predictions)
    return {
      metrics,
      weigh: (weights) => {
        const view = new RegressionView(facts, weights)
        return (metric) => (metric.task === 'regression' ? metric.score(view) : undefinedScore('it is for classes'))
      },
    }
  }
  const positive = positiveClass(target.classes, options.binaryPositive)
  const facts = new ClassificationFacts(target, predictions, positive, options.decision)
  return {
    metrics,
    weigh: (weights) => {
      const view = new ClassificationView(facts, weights)
      return (metric) => {
        if (metric.task !== 'classification') return undefinedScore('it is for numbers')
        return facts.finite ? metric.score(view) : undefinedScore('a probability is not a finite number')
      }
    },
  }
}

/**
 * Every metric that applies to the target, by scikit-learn's name, in the order of reports. A metric that has no value
 * on these rows is NaN; `scoreWithReasons` says why. For the shapes see `makeScorer`.
 */
export function scoreAll(
  target: Target,
  predictions: Float64Array,
  options: ScoreOptions = {},
): Record<string, number> {
  const scores = Object.entries(scoreWithReasons(target, predictions, options))
  return Object.fromEntries(scores.map(([name, { value }]) => [name, value]))
}

/** As `scoreAll`, each value with the reason where it is NaN. */
export function scoreWithReasons(
  target: Target,
  predictions: Float64Array,
  options: ScoreOptions = {},
): Record<string, Score> {
  const { metrics, weigh } = makeScorer(target, predictions, options)
  const score = weigh(checkedWeights(target, options.sampleWeight))
  return Object.fromEntries(metrics.map((metric) => [metric.name, score(metric)]))
}

/** @throws INTERNAL unless there is a finite weight of at least 0 for each row. */
export function checkedWeights(target: Target, weights: Float64Array | undefined): Float64Array | null {
  if (weights === undefined) return null
  const nRows = targetLength(target)
  if (weights.length !== nRows)
    throw new BellwetherError('INTERNAL', `Expected ${nRows} sample weights, came ${weights.length}.`)
  const wrong = weights.findIndex((weight) => !Number.isFinite(weight) || weight < 0)
  if (wrong >= 0)
    throw new BellwetherError('INTERNAL', `The sample weight of row ${wrong} is not a finite number of at least 0.`)
  return weights
}
