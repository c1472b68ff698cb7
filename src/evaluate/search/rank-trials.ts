/**
 * Ranks as in scikit-learn's `rank_test_score`: 1 is best, equal scores share the smallest rank that one of them could have,
 * and NaN comes last, tied. All are 1 when all are NaN.
 * @param scores Mean score of each trial; shape (nTrials).
 * @returns shape (nTrials)
 */
export function rankTrials(scores: readonly number[], greaterIsBetter: boolean): number[] {
  const sign = greaterIsBetter ? 1 : -1
  const values = scores.map((score) => (Number.isNaN(score) ? Number.NEGATIVE_INFINITY : sign * score))
  const sorted = Float64Array.from(values).sort().reverse()
  const rankOf = new Map<number, number>()
  for (const [i, value] of sorted.entries()) if (!rankOf.has(value)) rankOf.set(value, i + 1)
  // Infinitely bad scores are better than none.
  const worst = values.some((value, i) => value === Number.NEGATIVE_INFINITY && !Number.isNaN(scores[i]!))
    ? 1 + scores.filter((score) => !Number.isNaN(score)).length
    : null
  return values.map((value, i) => (worst !== null && Number.isNaN(scores[i]!) ? worst : rankOf.get(value)!))
}
