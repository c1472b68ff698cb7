import { BellwetherError } from '../../errors.ts'

/**
 * Code of the class that metrics of two classes are about: the named one, else the second in code-point order, which is
 * scikit-learn's rule too ("yes" of no/yes, "1" of 0/1).
 * @throws INVALID_INPUT when there is no such class.
 */
export function positiveClass(classes: readonly string[], binaryPositive?: string): number {
  if (binaryPositive === undefined) return classes.length - 1
  const code = classes.indexOf(binaryPositive)
  if (code >= 0) return code
  const known = classes.map((label) => `"${label}"`).join(', ')
  throw new BellwetherError('INVALID_INPUT', `The positive class "${binaryPositive}" is none of the classes: ${known}.`)
}
