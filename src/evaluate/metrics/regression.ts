import { weightedMean } from './classification-view.ts'
import { type RegressionMetric, type Score, undefinedScore } from './metric.ts'
import type { RegressionView } from './regression-view.ts'

/** How far predicted numbers lie from the true ones. */

const shared = { task: 'regression', needs: 'values' } as const

export const rootMeanSquaredError: RegressionMetric = {
  ...shared,
  name: 'rmse',
  title: 'RMSE',
  description: 'Root of the mean squared error, in the target’s unit; large errors weigh more.',
  greaterIsBetter: false,
  range: [0, null],
  unit: 'target',
  score: (view) =>
    scored(view, ({ absoluteError }, weights) =>
      Math.sqrt(
        weightedMean(
          absoluteError.map((error) => error * error),
          weights,
        ),
      ),
    ),
}

export const meanAbsoluteError: RegressionMetric = {
  ...shared,
  name: 'mae',
  title: 'Mean absolute error',
  description: 'Mean distance of the predictions from the true values, in the target’s unit.',
  greaterIsBetter: false,
  range: [0, null],
  unit: 'target',
  score: (view) => scored(view, ({ absoluteError }, weights) => weightedMean(absoluteError, weights)),
}

/** R² = 1 - Σ w (y - ŷ)² / Σ w (y - ȳ)²; of equal true values 1 if all are met, else 0, as scikit-learn says. */
export const rSquared: RegressionMetric = {
  ...shared,
  name: 'r2',
  title: 'R²',
  description: 'Share of the target’s variance that the predictions explain: 1 is perfect, 0 no better than the mean.',
  greaterIsBetter: true,
  range: [null, 1],
  score: (view) => {
    if (view.facts.nRows < 2) return undefinedScore('R² needs at least two rows')
    return scored(view, ({ values, absoluteError }, weights) => {
      const mean = weightedMean(values, weights)
      let residual = 0
      let total = 0
      for (let row = 0; row < values.length; row++) {
        const weight = weights === null ? 1 : weights[row]!
        residual += weight * absoluteError[row]! ** 2
        total += weight * (values[row]! - mean) ** 2
      }
      if (total === 0) return residual === 0 ? 1 : 0
      return 1 - residual / total
    })
  },
}

/** The middle absolute error; between two, their mean. With weights: where the weight adds up to half. */
export const medianAbsoluteError: RegressionMetric = {
  ...shared,
  name: 'median_absolute_error',
  title: 'Median absolute error',
  description:
    'Half of the predictions are closer to the true value than this, in the target’s unit; outliers do not move it.',
  greaterIsBetter: false,
  range: [0, null],
  unit: 'target',
  score: (view) =>
    scored(view, ({ absoluteError, errorOrder }, weights) => {
      const total = weights === null ? errorOrder.length : weights.reduce((sum, weight) => sum + weight, 0)
      let below = 0
      for (let i = 0; i < errorOrder.length; i++) {
        below += weights === null ? 1 : weights[errorOrder[i]!]!
        if (below < total / 2) continue
        const middle = absoluteError[errorOrder[i]!]!
        if (below - total / 2 > Number.EPSILON) return middle
        let next = i + 1
        while (next < errorOrder.length && weights !== null && weights[errorOrder[next]!] === 0) next++
        return next < errorOrder.length ? (middle + absoluteError[errorOrder[next]!]!) / 2 : middle
      }
      return absoluteError[errorOrder.at(-1)!]!
    }),
}

/** Rows of weight 0 are passed over; other weights make no difference. */
export const maxError: RegressionMetric = {
  ...shared,
  name: 'max_error',
  title: 'Largest error',
  description: 'The largest distance of a prediction from the true value, in the target’s unit.',
  greaterIsBetter: false,
  range: [0, null],
  unit: 'target',
  score: (view) =>
    scored(view, ({ absoluteError, errorOrder }, weights) => {
      let i = errorOrder.length - 1
      while (weights !== null && weights[errorOrder[i]!] === 0) i--
      return absoluteError[errorOrder[i]!]!
    }),
}

function scored(
  view: RegressionView,
  value: (facts: RegressionView['facts'], weights: Float64Array | null) => number,
): Score {
  const { facts, weights } = view
  if (!facts.finite) return undefinedScore('a prediction is not a finite number')
  if (facts.nRows === 0 || (weights !== null && !weights.some((weight) => weight > 0)))
    return undefinedScore('there are no rows')
  return { value: value(facts, weights) }
}
