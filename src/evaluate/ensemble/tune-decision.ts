import { selectTarget } from '../../table/target.ts'
import type { ClassificationTarget } from '../metrics/classification-view.ts'
import { ClassificationFacts, ClassificationView } from '../metrics/classification-view.ts'
import type { ClassificationMetric } from '../metrics/metric.ts'
import { positiveClass } from '../metrics/positive-class.ts'
import { predictedRows, selectPredictions } from '../predicted-rows.ts'

/** Logarithms of the weights that are tried for each class in turn. */
const STEPS = Float64Array.from({ length: 31 }, (_, i) => (i - 15) / 10)
/** Rounds over the classes. */
const ROUNDS = 3
/** Rows that are looked at, evenly spread; more cost time and hardly move a weight. */
const MOST_ROWS = 20_000

/**
 * Weights of the classes with which labels (the class of the largest weight · probability) score best by a metric of labels. The
 * most probable class is right most often; for macro-averaged F1 a rare class should be named before it is the most
 * probable one. Coordinate ascent over ln(weight) from -1.5 to 1.5 in steps of 0.1, three rounds; among equals the weight nearest to 1.
 * @param probabilities Out of fold and calibrated, shape (nRows * nClasses) row-major; rows with NaN are left out.
 * @returns shape (nClasses), of geometric mean 1.
 * @throws OUT_OF_FOLD_MISSING when no row has a prediction; INTERNAL when the shapes disagree.
 */
export function tuneDecision(
  target: ClassificationTarget,
  probabilities: Float64Array,
  metric: ClassificationMetric,
): Float64Array {
  const nClasses = target.classes.length
  const known = predictedRows(target.codes.length, nClasses, [probabilities])
  const every = Math.ceil(known.length / MOST_ROWS)
  const rows = every === 1 ? known : known.filter((_, i) => i % every === 0)
  const own = selectTarget(target, rows) as ClassificationTarget
  const packed = selectPredictions(probabilities, rows, nClasses)
  const positive = positiveClass(target.classes, undefined)
  const logs = new Float64Array(nClasses)
  const quality = (): number => {
    const facts = new ClassificationFacts(own, packed, positive, logs.map(Math.exp))
    const { value } = metric.score(new ClassificationView(facts))
    if (Number.isNaN(value)) return Number.NEGATIVE_INFINITY
    return metric.greaterIsBetter ? value : -value
  }
  let best = quality()
  // With two classes one weight says it all.
  const free = nClasses === 2 ? [1] : Array.from({ length: nClasses }, (_, c) => c)
  const steps = STEPS.toSorted((a, b) => Math.abs(a) - Math.abs(b) || a - b)
  for (let round = 0; round < ROUNDS; round++) {
    const before = best
    for (const c of free) {
      let chosen = logs[c]!
      for (const step of steps) {
        logs[c] = step
        const value = quality()
        if (value > best) {
          best = value
          chosen = step
        }
      }
      logs[c] = chosen
    }
    if (best === before) break
  }
  const mean = logs.reduce((sum, log) => sum + log, 0) / nClasses
  return logs.map((log) => Math.exp(log - mean))
}
