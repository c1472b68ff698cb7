/** Codes of the classes, most probable first; of equals the lower code. @param probabilities Of one row, shape (nClasses). */
export function classesByProbability(probabilities: ArrayLike<number>): number[] {
  return Array.from({ length: probabilities.length }, (_, c) => c).sort(
    (a, b) => probabilities[b]! - probabilities[a]! || a - b,
  )
}
