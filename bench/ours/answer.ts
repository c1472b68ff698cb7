import { VERSION } from '../../src/version.ts'
import { ownPeakMib } from '../peak-memory.ts'

/** Seconds that `work` takes, and what it gives. */
export function timed<T>(work: () => T): [T, number] {
  const begun = performance.now()
  const result = work()
  return [result, (performance.now() - begun) / 1000]
}

/** Area under the ROC curve, ties counted half. */
export function auc(labels: Int32Array, scores: Float64Array): number {
  const order = Uint32Array.from(labels, (_, row) => row).sort((a, b) => scores[a]! - scores[b]!)
  let nPositive = 0
  let rankSum = 0
  for (let i = 0; i < order.length; ) {
    let end = i + 1
    while (end < order.length && scores[order[end]!] === scores[order[i]!]) end++
    const rank = (i + 1 + end) / 2
    for (; i < end; i++) {
      if (labels[order[i]!] !== 1) continue
      nPositive++
      rankSum += rank
    }
  }
  return (rankSum - (nPositive * (nPositive + 1)) / 2) / (nPositive * (labels.length - nPositive))
}

/** Of two classes' probabilities row by row, those of class 1. */
export function ofClass1(probabilities: Float64Array): Float64Array {
  return Float64Array.from({ length: probabilities.length / 2 }, (_, row) => probabilities[2 * row + 1]!)
}

/** Prints the one line that the bench reads. */
export function answer(fields: Readonly<Record<string, number>>): void {
  console.log(JSON.stringify({ peer: `bellwether ${VERSION}`, ...fields, peakMib: ownPeakMib() }))
}
