import { readState, type StateReader } from '../../learn/read-state.ts'
import type { State } from '../../table/state.ts'
import { type CalibrationInput, calibrationRows, type FittedCalibrator } from './calibrator.ts'
import { applyOneVsRest, type BinaryRows, binaryRows, calibratedClasses } from './one-vs-rest.ts'
import { poolAdjacentViolators } from './pool-adjacent-violators.ts'

/** A rising function: straight lines between points; left of the first and right of the last as at them. */
export interface IsotonicCurve {
  /** Ascending, shape (nPoints), at least one. */
  readonly x: Float64Array
  /** Not falling, in [0, 1]; shape (nPoints). */
  readonly y: Float64Array
}

/** A fitted isotonic calibrator; the curves are for reports and parity. */
export interface IsotonicCalibrator extends FittedCalibrator {
  readonly method: 'isotonic'
  /** Of each class against the rest; with two classes of the second alone. */
  readonly curves: readonly IsotonicCurve[]
}

/** Scores nearer than this are one, as in scikit-learn (`numpy.finfo(float).resolution`). */
const RESOLUTION = 1e-15

/**
 * Isotonic calibration: of each class against the rest the rising curve nearest to what happened (pool adjacent violators),
 * then normalised. It takes any shape, and so needs many rows (some thousand); probabilities of exactly 0 and 1 are usual,
 * and a wrong one costs log loss dearly. A class without rows gets 0.
 * @throws OUT_OF_FOLD_MISSING, INTERNAL
 * @see Zadrozny and Elkan (2002), https://doi.org/10.1145/775047.775151
 */
export function fitIsotonic(input: CalibrationInput): IsotonicCalibrator {
  const rows = calibrationRows(input)
  return isotonicCalibrator(
    rows.nClasses,
    calibratedClasses(rows.nClasses).map((c) => fitCurve(binaryRows(rows, c))),
  )
}

/** @throws MODEL_STATE_INVALID */
export function restoreIsotonic(state: State): IsotonicCalibrator {
  const reader = readState(state, 'isotonic')
  const nClasses = reader.count('nClasses', 2)
  const curves = reader.raw('curves')
  const count = calibratedClasses(nClasses).length
  if (!Array.isArray(curves) || curves.length !== count) return reader.fail('curves', `a list of ${count} curves`)
  return isotonicCalibrator(
    nClasses,
    curves.map((curve, i) => restoreCurve(readState(curve, `isotonic.curves[${i}]`))),
  )
}

/** The curve's value at a score, between its lowest and highest; NaN for NaN. */
export function isotonicAt({ x, y }: IsotonicCurve, score: number): number {
  const last = x.length - 1
  if (Number.isNaN(score)) return score
  if (score <= x[0]!) return y[0]!
  if (score >= x[last]!) return y[last]!
  let below = 0
  let above = last
  while (above - below > 1) {
    const middle = (below + above) >> 1
    if (x[middle]! < score) below = middle
    else above = middle
  }
  if (score === x[above]!) return y[above]!
  const slope = (y[above]! - y[below]!) / (x[above]! - x[below]!)
  return Math.min(y[below]! + slope * (score - x[below]!), y[above]!)
}

function isotonicCalibrator(nClasses: number, curves: readonly IsotonicCurve[]): IsotonicCalibrator {
  const calibrate = curves.map((curve) => (p: number) => isotonicAt(curve, p))
  return {
    method: 'isotonic',
    nClasses,
    curves,
    apply: (probabilities) => applyOneVsRest(calibrate, probabilities, nClasses),
    state: () => ({ method: 'isotonic', nClasses, curves: curves.map(({ x, y }) => ({ x, y })) }),
  }
}

/** Rows of one score are one point at their mean; points on a level stretch, but for its ends, are left out. */
function fitCurve({ scores, truth, weights }: BinaryRows): IsotonicCurve {
  // By truth and weight among equals, so that the sums, and with them the curve, do not depend on the order of the rows.
  const order = Uint32Array.from(scores.keys()).sort(
    (i, j) => scores[i]! - scores[j]! || truth[i]! - truth[j]! || weights[i]! - weights[j]!,
  )
  const x: number[] = []
  const means: number[] = []
  const masses: number[] = []
  for (const row of order) {
    const last = x.length - 1
    if (last >= 0 && scores[row]! - x[last]! < RESOLUTION) {
      means[last]! += weights[row]! * truth[row]!
      masses[last]! += weights[row]!
    } else {
      x.push(scores[row]!)
      means.push(weights[row]! * truth[row]!)
      masses.push(weights[row]!)
    }
  }
  const y = poolAdjacentViolators(
    Float64Array.from(means, (sum, i) => sum / masses[i]!),
    Float64Array.from(masses),
  )
  const kept = x.flatMap((_, i) => {
    const isEnd = i === 0 || i === x.length - 1
    return isEnd || y[i] !== y[i - 1] || y[i] !== y[i + 1] ? [i] : []
  })
  return { x: Float64Array.from(kept, (i) => x[i]!), y: Float64Array.from(kept, (i) => y[i]!) }
}

function restoreCurve(reader: StateReader): IsotonicCurve {
  const x = reader.float64('x')
  const y = reader.float64('y', x.length)
  if (x.length === 0 || !x.every((value, i) => Number.isFinite(value) && (i === 0 || value > x[i - 1]!))) {
    reader.fail('x', 'at least one finite number, ascending')
  }
  if (!y.every((value, i) => value >= (i === 0 ? 0 : y[i - 1]!) && value <= 1)) {
    reader.fail('y', 'numbers from 0 to 1 that do not fall')
  }
  return { x, y }
}
