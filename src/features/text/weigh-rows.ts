import type { SparseMatrix } from '../../table/sparse-matrix.ts'

export type Norm = 'l1' | 'l2' | 'none'

/**
 * Divides each row by its norm, in place: l2 = root of the sum of squares, l1 = sum of sizes. Rows of zeros stay.
 * The sums run in column order, as scikit-learn's do.
 */
export function normaliseRows({ nRows, indptr, values }: Omit<SparseMatrix, 'names'>, norm: Norm): void {
  if (norm === 'none') return
  for (let row = 0; row < nRows; row++) {
    const begin = indptr[row]!
    const end = indptr[row + 1]!
    let sum = 0
    for (let entry = begin; entry < end; entry++) {
      const value = values[entry]!
      sum += norm === 'l2' ? value * value : Math.abs(value)
    }
    if (sum === 0) continue
    const divisor = norm === 'l2' ? Math.sqrt(sum) : sum
    for (let entry = begin; entry < end; entry++) values[entry]! /= divisor
  }
}

/**
 * Inverse document frequency of each term: idf = ln((1 + n) / (1 + df)) + 1, without smoothing ln(n / df) + 1.
 * @param documentFrequency Texts that hold each term, each at least 1; shape (nTerms).
 */
export function inverseDocumentFrequency(
  documentFrequency: Uint32Array,
  nTexts: number,
  smooth: boolean,
): Float64Array {
  const extra = smooth ? 1 : 0
  return Float64Array.from(documentFrequency, (df) => Math.log((nTexts + extra) / (df + extra)) + 1)
}
