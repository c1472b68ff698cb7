import { BellwetherError } from '../../errors.ts'
import type { Loss } from './loss.ts'
import { weightedQuantile } from './weighted-quantile.ts'

/** Losses of regression beside squared error; names of scikit-learn. */
export type ValueLoss = 'absolute_error' | 'quantile' | 'poisson'

/** The largest log of a value: e^700 is still a number. */
const LARGEST_LOG = 700

/**
 * The loss of numbers, other than squared error.
 * @param weights Above 0, shape (nRows).
 * @param quantile Share of the targets to lie below the answer; for `quantile` only.
 * @throws TARGET_NOT_COUNTS when the loss is Poisson's and a target is negative, or all are 0.
 */
export function valueLossOf(
  kind: ValueLoss,
  values: Float64Array,
  weights: Float64Array,
  quantile: number,
  initial?: Float64Array,
): Loss {
  if (kind === 'poisson') return poissonLoss(values, weights, initial)
  return pinballLoss(values, weights, kind === 'quantile' ? quantile : 0.5, kind === 'quantile' ? 1 : 2, initial)
}

/**
 * factor * q (y - raw) above the answer, factor * (1 - q) (raw - y) below: the q-quantile makes its mean least; q = 1/2 and
 * factor 2 are the absolute error, made least by the median. Gradient factor * (1 - q) or -factor * q, hessian 1. As steps of
 * that size say nothing of how far off rows are, a leaf's value is the quantile of what is left over in it.
 */
function pinballLoss(
  values: Float64Array,
  weights: Float64Array,
  q: number,
  factor: number,
  initial?: Float64Array,
): Loss {
  return {
    nOutputs: 1,
    initial: initial ?? Float64Array.of(weightedQuantile(values, weights, q)),
    trained: Uint8Array.of(1),
    beginRound() {},
    gradients(raw, _output, gradients, hessians) {
      for (let row = 0; row < values.length; row++) {
        gradients[row] = weights[row]! * factor * (raw[row]! > values[row]! ? 1 - q : -q)
        hessians[row] = weights[row]!
      }
    },
    mean: (raw) =>
      meanBy(weights, (row) => {
        const left = values[row]! - raw[row]!
        return factor * (left >= 0 ? q * left : (q - 1) * left)
      }),
    leafValue(raw, rows) {
      const left = Float64Array.from(rows, (row) => values[row]! - raw[row]!)
      const leftWeights = Float64Array.from(rows, (row) => weights[row]!)
      return weightedQuantile(left, leftWeights, q)
    },
  }
}

/** e^raw - y raw, the answer being e^raw: gradient e^raw - y, hessian e^raw. */
function poissonLoss(values: Float64Array, weights: Float64Array, initial?: Float64Array): Loss {
  const nNegative = values.reduce((n, value) => n + (value < 0 ? 1 : 0), 0)
  if (nNegative > 0) {
    throw new BellwetherError(
      'TARGET_NOT_COUNTS',
      `The loss "poisson" needs targets of 0 or more; ${nNegative} of ${values.length} are negative.`,
    )
  }
  const mean = meanBy(weights, (row) => values[row]!)
  if (!initial && !(mean > 0)) {
    throw new BellwetherError('TARGET_NOT_COUNTS', 'The loss "poisson" needs a target above 0; all are 0.')
  }
  return {
    nOutputs: 1,
    initial: initial ?? Float64Array.of(Math.log(mean)),
    trained: Uint8Array.of(1),
    beginRound() {},
    gradients(raw, _output, gradients, hessians) {
      for (let row = 0; row < values.length; row++) {
        const answer = expOf(raw[row]!)
        gradients[row] = weights[row]! * (answer - values[row]!)
        hessians[row] = weights[row]! * answer
      }
    },
    mean: (raw) => meanBy(weights, (row) => expOf(raw[row]!) - values[row]! * raw[row]!),
  }
}

/** The answer of a log score, kept finite. */
export function expOf(raw: number): number {
  return Math.exp(Math.min(raw, LARGEST_LOG))
}

function meanBy(weights: Float64Array, value: (row: number) => number): number {
  let sum = 0
  let total = 0
  for (let row = 0; row < weights.length; row++) {
    sum += weights[row]! * value(row)
    total += weights[row]!
  }
  return sum / total
}
