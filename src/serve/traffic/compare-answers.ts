import { type FailedPrediction, isFailed, type Prediction } from '../prediction.ts'

export interface Comparison {
  /** Records that both answered. */
  readonly compared: number
  readonly disagreed: number
  /** Sum of the distances of the records that have one. */
  readonly distance: number
  readonly distances: number
  /** Records that the first answered and the second did not. */
  readonly failed: number
}

type Answer = Prediction | FailedPrediction

/** Without a promised interval, numbers within one percent of each other agree. */
const RELATIVE_TOLERANCE = 0.01

/**
 * How the answers of two versions to the same records differ. Labels and clusters agree where they are equal, numbers where they are near
 * (`tolerance` of CanaryStop). The distance of two records' answers is, for labels, the total variation of their probabilities
 *   ½ Σ |p − q|      in [0, 1], over all classes that either knows
 * and for numbers the absolute difference, in the target's unit.
 * @param reference The champion's answers, or those that were returned.
 */
export function compareAnswers(
  reference: readonly Answer[],
  other: readonly Answer[],
  tolerance: number | null,
): Comparison {
  const sum = { compared: 0, disagreed: 0, distance: 0, distances: 0, failed: 0 }
  for (const [i, mine] of reference.entries()) {
    const theirs = other[i]
    if (isFailed(mine)) continue
    if (theirs === undefined || isFailed(theirs)) {
      sum.failed++
      continue
    }
    sum.compared++
    if (!agree(mine, theirs, tolerance)) sum.disagreed++
    const distance = distanceOf(mine, theirs)
    if (distance === null) continue
    sum.distance += distance
    sum.distances++
  }
  return sum
}

function agree(a: Prediction, b: Prediction, tolerance: number | null): boolean {
  if ('label' in a) return 'label' in b && a.label === b.label
  if ('cluster' in a) return 'cluster' in b && a.cluster === b.cluster
  if (!('value' in b)) return false
  if (tolerance !== null) return Math.abs(a.value - b.value) <= tolerance
  if (a.interval !== null) return b.value >= a.interval[0] && b.value <= a.interval[1]
  return Math.abs(a.value - b.value) <= RELATIVE_TOLERANCE * Math.max(Math.abs(a.value), Math.abs(b.value))
}

function distanceOf(a: Prediction, b: Prediction): number | null {
  if ('value' in a) return 'value' in b ? Math.abs(a.value - b.value) : null
  if (!('label' in a) || !('label' in b)) return null
  let sum = 0
  for (const [name, p] of Object.entries(a.probabilities))
    sum += Math.abs(p - (Object.hasOwn(b.probabilities, name) ? b.probabilities[name]! : 0))
  for (const [name, q] of Object.entries(b.probabilities)) if (!Object.hasOwn(a.probabilities, name)) sum += q
  return sum / 2
}
