import { BellwetherError } from '../../errors.ts'
import { refuseNonFinite } from '../../learn/check-fit-input.ts'
import { type Matrix, matrixRows } from '../../table/matrix.ts'

/** Rows by the label that they carry. */
export interface LabelGroups {
  readonly nRows: number
  readonly nColumns: number
  readonly nGroups: number
  /** shape (nRows * nColumns) row-major */
  readonly values: Float64Array
  /** Group of each row, in the order in which labels first occur; shape (nRows). */
  readonly groups: Int32Array
  /** Rows of each group, at least 1; shape (nGroups). */
  readonly sizes: Uint32Array
  /** Mean of each group's rows, shape (nGroups * nColumns) row-major. */
  readonly centers: Float64Array
}

/**
 * @param labels Any whole numbers, shape (nRows).
 * @throws MATRIX_NOT_FINITE; INTERNAL when there are not as many labels as rows
 */
export function labelGroups(x: Matrix, labels: Int32Array): LabelGroups {
  const { nRows, nColumns } = x
  if (labels.length !== nRows) {
    throw new BellwetherError('INTERNAL', `Expected ${nRows} labels, one a row; got ${labels.length}.`)
  }
  refuseNonFinite(x, 'A score of clusters')
  const groups = groupNumbers(labels)
  const values = matrixRows(x)
  const nGroups = groups.reduce((most, group) => Math.max(most, group + 1), 0)
  const sizes = new Uint32Array(nGroups)
  const centers = new Float64Array(nGroups * nColumns)
  for (let row = 0; row < nRows; row++) {
    const group = groups[row]!
    sizes[group]!++
    for (let column = 0; column < nColumns; column++) {
      centers[group * nColumns + column]! += values[row * nColumns + column]!
    }
  }
  for (let i = 0; i < centers.length; i++) centers[i]! /= sizes[Math.floor(i / nColumns)]!
  return { nRows, nColumns, nGroups, values, groups, sizes, centers }
}

/** Labels by the order in which they first occur: 7, 3, 7 becomes 0, 1, 0. */
export function groupNumbers(labels: Int32Array): Int32Array {
  const numbers = new Map<number, number>()
  return labels.map((label) => {
    let number = numbers.get(label)
    if (number === undefined) {
      number = numbers.size
      numbers.set(label, number)
    }
    return number
  })
}

/** Why clusters of these counts can't be scored; null when they can. The bounds are scikit-learn's. */
export function unscorable(nGroups: number, nRows: number): string | null {
  if (nRows === 0) return 'there are no rows'
  if (nGroups < 2) return 'all rows are in one cluster'
  return nGroups < nRows ? null : 'every row is a cluster of its own'
}
