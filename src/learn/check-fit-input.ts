import { BellwetherError } from '../errors.ts'
import { type Matrix, matrixColumn } from '../table/matrix.ts'
import { type AnyMatrix, isSparseMatrix, type SparseMatrix } from '../table/sparse-matrix.ts'
import { targetLength } from '../table/target.ts'
import type { FitInput } from './estimator.ts'

/**
 * Checks what every fit needs and gives the weight of each row.
 * @returns Weights, shape (nRows), not negative, with a sum above 0; the caller's own array where there is one, so read only.
 * @throws FIT_NO_ROWS, WEIGHTS_INVALID; INTERNAL when matrix and target differ in rows or a class code is out of range.
 */
export function fitWeights(input: FitInput<AnyMatrix>): Float64Array {
  const { x, target } = input
  if (targetLength(target) !== x.nRows) {
    throw new BellwetherError('INTERNAL', `The matrix has ${x.nRows} rows, the target ${targetLength(target)}.`)
  }
  if (x.nRows === 0) throw new BellwetherError('FIT_NO_ROWS', 'Fitting needs at least 1 row; there is none.')
  if (target.task === 'classification') {
    const nClasses = target.classes.length
    for (const code of target.codes) {
      if (code < 0 || code >= nClasses) {
        throw new BellwetherError('INTERNAL', `The target holds class code ${code}; there are ${nClasses} classes.`)
      }
    }
  } else {
    const row = target.values.findIndex((value) => !Number.isFinite(value))
    if (row >= 0) throw new BellwetherError('INTERNAL', `The target of row ${row} (counted from 0) is not finite.`)
  }
  return checkedRowWeights(x.nRows, input.sampleWeight)
}

/**
 * @returns The weights, or all 1 where there are none; shape (nRows), not negative, with a sum above 0. The caller's own array
 *   where there is one, so read only.
 * @throws WEIGHTS_INVALID
 */
export function checkedRowWeights(nRows: number, weights: Float64Array | undefined): Float64Array {
  if (!weights) return new Float64Array(nRows).fill(1)
  if (weights.length !== nRows) {
    throw new BellwetherError('WEIGHTS_INVALID', `Expected ${nRows} sample weights, one a row; got ${weights.length}.`)
  }
  let sum = 0
  for (let row = 0; row < weights.length; row++) {
    const weight = weights[row]!
    if (!(weight >= 0 && weight < Number.POSITIVE_INFINITY)) {
      const message = `The sample weight of row ${row} (counted from 0) is ${weight}; expected a finite number, 0 or more.`
      throw new BellwetherError('WEIGHTS_INVALID', message)
    }
    sum += weight
  }
  if (!(sum > 0)) throw new BellwetherError('WEIGHTS_INVALID', 'All sample weights are 0; at least one must be more.')
  if (sum === Number.POSITIVE_INFINITY) {
    throw new BellwetherError('WEIGHTS_INVALID', 'The sum of the sample weights is too large for a number.')
  }
  return weights
}

/** Beyond it, products of columns would overflow. */
export const LARGEST = 1e100

/**
 * @throws MATRIX_NOT_FINITE naming the first column with a value that is missing, infinite or beyond 1e100, and how many it has.
 * @param what Who asks, for the message, such as `Logistic regression`.
 */
export function refuseNonFinite(x: AnyMatrix, what: string): void {
  if (isSparseMatrix(x)) {
    refuseNonFiniteEntries(x, what)
    return
  }
  for (let column = 0; column < x.nColumns; column++) {
    const values = matrixColumn(x, column)
    let faults = 0
    for (let row = 0; row < values.length; row++) if (!(Math.abs(values[row]!) <= LARGEST)) faults++
    if (faults > 0) throw notFinite(x, what, column, faults)
  }
}

/** As for dense matrices: the first column at fault is named. What is not kept is 0. */
function refuseNonFiniteEntries(x: SparseMatrix, what: string): void {
  const { indices, values } = x
  let first = Number.POSITIVE_INFINITY
  for (let entry = 0; entry < values.length; entry++) {
    if (!(Math.abs(values[entry]!) <= LARGEST) && indices[entry]! < first) first = indices[entry]!
  }
  if (first === Number.POSITIVE_INFINITY) return
  let faults = 0
  for (let entry = 0; entry < values.length; entry++) {
    if (indices[entry] === first && !(Math.abs(values[entry]!) <= LARGEST)) faults++
  }
  throw notFinite(x, what, first, faults)
}

function notFinite(x: AnyMatrix, what: string, column: number, faults: number): BellwetherError {
  const name = x.names[column] ?? String(column)
  return new BellwetherError(
    'MATRIX_NOT_FINITE',
    `${what} needs finite numbers; column "${name}" is missing, infinite or beyond ${LARGEST} in ${faults} of ${x.nRows} rows.`,
    { details: [{ path: name, message: `not finite in ${faults} of ${x.nRows} rows` }] },
  )
}

/**
 * @throws MATRIX_INVALID for sparse columns, which trees would read as nothing.
 * @param what Who asks, for the message, such as `Gradient boosting`.
 */
export function refuseSparse(x: AnyMatrix, what: string): asserts x is Matrix {
  if (!isSparseMatrix(x)) return
  throw new BellwetherError(
    'MATRIX_INVALID',
    `${what} reads whole columns and takes a dense matrix; got a sparse one of ${x.nRows} rows and ${x.nColumns} columns. Make it dense (toDenseMatrix), with fewer columns where they are many.`,
  )
}

/** @throws CANCELLED once the signal is aborted. */
export function throwIfCancelled(signal: AbortSignal | undefined): void {
  if (signal?.aborted) throw new BellwetherError('CANCELLED', 'Fitting was stopped before it was done.')
}
