/**
 * Rows by descending score, with the ends of runs of equal scores. Sorting is the costly part of ranking metrics, and it
 * does not depend on weights: bootstrap resamples share one order.
 */
export interface RankOrder {
  /** Row numbers, highest score first; equal scores in row order; shape (nRows). */
  readonly rows: Uint32Array
  /** Position after the last row of each run of equal scores, ascending; the last is nRows. */
  readonly ends: Uint32Array
}

/** @param scores Finite, shape (nRows). */
export function rankOrder(scores: Float64Array): RankOrder {
  const rows = Uint32Array.from(scores.keys()).sort((a, b) => scores[b]! - scores[a]! || a - b)
  const ends: number[] = []
  for (let i = 0; i < rows.length; i++) {
    if (i + 1 === rows.length || scores[rows[i + 1]!] !== scores[rows[i]!]) ends.push(i + 1)
  }
  return { rows, ends: Uint32Array.from(ends) }
}

/** What the order of rows says about one class against the rest. */
export interface RankSummary {
  /** Weight of the rows of the class, and of the others. */
  readonly positive: number
  readonly negative: number
  /** Area under the ROC curve; NaN unless both kinds of row have weight. */
  readonly rocAuc: number
  /** Average precision; NaN without weight of the class. */
  readonly averagePrecision: number
}

/**
 * Area under the ROC curve and average precision in one walk down the order.
 *   AUC = P(score of a positive row > score of a negative) + P(equal) / 2
 *   AP  = Σ (Rₙ - Rₙ₋₁) Pₙ over the distinct scores n, from the highest; no interpolation
 * @param isPositive 1 for rows of the class, else 0; shape (nRows).
 * @param weights Not negative, shape (nRows); null for all 1.
 */
export function summariseRanking(order: RankOrder, isPositive: Uint8Array, weights: Float64Array | null): RankSummary {
  const { rows, ends } = order
  let positive = 0
  let negative = 0
  let pairs = 0 // positive weight above times negative weight here, equal scores half
  let precisionSum = 0
  let i = 0
  for (let run = 0; run < ends.length; run++) {
    const end = ends[run]!
    let positiveHere = 0
    let negativeHere = 0
    for (; i < end; i++) {
      const row = rows[i]!
      const weight = weights === null ? 1 : weights[row]!
      if (isPositive[row] === 1) positiveHere += weight
      else negativeHere += weight
    }
    pairs += negativeHere * (positive + positiveHere / 2)
    positive += positiveHere
    negative += negativeHere
    if (positiveHere > 0) precisionSum += positiveHere * (positive / (positive + negative))
  }
  return {
    positive,
    negative,
    rocAuc: positive > 0 && negative > 0 ? pairs / (positive * negative) : Number.NaN,
    averagePrecision: positive > 0 ? precisionSum / positive : Number.NaN,
  }
}
