import { BellwetherError } from '../../errors.ts'
import { groupNumbers } from './label-groups.ts'

/**
 * How far two ways to label the same rows agree on which pairs of rows belong together, beyond chance: 1 the same clusters
 * (whatever their numbers), about 0 for labels by chance, at least -0.5. The same in both orders.
 * With pairs together in both (tp), in neither (tn), in `b` alone (fp), in `a` alone (fn):
 *   2 (tp tn - fn fp) / ((tp + fn)(fn + tn) + (tp + fp)(fp + tn))
 * computed without rounding but for the division.
 * @param a Any whole numbers, shape (nRows); `b` likewise.
 * @throws INTERNAL when the two differ in length
 * @see Hubert and Arabie (1985), https://doi.org/10.1007/BF01908075
 */
export function adjustedRandIndex(a: Int32Array, b: Int32Array): number {
  if (a.length !== b.length) {
    throw new BellwetherError('INTERNAL', `Expected as many labels twice; got ${a.length} and ${b.length}.`)
  }
  const groupsA = groupNumbers(a)
  const groupsB = groupNumbers(b)
  const width = groupsB.reduce((most, group) => Math.max(most, group + 1), 0)
  const both = sumOfSquares(Array.from(groupsA, (group, row) => group * width + groupsB[row]!))
  const inA = sumOfSquares(groupsA)
  const inB = sumOfSquares(groupsB)
  const nRows = BigInt(a.length)
  const tp = both - nRows
  const fn = inA - both
  const fp = inB - both
  const tn = nRows * nRows - inA - inB + both
  if (fn === 0n && fp === 0n) return 1
  const scale = (tp + fn) * (fn + tn) + (tp + fp) * (fp + tn)
  return Number(2n * (tp * tn - fn * fp)) / Number(scale)
}

/** Sum over the groups of their rows squared: ordered pairs of rows together, each with itself among them. */
function sumOfSquares(groups: Iterable<number>): bigint {
  const counts = new Map<number, number>()
  for (const group of groups) counts.set(group, (counts.get(group) ?? 0) + 1)
  let sum = 0n
  for (const count of counts.values()) sum += BigInt(count) ** 2n
  return sum
}
