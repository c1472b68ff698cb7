import type { FitInput } from '../../src/learn/estimator.ts'
import type { Matrix } from '../../src/table/matrix.ts'

/** Test support: a matrix from rows. */
export function matrixOf(rows: readonly (readonly number[])[], nColumns = rows[0]?.length ?? 0): Matrix {
  const nRows = rows.length
  const data = new Float64Array(nRows * nColumns)
  for (const [i, row] of rows.entries()) for (const [j, value] of row.entries()) data[j * nRows + i] = value
  return { nRows, nColumns, data, names: Array.from({ length: nColumns }, (_, j) => `x${j}`) }
}

/** Test support: rows and class codes as a fit wants them. */
export function classInput(
  rows: readonly (readonly number[])[],
  codes: readonly number[],
  more: { weights?: readonly number[] | null; nClasses?: number; signal?: AbortSignal } = {},
): FitInput {
  const nClasses = more.nClasses ?? Math.max(...codes) + 1
  return {
    x: matrixOf(rows),
    target: {
      task: 'classification',
      codes: Int32Array.from(codes),
      classes: Array.from({ length: nClasses }, (_, k) => `class ${k}`),
    },
    seed: 0,
    ...(more.weights ? { sampleWeight: Float64Array.from(more.weights) } : {}),
    ...(more.signal ? { signal: more.signal } : {}),
  }
}

/** Test support: rows and numbers as a fit wants them. */
export function numberInput(
  rows: readonly (readonly number[])[],
  values: readonly number[],
  weights?: readonly number[] | null,
): FitInput {
  return {
    x: matrixOf(rows),
    target: { task: 'regression', values: Float64Array.from(values) },
    seed: 0,
    ...(weights ? { sampleWeight: Float64Array.from(weights) } : {}),
  }
}
