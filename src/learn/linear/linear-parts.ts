import { matrixColumn } from '../../table/matrix.ts'
import { type AnyMatrix, isSparseMatrix, type SparseMatrix } from '../../table/sparse-matrix.ts'
import { refuseNonFinite } from '../check-fit-input.ts'

/** Weighted mean and standard deviation (population) of each column, each of shape (nColumns). */
export interface ColumnMoments {
  readonly means: Float64Array
  readonly deviations: Float64Array
}

/** @param weights shape (nRows), sum above 0 */
export function weightedMean(values: Float64Array, weights: Float64Array): number {
  let total = 0
  let sum = 0
  for (let row = 0; row < values.length; row++) {
    total += weights[row]!
    sum += weights[row]! * values[row]!
  }
  return sum / total
}

/** @param weights shape (nRows), sum above 0 */
export function columnMoments(x: AnyMatrix, weights: Float64Array): ColumnMoments {
  if (isSparseMatrix(x)) return sparseMoments(x, weights)
  const means = new Float64Array(x.nColumns)
  const deviations = new Float64Array(x.nColumns)
  let total = 0
  for (const weight of weights) total += weight
  for (let column = 0; column < x.nColumns; column++) {
    const values = matrixColumn(x, column)
    let sum = 0
    for (let row = 0; row < values.length; row++) sum += weights[row]! * values[row]!
    const mean = sum / total
    let squares = 0
    for (let row = 0; row < values.length; row++) squares += weights[row]! * (values[row]! - mean) ** 2
    means[column] = mean
    deviations[column] = Math.sqrt(squares / total)
  }
  return { means, deviations }
}

/** Squares of distances from the mean are summed over the entries; the rows without one lie at 0. */
function sparseMoments({ nRows, nColumns, indptr, indices, values }: SparseMatrix, weights: Float64Array) {
  const means = new Float64Array(nColumns)
  let total = 0
  for (let row = 0; row < nRows; row++) {
    total += weights[row]!
    for (let entry = indptr[row]!; entry < indptr[row + 1]!; entry++) {
      means[indices[entry]!]! += weights[row]! * values[entry]!
    }
  }
  for (let column = 0; column < nColumns; column++) means[column]! /= total
  const squares = new Float64Array(nColumns)
  const present = new Float64Array(nColumns)
  for (let row = 0; row < nRows; row++) {
    for (let entry = indptr[row]!; entry < indptr[row + 1]!; entry++) {
      const column = indices[entry]!
      squares[column]! += weights[row]! * (values[entry]! - means[column]!) ** 2
      present[column]! += weights[row]!
    }
  }
  const deviations = squares.map((sum, column) => {
    const absent = Math.max(0, total - present[column]!)
    return Math.sqrt((sum + absent * means[column]! ** 2) / total)
  })
  return { means, deviations }
}

/**
 * scores[row, k] = intercepts[k] + sum over columns j of coefficients[k, j] * x[row, j]
 * Terms are added in the columns' order, so that a row's scores don't depend on the other rows, to the last bit.
 * @param coefficients shape (nOutputs, nColumns) row-major
 * @returns shape (nRows, nOutputs) row-major
 */
export function matrixScores(x: AnyMatrix, coefficients: Float64Array, intercepts: Float64Array): Float64Array {
  const { nRows, nColumns } = x
  const nOutputs = intercepts.length
  const scores = new Float64Array(nRows * nOutputs)
  for (let k = 0; k < nOutputs; k++) {
    for (let row = 0; row < nRows; row++) scores[row * nOutputs + k] = intercepts[k]!
  }
  if (isSparseMatrix(x)) {
    const { indptr, indices, values } = x
    for (let row = 0; row < nRows; row++) {
      for (let entry = indptr[row]!; entry < indptr[row + 1]!; entry++) {
        const [column, value] = [indices[entry]!, values[entry]!]
        for (let k = 0; k < nOutputs; k++) scores[row * nOutputs + k]! += coefficients[k * nColumns + column]! * value
      }
    }
    return scores
  }
  for (let column = 0; column < nColumns; column++) {
    const from = column * nRows
    for (let row = 0; row < nRows; row++) {
      const value = x.data[from + row]!
      // One-hot columns are mostly zeros, which add nothing.
      if (value === 0) continue
      for (let k = 0; k < nOutputs; k++) scores[row * nOutputs + k]! += coefficients[k * nColumns + column]! * value
    }
  }
  return scores
}

/**
 * SHAP values of a linear score with independent columns: coefficient_j * (x_j - mean_j); the base is the score at the means.
 * @param coefficients shape (nColumns)
 * @param sign -1 explains the negative score.
 * @throws MATRIX_NOT_FINITE when a value of the row is missing or infinite
 * @see Strumbelj and Kononenko (2014), https://doi.org/10.1007/s10115-013-0679-x
 */
export function linearContributions(
  x: AnyMatrix,
  row: number,
  coefficients: Float64Array,
  intercept: number,
  means: Float64Array,
  sign: 1 | -1,
): { base: number; score: number; contributions: Float64Array } {
  const contributions = new Float64Array(x.nColumns)
  let base = intercept
  let score = intercept
  const valueAt = rowReader(x, row)
  for (let column = 0; column < x.nColumns; column++) {
    const value = valueAt(column)
    const coefficient = coefficients[column]!
    contributions[column] = sign * coefficient * (value - means[column]!)
    base += coefficient * means[column]!
    score += coefficient * value
  }
  if (!Number.isFinite(score)) refuseNonFinite(x, 'An explanation')
  return { base: sign * base, score: sign * score, contributions }
}

/** The values of one row by column. */
function rowReader(x: AnyMatrix, row: number): (column: number) => number {
  if (!isSparseMatrix(x)) return (column) => x.data[column * x.nRows + row]!
  const values = new Float64Array(x.nColumns)
  for (let entry = x.indptr[row]!; entry < x.indptr[row + 1]!; entry++) values[x.indices[entry]!] = x.values[entry]!
  return (column) => values[column]!
}

/**
 * How much each column moves the scores: |coefficient| times the column's standard deviation, so that units don't matter;
 * the sum over outputs, scaled to sum 1 (all 0 when nothing does); shape (nColumns).
 */
export function linearImportances(coefficients: Float64Array, deviations: Float64Array): Float64Array {
  const nColumns = deviations.length
  const importances = new Float64Array(nColumns)
  for (let i = 0; i < coefficients.length; i++) {
    importances[i % nColumns]! += Math.abs(coefficients[i]!) * deviations[i % nColumns]!
  }
  let total = 0
  for (const importance of importances) total += importance
  if (total > 0) for (let column = 0; column < nColumns; column++) importances[column]! /= total
  return importances
}
