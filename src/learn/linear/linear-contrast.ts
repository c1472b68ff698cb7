import { type AnyMatrix, isSparseMatrix, type SparseMatrix } from '../../table/sparse-matrix.ts'
import type { Contrast } from '../contrast.ts'

/** One linear score of a model: intercept + sum over columns of coefficient(j) * x_j. */
export interface LinearScore {
  readonly intercept: number
  coefficient(column: number): number
}

/**
 * Shapley values of linear scores with another row's values for what is unknown: coefficient * (x - other). Of sparse rows only the
 * columns that one of the two has are looked at, however many there are.
 */
export function contrastLinear(
  x: AnyMatrix,
  row: number,
  background: AnyMatrix,
  other: number,
  linear: readonly LinearScore[],
): Pick<Contrast, 'scores' | 'background' | 'columns' | 'contributions'> {
  const sparse = isSparseMatrix(x) && isSparseMatrix(background)
  const columns = sparse ? union(entriesOf(x, row), entriesOf(background, other)) : undefined
  const nColumns = columns ? columns.length : x.nColumns
  const own = valuesAt(x, row, columns)
  const others = valuesAt(background, other, columns)
  const scores = Float64Array.from(linear, ({ intercept }) => intercept)
  const reference = scores.slice()
  const contributions = new Float64Array(linear.length * nColumns)
  for (const [k, { coefficient }] of linear.entries()) {
    for (let j = 0; j < nColumns; j++) {
      const factor = coefficient(columns ? columns[j]! : j)
      scores[k]! += factor * own[j]!
      reference[k]! += factor * others[j]!
      contributions[k * nColumns + j] = factor * (own[j]! - others[j]!)
    }
  }
  return { scores, background: reference, ...(columns ? { columns } : {}), contributions }
}

function entriesOf({ indptr, indices }: SparseMatrix, row: number): Uint32Array {
  return indices.subarray(indptr[row]!, indptr[row + 1]!)
}

/** Both lists ascend, and so does what comes of them. */
function union(a: Uint32Array, b: Uint32Array): Uint32Array {
  return Uint32Array.from(new Set([...a, ...b])).sort()
}

/** The row's values in the given columns (ascending), or in all. */
function valuesAt(x: AnyMatrix, row: number, columns: Uint32Array | undefined): Float64Array {
  if (!isSparseMatrix(x)) {
    const at = (column: number) => x.data[column * x.nRows + row]!
    return columns
      ? Float64Array.from(columns, at)
      : Float64Array.from({ length: x.nColumns }, (_, column) => at(column))
  }
  const values = new Float64Array(columns ? columns.length : x.nColumns)
  let at = 0
  for (let entry = x.indptr[row]!; entry < x.indptr[row + 1]!; entry++) {
    const column = x.indices[entry]!
    if (columns) while (columns[at] !== column) at++
    values[columns ? at : column] = x.values[entry]!
  }
  return values
}
