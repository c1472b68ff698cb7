import { BellwetherError } from '../errors.ts'
import type { AnyMatrix } from '../table/sparse-matrix.ts'

/** @throws INTERNAL when a fitted model is handed a matrix of another width than it was fitted on. */
export function refuseOtherWidth(x: AnyMatrix, nColumns: number, estimator: string): void {
  if (x.nColumns !== nColumns) {
    throw new BellwetherError(
      'INTERNAL',
      `The ${estimator} model was fitted on ${nColumns} columns; got ${x.nColumns}.`,
    )
  }
}

/** @throws INTERNAL when the matrix has no such row or the model no such output. */
export function refuseOutside(x: AnyMatrix, row: number, output: number, nOutputs: number): void {
  if (!Number.isInteger(row) || row < 0 || row >= x.nRows) {
    throw new BellwetherError('INTERNAL', `There is no row ${row}; the matrix has ${x.nRows}.`)
  }
  if (!Number.isInteger(output) || output < 0 || output >= nOutputs) {
    throw new BellwetherError('INTERNAL', `There is no output ${output}; the model has ${nOutputs}.`)
  }
}
