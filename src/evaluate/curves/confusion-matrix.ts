import type { Target } from '../../table/target.ts'
import { ClassificationFacts, ClassificationView } from '../metrics/classification-view.ts'
import { checkedWeights, type ScoreOptions } from '../metrics/score-all.ts'

/** What was predicted for the rows of each class; plain JSON. */
export interface ConfusionMatrix {
  readonly classes: readonly string[]
  /** Rows (or their weight) of true class i predicted as class j, at `[i][j]`. */
  readonly counts: readonly (readonly number[])[]
  /** Share of true class i predicted as class j; each line sums to 1, or is all 0 for a class without rows. */
  readonly shares: readonly (readonly number[])[]
}

/** @param probabilities shape (nRows * nClasses) row-major. */
export function confusionMatrix(
  target: Extract<Target, { task: 'classification' }>,
  probabilities: Float64Array,
  options: Pick<ScoreOptions, 'sampleWeight' | 'decision'> = {},
): ConfusionMatrix {
  const { classes } = target
  const facts = new ClassificationFacts(target, probabilities, classes.length - 1, options.decision)
  const { confusion } = new ClassificationView(facts, checkedWeights(target, options.sampleWeight))
  const counts = classes.map((_, i) => Array.from(confusion.subarray(i * classes.length, (i + 1) * classes.length)))
  const shares = counts.map((line) => {
    const total = line.reduce((sum, count) => sum + count, 0)
    return line.map((count) => (total === 0 ? 0 : count / total))
  })
  return { classes, counts, shares }
}
