import { type ClassificationView, ECE_BINS, weightedMean } from './classification-view.ts'
import { type ClassificationMetric, type Score, undefinedScore } from './metric.ts'

/** How good the probabilities are as probabilities. */

export const logLoss: ClassificationMetric = {
  name: 'log_loss',
  title: 'Log loss',
  description: 'Mean of -ln of the probability given to the true class; a sure and wrong answer costs most.',
  task: 'classification',
  twoClassesOnly: false,
  greaterIsBetter: false,
  needs: 'probabilities',
  range: [0, null],
  unit: 'nats',
  score: (view) => mean(view, () => view.facts.logLoss, 1),
}

/**
 * As scikit-learn's `brier_score_loss`: with two classes (p - y)² of the positive class, in [0, 1]; with more the sum
 * over the classes, in [0, 2].
 * @see Brier (1950), https://doi.org/10.1175/1520-0493(1950)078<0001:VOFEIT>2.0.CO;2
 */
export const brierScore: ClassificationMetric = {
  name: 'brier_score',
  title: 'Brier score',
  description: 'Mean squared distance of the probabilities from what happened.',
  task: 'classification',
  twoClassesOnly: false,
  greaterIsBetter: false,
  needs: 'probabilities',
  range: [0, 2],
  score: (view) => mean(view, () => view.facts.squaredError, view.facts.nClasses === 2 ? 0.5 : 1),
}

/**
 * Expected calibration error of the label that is given:
 *   ECE = Σ over 15 equal bins b of the confidence, (weight of b / weight) · |accuracy in b - mean confidence in b|
 * A bin holds its upper edge, not its lower.
 * @see Guo et al. (2017), https://proceedings.mlr.press/v70/guo17a.html
 */
export const expectedCalibrationError: ClassificationMetric = {
  name: 'ece',
  title: 'Calibration error (ECE)',
  description:
    'How far, on average, the probability of the answer given lies from the share of such answers that is right.',
  task: 'classification',
  twoClassesOnly: false,
  greaterIsBetter: false,
  needs: 'probabilities',
  range: [0, 1],
  score: (view) => {
    const { finite, nRows, codes, labels, confidence } = view.facts
    if (!finite) return undefinedScore('a probability is not a finite number')
    // Per bin: weight of right answers minus summed confidence; its size is the bin's share of the error.
    const gaps = new Float64Array(ECE_BINS)
    let total = 0
    for (let row = 0; row < nRows; row++) {
      const weight = view.weights === null ? 1 : view.weights[row]!
      total += weight
      gaps[confidenceBin(confidence[row]!)]! += weight * ((labels[row] === codes[row] ? 1 : 0) - confidence[row]!)
    }
    if (total === 0) return undefinedScore('there are no rows')
    return { value: gaps.reduce((sum, gap) => sum + Math.abs(gap), 0) / total }
  },
}

/** Bin (i/15, (i+1)/15] of a confidence in [0, 1]. */
export function confidenceBin(confidence: number): number {
  return Math.min(Math.max(Math.ceil(confidence * ECE_BINS) - 1, 0), ECE_BINS - 1)
}

function mean(view: ClassificationView, rows: () => Float64Array, factor: number): Score {
  if (!view.facts.finite) return undefinedScore('a probability is not a finite number')
  const value = factor * weightedMean(rows(), view.weights)
  return Number.isNaN(value) ? undefinedScore('there are no rows') : { value }
}
