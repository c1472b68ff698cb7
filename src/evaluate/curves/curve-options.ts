import type { Target } from '../../table/target.ts'
import { ClassificationFacts } from '../metrics/classification-view.ts'
import { positiveClass } from '../metrics/positive-class.ts'
import { checkedWeights, type ScoreOptions } from '../metrics/score-all.ts'

export type CurveOptions = ScoreOptions

/** What every curve starts from: the facts, the weights, and the classes to draw: one of two, each of more. */
export function curveSetup(
  target: Extract<Target, { task: 'classification' }>,
  probabilities: Float64Array,
  options: CurveOptions,
) {
  const positive = positiveClass(target.classes, options.binaryPositive)
  const facts = new ClassificationFacts(target, probabilities, positive)
  const weights = checkedWeights(target, options.sampleWeight)
  const codes = target.classes.length === 2 ? [positive] : target.classes.map((_, c) => c)
  return { facts, weights, codes }
}
