import { BellwetherError } from '../../errors.ts'
import type { MatrixExplanation } from '../../learn/estimator.ts'
import type { TemperatureCalibrator } from './temperature.ts'

/**
 * The explanation of a tempered answer. softmax(β ln p) = softmax(β score) where p = softmax(score), and so with the log-odds
 * of two classes: everything is multiplied by β, still adds up, and is as exact as it was (but for the 1e-12 that keeps
 * ln 0 finite, felt by probabilities below 1e-9 or so).
 * @throws INTERNAL unless the explanation is in log-odds: an averaged probability is not tempered term by term.
 */
export function temperedExplanation(
  { space, base, score, contributions }: MatrixExplanation,
  { inverseTemperature }: Pick<TemperatureCalibrator, 'inverseTemperature'>,
): MatrixExplanation {
  if (space !== 'log-odds') {
    throw new BellwetherError('INTERNAL', `Tempering an explanation expects one in log-odds, not in ${space}.`)
  }
  return {
    space,
    base: inverseTemperature * base,
    score: inverseTemperature * score,
    contributions: contributions.map((contribution) => inverseTemperature * contribution),
  }
}
