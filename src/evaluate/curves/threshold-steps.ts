import type { RankOrder } from '../metrics/rank-order.ts'

/** What lies at or above each distinct score, from the highest score down; scikit-learn's `confusion_matrix_at_thresholds`. */
export interface ThresholdSteps {
  readonly thresholds: readonly number[]
  /** Weight of the rows of the class, and of the others, with at least that score. */
  readonly truePositives: readonly number[]
  readonly falsePositives: readonly number[]
}

/** Most points that a curve carries: more can't be told apart on paper, and figures on many rows stay small. */
export const MAX_CURVE_POINTS = 1000

/** Rows of weight 0 make no step. */
export function thresholdSteps(
  order: RankOrder,
  scores: Float64Array,
  isPositive: Uint8Array,
  weights: Float64Array | null,
): ThresholdSteps {
  const thresholds: number[] = []
  const truePositives: number[] = []
  const falsePositives: number[] = []
  let tp = 0
  let fp = 0
  let i = 0
  for (const end of order.ends) {
    let here = 0
    for (; i < end; i++) {
      const row = order.rows[i]!
      const weight = weights === null ? 1 : weights[row]!
      here += weight
      if (isPositive[row] === 1) tp += weight
      else fp += weight
    }
    if (here === 0) continue
    thresholds.push(scores[order.rows[end - 1]!]!)
    truePositives.push(tp)
    falsePositives.push(fp)
  }
  return { thresholds, truePositives, falsePositives }
}

/** The numbers 0 to n - 1 for which `keep` holds, and the two ends; at most `MAX_CURVE_POINTS`, evenly thinned. */
export function keptPoints(n: number, keep: (i: number) => boolean): number[] {
  const kept: number[] = []
  for (let i = 0; i < n; i++) if (i === 0 || i === n - 1 || keep(i)) kept.push(i)
  if (kept.length <= MAX_CURVE_POINTS) return kept
  const step = (kept.length - 1) / (MAX_CURVE_POINTS - 1)
  return Array.from({ length: MAX_CURVE_POINTS }, (_, i) => kept[Math.round(i * step)]!)
}
