import type { ColumnAccess } from './column-access.ts'
import type { CompressedColumns } from './compressed-columns.ts'
import type { Quadratic } from './coordinate-descent.ts'
import { gramWithIntercept } from './gram.ts'

/** Where the logistic loss is expanded: what its second order model needs. Parameters are (nOutputs, nColumns) row-major. */
export interface LogisticExpansion {
  readonly access: ColumnAccess
  /** shape (nRows), not negative, sum 1 */
  readonly rowWeights: Float64Array
  /** Of each output for each row, shape (nRows) each; of class 1 where there is one output. */
  readonly probabilities: readonly Float64Array[]
  /** shape (nOutputs * nColumns) */
  readonly gradient: Float64Array
  /** Share of the columns' squares that is added to the second derivatives, so that a model too flat steps less far; 0 or more. */
  readonly damping: number
}

/**
 * The second order model of the mean logistic loss around a point, by the step from it:
 *   gradient' d + 1/2 * sum over rows of rowWeight * (x d)' (diag(p) - p p') (x d)
 * Nothing of size nColumns^2 is made: the steps' scores are kept, row by row.
 */
export function logisticQuadratic(expansion: LogisticExpansion): Quadratic {
  const model = expansion.probabilities.length === 1 ? ofTwoClasses(expansion) : ofManyClasses(expansion)
  if (expansion.damping === 0) return model
  const { access, rowWeights, probabilities, damping } = expansion
  const { nColumns } = access.columns
  const added = new Float64Array(model.curvatures.length)
  for (let j = 0; j < nColumns; j++) {
    const squares = damping * access.dotSquares(j, rowWeights)
    for (let k = 0; k < probabilities.length; k++) added[k * nColumns + j] = squares
  }
  const moved = new Float64Array(added.length)
  return {
    curvatures: model.curvatures.map((curvature, i) => curvature + added[i]!),
    slope: (i) => model.slope(i) + added[i]! * moved[i]!,
    move(i, step) {
      moved[i]! += step
      model.move(i, step)
    },
  }
}

function ofTwoClasses({ access, rowWeights, probabilities, gradient }: LogisticExpansion): Quadratic {
  const own = probabilities[0]!
  const second = own.map((p, row) => rowWeights[row]! * p * (1 - p))
  // Scores of the step so far, times the second derivatives.
  const scores = new Float64Array(rowWeights.length)
  return {
    curvatures: gradient.map((_, j) => access.dotSquares(j, second)),
    slope: (j) => gradient[j]! + access.dot(j, scores),
    move: (j, step) => access.addWeighted(j, step, second, scores),
  }
}

function ofManyClasses({ access, rowWeights, probabilities, gradient }: LogisticExpansion): Quadratic {
  const { nColumns, nRows } = access.columns
  const weighted = probabilities.map((own) => own.map((p, row) => rowWeights[row]! * p))
  const second = weighted.map((own, k) => own.map((value, row) => value * (1 - probabilities[k]![row]!)))
  // Scores of the step so far for each output, and their mean over the classes by probability.
  const scores = probabilities.map(() => new Float64Array(nRows))
  const mean = new Float64Array(nRows)
  return {
    curvatures: gradient.map((_, i) => access.dotSquares(i % nColumns, second[Math.floor(i / nColumns)]!)),
    slope(i) {
      const k = Math.floor(i / nColumns)
      return gradient[i]! + access.dotDifference(i % nColumns, weighted[k]!, scores[k]!, mean)
    },
    move(i, step) {
      const k = Math.floor(i / nColumns)
      access.add(i % nColumns, step, scores[k]!)
      access.addWeighted(i % nColumns, step, probabilities[k]!, mean)
    },
  }
}

/**
 * Second derivatives of the same model by all pairs of parameters.
 * @param columns Those of the expansion without its last one, which is of ones.
 * @returns Both halves, shape (nOutputs * nColumns, nOutputs * nColumns) row-major.
 */
export function logisticHessian(columns: CompressedColumns, expansion: LogisticExpansion): Float64Array {
  const { rowWeights, probabilities, damping } = expansion
  const width = columns.nColumns + 1
  const size = probabilities.length * width
  const hessian = new Float64Array(size * size)
  for (const [k, own] of probabilities.entries()) {
    for (let l = 0; l <= k; l++) {
      const other = probabilities[l]!
      const block = gramWithIntercept(
        columns,
        rowWeights.map((weight, row) => weight * own[row]! * ((k === l ? 1 : 0) - other[row]!)),
      )
      for (let i = 0; i < width; i++) {
        for (let j = 0; j < width; j++) {
          const value = block[i * width + j]!
          hessian[(k * width + i) * size + l * width + j] = value
          hessian[(l * width + j) * size + k * width + i] = value
        }
      }
    }
  }
  if (damping > 0) {
    const squares = gramWithIntercept(columns, rowWeights)
    for (let i = 0; i < size; i++) hessian[i * size + i]! += damping * squares[(i % width) * (width + 1)]!
  }
  return hessian
}
