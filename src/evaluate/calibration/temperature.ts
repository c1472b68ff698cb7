import { readState } from '../../learn/read-state.ts'
import type { State } from '../../table/state.ts'
import { brentRoot } from './brent-root.ts'
import { type CalibrationInput, calibrationRows, type FittedCalibrator, rowsOf } from './calibrator.ts'

/** A fitted temperature. */
export interface TemperatureCalibrator extends FittedCalibrator {
  readonly method: 'temperature'
  /** β: below 1 the model was too sure of itself, above 1 not sure enough. */
  readonly inverseTemperature: number
}

/** As in scikit-learn: keeps the logarithm of 0 finite. */
const EPSILON = 1e-12
/** As in scikit-learn: ln β is looked for in [-10, 10]. */
const LARGEST_LOG = 10
/** Slope of the mean loss below which there is nothing to win. */
const FLAT = 1e-9

/**
 * Temperature scaling: one number β for all classes,
 *   p' = softmax(β ln(p + 1e-12))
 * that minimises the log loss. It leaves the order of the classes, and so accuracy, as it is, and does with few rows. The loss
 * is convex in β; β is where its slope crosses 0, by Brent's method to rounding. Worse than chance gives e^-10. Where every row
 * is right the loss falls on and on, and β is where it has become flat (1e-9 a row), or e^10. Where all rows are uniform
 * nothing can be said, and β is 1.
 * @throws OUT_OF_FOLD_MISSING, INTERNAL
 * @see Guo et al. (2017), https://proceedings.mlr.press/v70/guo17a.html
 */
export function fitTemperature(input: CalibrationInput): TemperatureCalibrator {
  const { nClasses, codes, probabilities, weights } = calibrationRows(input)
  const logits = probabilities.map((p) => Math.log(p + EPSILON))
  if (isUniform(logits, nClasses)) return temperatureCalibrator(nClasses, 1)
  const shares = new Float64Array(nClasses)
  const total = weights.reduce((sum, weight) => sum + weight, 0)
  /** Of the mean loss, by β. */
  const slopeAt = (logBeta: number): number => {
    const beta = Math.exp(logBeta)
    let slope = 0
    for (let row = 0; row < codes.length; row++) {
      const from = row * nClasses
      softmax(logits, from, beta, shares, 0, nClasses)
      const own = logits[from + codes[row]!]!
      let difference = 0
      for (let c = 0; c < nClasses; c++) difference += shares[c]! * (logits[from + c]! - own)
      slope += weights[row]! * difference
    }
    return slope / total
  }
  if (slopeAt(-LARGEST_LOG) >= 0) return temperatureCalibrator(nClasses, Math.exp(-LARGEST_LOG))
  const last = slopeAt(LARGEST_LOG)
  const slack = last > 0 ? 0 : FLAT
  if (last + slack <= 0) return temperatureCalibrator(nClasses, Math.exp(LARGEST_LOG))
  const logBeta = brentRoot((at) => slopeAt(at) + slack, -LARGEST_LOG, LARGEST_LOG)
  return temperatureCalibrator(nClasses, Math.exp(logBeta))
}

/** @throws MODEL_STATE_INVALID */
export function restoreTemperature(state: State): TemperatureCalibrator {
  const reader = readState(state, 'temperature')
  const inverseTemperature = reader.number('inverseTemperature')
  if (!(inverseTemperature > 0)) reader.fail('inverseTemperature', 'above 0')
  return temperatureCalibrator(reader.count('nClasses', 2), inverseTemperature)
}

function temperatureCalibrator(nClasses: number, inverseTemperature: number): TemperatureCalibrator {
  return {
    method: 'temperature',
    nClasses,
    inverseTemperature,
    apply(probabilities) {
      const nRows = rowsOf(probabilities, nClasses)
      const logits = probabilities.map((p) => Math.log(Math.max(p, 0) + EPSILON))
      const result = new Float64Array(probabilities.length)
      for (let row = 0; row < nRows; row++) {
        softmax(logits, row * nClasses, inverseTemperature, result, row * nClasses, nClasses)
      }
      return result
    },
    state: () => ({ method: 'temperature', nClasses, inverseTemperature }),
  }
}

/** softmax(β z) of `n` numbers of `logits` from `at` on. out: `result` from `to` on. */
function softmax(logits: Float64Array, at: number, beta: number, result: Float64Array, to: number, n: number): void {
  let highest = logits[at]!
  for (let c = 1; c < n; c++) highest = Math.max(highest, logits[at + c]!)
  let sum = 0
  for (let c = 0; c < n; c++) {
    const e = Math.exp(beta * (logits[at + c]! - highest))
    result[to + c] = e
    sum += e
  }
  for (let c = 0; c < n; c++) result[to + c]! /= sum
}

function isUniform(logits: Float64Array, nClasses: number): boolean {
  return logits.every((value, i) => value === logits[i - (i % nClasses)])
}
