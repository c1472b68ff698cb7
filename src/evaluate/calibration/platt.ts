import { readState } from '../../learn/read-state.ts'
import type { State } from '../../table/state.ts'
import { type CalibrationInput, calibrationRows, type FittedCalibrator } from './calibrator.ts'
import { fitSigmoid, type Sigmoid, sigmoidAt } from './fit-sigmoid.ts'
import { applyOneVsRest, binaryRows, calibratedClasses } from './one-vs-rest.ts'

/** What the sigmoid is laid over: the probability itself, or ln(p / (1 - p)). */
export type PlattScale = 'log-odds' | 'probability'

export interface PlattOptions {
  /**
   * Default `log-odds`: there "leave it as it is" is one of the choices (a = -1, b = 0). `probability` is what scikit-learn
   * does with an estimator that has `predict_proba` alone, such as a random forest.
   */
  readonly scale?: PlattScale
}

/** A fitted Platt calibrator; what is beyond `FittedCalibrator` is for reports and parity. */
export interface PlattCalibrator extends FittedCalibrator {
  readonly method: 'platt'
  readonly scale: PlattScale
  /** Of each class against the rest; with two classes of the second alone. */
  readonly sigmoids: readonly Sigmoid[]
}

/** As in temperature scaling: keeps the logarithm of 0 finite, |log-odds| below 28. */
const EPSILON = 1e-12

/**
 * Platt scaling: of each class against the rest
 *   p = 1 / (1 + exp(a f + b))      f the class's probability or its log-odds
 * with a and b by maximum likelihood against Platt's targets, then normalised; two numbers a class, so it does with few rows.
 * A class without rows gets about 1 / (rows + 2) before normalisation.
 * @throws OUT_OF_FOLD_MISSING, INTERNAL
 * @see Platt (1999), Probabilistic outputs for support vector machines
 */
export function fitPlatt(input: CalibrationInput, { scale = 'log-odds' }: PlattOptions = {}): PlattCalibrator {
  const rows = calibrationRows(input)
  const sigmoids = calibratedClasses(rows.nClasses).map((c) => {
    const { scores, truth, weights } = binaryRows(rows, c)
    return fitSigmoid(
      scores.map((p) => scaled(p, scale)),
      truth,
      weights,
    )
  })
  return plattCalibrator(rows.nClasses, scale, sigmoids)
}

/** @throws MODEL_STATE_INVALID */
export function restorePlatt(state: State): PlattCalibrator {
  const reader = readState(state, 'platt')
  const nClasses = reader.count('nClasses', 2)
  const scale = reader.text('scale')
  if (scale !== 'log-odds' && scale !== 'probability') return reader.fail('scale', '"log-odds" or "probability"')
  const count = calibratedClasses(nClasses).length
  const a = reader.float64('a', count)
  const b = reader.float64('b', count)
  if (!a.every(Number.isFinite)) reader.fail('a', 'finite numbers')
  if (!b.every(Number.isFinite)) reader.fail('b', 'finite numbers')
  return plattCalibrator(
    nClasses,
    scale,
    Array.from(a, (own, i) => ({ a: own, b: b[i]! })),
  )
}

function plattCalibrator(nClasses: number, scale: PlattScale, sigmoids: readonly Sigmoid[]): PlattCalibrator {
  const calibrate = sigmoids.map((sigmoid) => (p: number) => sigmoidAt(sigmoid, scaled(p, scale)))
  return {
    method: 'platt',
    nClasses,
    scale,
    sigmoids,
    apply: (probabilities) => applyOneVsRest(calibrate, probabilities, nClasses),
    state: () => ({
      method: 'platt',
      nClasses,
      scale,
      a: Float64Array.from(sigmoids, ({ a }) => a),
      b: Float64Array.from(sigmoids, ({ b }) => b),
    }),
  }
}

function scaled(p: number, scale: PlattScale): number {
  if (scale === 'probability') return p
  const inside = Math.min(Math.max(p, 0), 1)
  return Math.log(inside + EPSILON) - Math.log(1 - inside + EPSILON)
}
