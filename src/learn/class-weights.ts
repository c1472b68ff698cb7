import { BellwetherError } from '../errors.ts'
import { balancedWeights } from '../table/balanced-weights.ts'
import { nearest } from '../table/nearest.ts'
import type { Target } from '../table/target.ts'

/** How classes weigh: alike in sum, or each by a factor of its own, 1 where it has none. null leaves weights as they are. */
export type ClassWeight = 'balanced' | Readonly<Record<string, number>> | null

/**
 * Multiplies row weights by those of their classes; regression has none.
 * @param weights Not negative, shape (nRows); left as they are.
 * @param estimator Who asks, for the message.
 * @returns shape (nRows)
 * @throws ESTIMATOR_OPTIONS_INVALID when a class is named that there is not.
 */
export function weighClasses(
  target: Target,
  weights: Float64Array,
  classWeight: ClassWeight,
  estimator: string,
): Float64Array {
  if (target.task !== 'classification' || classWeight === null) return weights
  const { codes, classes } = target
  if (classWeight === 'balanced') return balancedWeights(codes, classes.length, weights)
  for (const name of Object.keys(classWeight)) {
    if (classes.includes(name)) continue
    const near = nearest(name, classes)
    const message = `there is no class "${name.slice(0, 80)}"${near ? `; did you mean "${near}"?` : ''}`
    throw new BellwetherError('ESTIMATOR_OPTIONS_INVALID', `Options of "${estimator}": classWeight: ${message}`, {
      details: [{ path: 'classWeight', message }],
    })
  }
  const factor = classes.map((name) => (Object.hasOwn(classWeight, name) ? classWeight[name]! : 1))
  return weights.map((weight, row) => weight * factor[codes[row]!]!)
}
