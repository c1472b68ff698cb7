import { selectTarget } from '../../table/target.ts'
import { ClassificationFacts, weightedMean } from '../metrics/classification-view.ts'
import { predictedRows, selectPredictions } from '../predicted-rows.ts'
import type { Fold } from '../splits/fold.ts'
import type { CalibrationInput, CalibrationMethod, FittedCalibrator } from './calibrator.ts'
import { calibrations, fitCalibrator } from './calibrators.ts'

/**
 * What calibration makes of rows that it had not learnt from: each fold's validation rows by a calibrator fitted on the
 * out-of-fold probabilities of its training rows. To judge calibration by, and to take conformal thresholds from.
 * @param folds Those that the probabilities are out of.
 * @returns shape (nRows * nClasses) row-major; NaN for rows that no fold validates, or whose fold trains on none that has a
 *   probability, as the first of folds by time.
 * @throws INTERNAL, and what `fitOn` throws
 */
export function calibrateOutOfFold(
  input: CalibrationInput,
  folds: readonly Fold[],
  fitOn: (input: CalibrationInput) => FittedCalibrator,
): Float64Array {
  const { target, probabilities, sampleWeight } = input
  const nClasses = target.classes.length
  const known = new Set(predictedRows(target.codes.length, nClasses, [probabilities]))
  const result = new Float64Array(probabilities.length).fill(Number.NaN)
  for (const { train, validation } of folds) {
    const rows = train.filter((row) => known.has(row) && (sampleWeight === undefined || sampleWeight[row]! > 0))
    if (rows.length === 0) continue
    const selected = selectTarget(target, rows)
    if (selected.task !== 'classification') continue
    const calibrator = fitOn({
      target: selected,
      probabilities: selectPredictions(probabilities, rows, nClasses),
      ...(sampleWeight ? { sampleWeight: Float64Array.from(rows, (row) => sampleWeight[row]!) } : {}),
    })
    const calibrated = calibrator.apply(selectPredictions(probabilities, validation, nClasses))
    validation.forEach((row, i) => {
      result.set(calibrated.subarray(i * nClasses, (i + 1) * nClasses), row * nClasses)
    })
  }
  return result
}

export interface CalibrationChoice {
  /** Fitted on all rows that have a probability; null where leaving the probabilities as they are is best. */
  readonly calibrator: FittedCalibrator | null
  /** Of rows that a calibrator had not learnt from, mean in nats; `none` as they are. */
  readonly logLoss: Readonly<Record<CalibrationMethod | 'none', number>>
  /** Out-of-fold probabilities as calibrated by `calibrateOutOfFold`, or as they were. */
  readonly outOfFold: Float64Array
}

/**
 * The calibrator with the least log loss on rows that it had not learnt from. Among equals the one that changes least: none, then
 * in the order of `calibrations`. All are scored on the same rows. With fewer than two folds nothing can be compared, and none is taken.
 * @throws OUT_OF_FOLD_MISSING, INTERNAL
 */
export function chooseCalibrator(
  input: CalibrationInput,
  folds: readonly Fold[],
  methods: readonly CalibrationMethod[] = calibrations.map(({ method }) => method),
): CalibrationChoice {
  const { target, probabilities, sampleWeight } = input
  const nClasses = target.classes.length
  const tried = new Map<CalibrationMethod | 'none', Float64Array>([['none', probabilities]])
  for (const { method } of calibrations) {
    if (!methods.includes(method)) continue
    tried.set(
      method,
      calibrateOutOfFold(input, folds, (part) => fitCalibrator(method, part)),
    )
  }
  const logLoss: Record<CalibrationMethod | 'none', number> = {
    none: Number.NaN,
    temperature: Number.NaN,
    platt: Number.NaN,
    isotonic: Number.NaN,
  }
  const isScored = Array.from(target.codes, (_, row) =>
    [...tried.values()].every((own) => !Number.isNaN(own[row * nClasses])),
  )
  if (!isScored.includes(true)) return { calibrator: null, logLoss, outOfFold: probabilities }
  const weights = Float64Array.from(isScored, (is, row) => (is ? (sampleWeight?.[row] ?? 1) : 0))
  let best: CalibrationMethod | 'none' = 'none'
  for (const [method, own] of tried) {
    logLoss[method] = weightedMean(new ClassificationFacts(target, own, 0).logLoss, weights)
    if (logLoss[method] < logLoss[best]) best = method
  }
  return {
    calibrator: best === 'none' ? null : fitCalibrator(best, input),
    logLoss,
    outOfFold: tried.get(best)!,
  }
}
