import type { AnyMatrix } from '../../table/sparse-matrix.ts'
import type { State } from '../../table/state.ts'
import { refuseNonFinite } from '../check-fit-input.ts'
import { refuseOtherWidth, refuseOutside } from '../check-matrix.ts'
import type { Contrast, ContrastingModel } from '../contrast.ts'
import type { MatrixExplanation } from '../estimator.ts'
import { readState } from '../read-state.ts'
import { contrastLinear, type LinearScore } from './linear-contrast.ts'
import { linearContributions, linearImportances, matrixScores } from './linear-parts.ts'

export const LOGISTIC_REGRESSION = 'logistic-regression'

/** A kind of logistic regression; all have the same fitted form. */
export interface LogisticKind {
  readonly estimator: string
  /** For messages. */
  readonly title: string
  /** Whether the coefficients of three or more classes sum to 0 over the classes. */
  readonly centred: boolean
}

export const PLAIN: LogisticKind = { estimator: LOGISTIC_REGRESSION, title: 'Logistic regression', centred: true }

/** Score of a class that training never saw: the log of the smallest probability that log loss tells from 0. */
const UNSEEN_SCORE = Math.log(Number.EPSILON)

/** What fitting a logistic regression learnt. */
export interface LogisticParts {
  readonly nClasses: number
  /** Classes that had rows, ascending, at least two; the others get probability 0. */
  readonly present: Int32Array
  /** One score for two present classes (of the second), else one each; shape (nOutputs, nColumns) row-major. */
  readonly coefficients: Float64Array
  /** shape (nOutputs) */
  readonly intercepts: Float64Array
  /** Mean and deviation of each column over the training rows; shape (nColumns). */
  readonly means: Float64Array
  readonly deviations: Float64Array
  readonly iterations: number
  /** Whether the gradient came below the tolerance, or as near as rounding allows. */
  readonly converged: boolean
}

/** A fitted logistic regression; the parts beyond `FittedModel` are for reports and parity. */
export interface LogisticModel extends ContrastingModel {
  readonly parts: LogisticParts
}

export function logisticModel(parts: LogisticParts, kind: LogisticKind = PLAIN): LogisticModel {
  const { estimator, title } = kind
  const { nClasses, present, coefficients, intercepts, means, deviations, iterations, converged } = parts
  const nColumns = means.length
  return {
    estimator,
    task: 'classification',
    nClasses,
    parts,
    warnings: converged
      ? []
      : [`${title} stopped after ${iterations} iterations before it converged; raise maxIterations or tol.`],
    predict(x) {
      refuseOtherWidth(x, nColumns, estimator)
      refuseNonFinite(x, title)
      return probabilities(matrixScores(x, coefficients, intercepts), present, nClasses)
    },
    explain: (x, row, output) => explainLogistic(parts, kind, x, row, output),
    contrast: (x, row, background, other) => contrastLogistic(parts, kind, x, row, background, other),
    importances: () => linearImportances(coefficients, deviations),
    state: () => ({
      estimator,
      nClasses,
      present,
      coefficients,
      intercepts,
      means,
      deviations,
      iterations,
      converged,
    }),
  }
}

/** @throws MODEL_STATE_INVALID */
export function restoreLogistic(state: State, kind: LogisticKind = PLAIN): LogisticModel {
  const reader = readState(state, kind.estimator)
  const nClasses = reader.count('nClasses', 2)
  const present = reader.int32('present')
  const ascending = present.every((code, i) => code >= 0 && code < nClasses && (i === 0 || code > present[i - 1]!))
  if (present.length < 2 || !ascending) reader.fail('present', 'two or more classes in ascending order')
  const nOutputs = present.length === 2 ? 1 : present.length
  const means = reader.float64('means')
  return logisticModel(
    {
      nClasses,
      present,
      coefficients: reader.float64('coefficients', nOutputs * means.length),
      intercepts: reader.float64('intercepts', nOutputs),
      means,
      deviations: reader.float64('deviations', means.length),
      iterations: reader.count('iterations'),
      converged: reader.raw('converged') === true,
    },
    kind,
  )
}

