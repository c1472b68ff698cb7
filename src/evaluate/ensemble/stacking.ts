import { BellwetherError } from '../../errors.ts'
import { type Target, targetLength } from '../../table/target.ts'
import { checkedWeights } from '../metrics/score-all.ts'
import { predictedRows } from '../predicted-rows.ts'
import type { BlendCandidate } from './blend.ts'
import { nonNegativeLeastSquares } from './non-negative-least-squares.ts'

export interface Stacking {
  /** shape (nCandidates), not negative, not all 0; of classes their sum is 1. For `blendPredictions`. */
  readonly weights: Float64Array
  /** As the least squares gave them, before those of classes were divided by their sum; shape (nCandidates). */
  readonly solution: Float64Array
  /** Root of the weighted sum of squared errors of `solution` on the rows that all candidates predicted. */
  readonly residualNorm: number
}

/**
 * Stacked regression: the weights, none negative, whose blend has the least squared error out of fold. For classes the
 * error is the Brier score's, of all probabilities against 1 for what happened and 0 for the rest; one weight a model, the same
 * for all classes, divided by their sum so that rows still sum to 1. For numbers the weights need not sum to 1: a model
 * that is too far from 0 is drawn towards it. There is no intercept.
 *
 * Where no model helps (all weights 0) the one with the least squared error gets weight 1, the first of equals.
 * @param sampleWeight Finite and not negative, shape (nRows); all 1 when left out.
 * @throws OUT_OF_FOLD_MISSING when no row was predicted by all, or all that were weigh nothing; INTERNAL without candidates, when shapes
 *   disagree, or naming the candidate that predicted what is not finite.
 * @see Breiman (1996), Stacked regressions, https://doi.org/10.1007/BF00117832
 */
export function fitStacking(
  target: Target,
  candidates: readonly BlendCandidate[],
  sampleWeight?: Float64Array,
): Stacking {
  if (candidates.length === 0) throw new BellwetherError('INTERNAL', 'Stacking expects candidates.')
  const width = target.task === 'classification' ? target.classes.length : 1
  const all = candidates.map(({ predictions }) => predictions)
  const rows = predictedRows(targetLength(target), width, all)
  const rowWeights = checkedWeights(target, sampleWeight)
  if (rowWeights && !rows.some((row) => rowWeights[row]! > 0)) {
    throw new BellwetherError('OUT_OF_FOLD_MISSING', 'Every row with an out-of-fold prediction has weight 0.')
  }
  for (const { name, predictions } of candidates) {
    if (!predictions.some((value) => Math.abs(value) === Number.POSITIVE_INFINITY)) continue
    throw new BellwetherError('INTERNAL', `Stacking expects finite predictions; "${name}" has infinite ones.`)
  }
  const roots = Float64Array.from(rows, (row) => Math.sqrt(rowWeights?.[row] ?? 1))
  const weighed = (of: (row: number, c: number) => number): Float64Array => {
    const column = new Float64Array(rows.length * width)
    for (let i = 0; i < rows.length; i++) {
      for (let c = 0; c < width; c++) column[i * width + c] = roots[i]! * of(rows[i]!, c)
    }
    return column
  }
  const columns = all.map((own) => weighed((row, c) => own[row * width + c]!))
  const truth = weighed((row, c) =>
    target.task === 'classification' ? (target.codes[row] === c ? 1 : 0) : target.values[row]!,
  )
  const { x: solution, residualNorm } = nonNegativeLeastSquares(columns, truth)
  const sum = solution.reduce((total, weight) => total + weight, 0)
  if (sum === 0) return { weights: nearestAlone(columns, truth), solution, residualNorm }
  return {
    weights: target.task === 'classification' ? solution.map((own) => own / sum) : solution,
    solution,
    residualNorm,
  }
}

function nearestAlone(columns: readonly Float64Array[], truth: Float64Array): Float64Array {
  const errors = columns.map((column) => column.reduce((sum, value, i) => sum + (value - truth[i]!) ** 2, 0))
  const best = errors.indexOf(Math.min(...errors))
  return Float64Array.from(columns, (_, i) => (i === best ? 1 : 0))
}
