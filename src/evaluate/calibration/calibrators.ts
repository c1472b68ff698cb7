import { readState } from '../../learn/read-state.ts'
import type { State } from '../../table/state.ts'
import type { CalibrationInput, CalibrationMethod, FittedCalibrator } from './calibrator.ts'
import { fitIsotonic, restoreIsotonic } from './isotonic.ts'
import { fitPlatt, restorePlatt } from './platt.ts'
import { fitTemperature, restoreTemperature } from './temperature.ts'

export interface CalibrationDefinition {
  readonly method: CalibrationMethod
  readonly title: string
  /** @throws OUT_OF_FOLD_MISSING, INTERNAL */
  fit(input: CalibrationInput): FittedCalibrator
  /** @throws MODEL_STATE_INVALID */
  restore(state: State): FittedCalibrator
}

/** From the fewest learnt numbers to the most. */
export const calibrations: readonly CalibrationDefinition[] = [
  { method: 'temperature', title: 'Temperature scaling', fit: fitTemperature, restore: restoreTemperature },
  { method: 'platt', title: 'Platt scaling', fit: (input) => fitPlatt(input), restore: restorePlatt },
  { method: 'isotonic', title: 'Isotonic regression', fit: fitIsotonic, restore: restoreIsotonic },
]

/** Fits the calibrator of that name with its defaults. @throws OUT_OF_FOLD_MISSING, INTERNAL */
export function fitCalibrator(method: CalibrationMethod, input: CalibrationInput): FittedCalibrator {
  return calibrations.find((each) => each.method === method)!.fit(input)
}

/**
 * A calibrator from its state; it answers with the same bits as the one that gave it. The state may come from a file of
 * unknown origin: it is checked.
 * @throws MODEL_STATE_INVALID
 */
export function restoreCalibrator(state: State): FittedCalibrator {
  const reader = readState(state, 'calibrator')
  const method = reader.text('method')
  const definition = calibrations.find((each) => each.method === method)
  if (!definition) return reader.fail('method', `one of ${calibrations.map((each) => each.method).join(', ')}`)
  return definition.restore(state)
}