/** Sigmoid of one score or softmax of several; classes that are not present get 0. Shape (nRows, nClasses) row-major. */
function probabilities(scores: Float64Array, present: Int32Array, nClasses: number): Float64Array {
  const nOutputs = present.length === 2 ? 1 : present.length
  const nRows = scores.length / nOutputs
  const result = new Float64Array(nRows * nClasses)
  for (let row = 0; row < nRows; row++) {
    const to = row * nClasses
    if (nOutputs === 1) {
      const score = scores[row]!
      const small = Math.exp(-Math.abs(score))
      const larger = 1 / (1 + small)
      const smaller = small / (1 + small)
      result[to + present[1]!] = score >= 0 ? larger : smaller
      result[to + present[0]!] = score >= 0 ? smaller : larger
      continue
    }
    const from = row * nOutputs
    let highest = Number.NEGATIVE_INFINITY
    for (let k = 0; k < nOutputs; k++) highest = Math.max(highest, scores[from + k]!)
    let sum = 0
    for (let k = 0; k < nOutputs; k++) sum += Math.exp(scores[from + k]! - highest)
    for (let k = 0; k < nOutputs; k++) result[to + present[k]!] = Math.exp(scores[from + k]! - highest) / sum
  }
  return result
}

/**
 * In log-odds. Two classes: the log-odds of the class against the other one, so that one class's contributions are the
 * other's with the sign turned. More: the class's linear score, the argument of the softmax, whose sum over the classes is 0
 * (made so where the coefficients don't sum to 0: a column that raises the others' scores alone speaks against this class).
 * A class that training never saw has the score ln(2.2e-16) for all rows, and no contributions.
 */
function explainLogistic(
  parts: LogisticParts,
  kind: LogisticKind,
  x: AnyMatrix,
  row: number,
  output: number,
): MatrixExplanation {
  const { present, coefficients, intercepts, means } = parts
  refuseOtherWidth(x, means.length, kind.estimator)
  refuseOutside(x, row, output, parts.nClasses)
  const index = present.indexOf(output)
  if (index < 0) {
    const contributions = new Float64Array(x.nColumns)
    return { space: 'log-odds', base: UNSEEN_SCORE, score: UNSEEN_SCORE, contributions }
  }
  const scoreIndex = present.length === 2 ? 0 : index
  const own = coefficients.slice(scoreIndex * x.nColumns, (scoreIndex + 1) * x.nColumns)
  if (!kind.centred && present.length > 2) {
    for (let i = 0; i < coefficients.length; i++) own[i % x.nColumns]! -= coefficients[i]! / present.length
  }
  const sign = present.length === 2 && index === 0 ? -1 : 1
  return { space: 'log-odds', ...linearContributions(x, row, own, intercepts[scoreIndex]!, means, sign) }
}

/** As `explainLogistic` for every class, against another row instead of the mean. */
function contrastLogistic(
  parts: LogisticParts,
  kind: LogisticKind,
  x: AnyMatrix,
  row: number,
  background: AnyMatrix,
  other: number,
): Contrast {
  const { nClasses, present, coefficients, intercepts, means } = parts
  const nColumns = means.length
  const nOutputs = intercepts.length
  refuseOtherWidth(x, nColumns, kind.estimator)
  refuseOtherWidth(background, nColumns, kind.estimator)
  const centre = (column: number): number => {
    if (kind.centred || nOutputs === 1) return 0
    let sum = 0
    for (let k = 0; k < nOutputs; k++) sum += coefficients[k * nColumns + column]!
    return sum / nOutputs
  }
  const linear = Array.from({ length: nClasses }, (_, output): LinearScore => {
    const index = present.indexOf(output)
    if (index < 0) return { intercept: UNSEEN_SCORE, coefficient: () => 0 }
    const from = nOutputs === 1 ? 0 : index * nColumns
    const sign = nOutputs === 1 && index === 0 ? -1 : 1
    return {
      intercept: sign * intercepts[nOutputs === 1 ? 0 : index]!,
      coefficient: (column) => sign * (coefficients[from + column]! - centre(column)),
    }
  })
  return { space: 'log-odds', ...contrastLinear(x, row, background, other, linear) }
}
