/**
 * The triangle that a least-squares problem comes to: turns columns and right-hand side by Householder reflections, which
 * change no length and no angle, so that |A x - b|² = |R x - c|² + (what no x can lower).
 * in:  `columns` (nColumns) each of nRows, nColumns ≤ nRows; they are used up
 * in/out: `b` (nRows); its first nColumns entries become c, the others what is left over
 * out: `columns`, entry i of column j is R[i][j] for i ≤ j, and 0 below
 * @see Golub and Van Loan (2013), Matrix Computations, algorithm 5.2.1
 */
export function triangularise(columns: readonly Float64Array[], b: Float64Array): void {
  for (let k = 0; k < Math.min(columns.length, b.length); k++) {
    const pivot = columns[k]!
    const length = norm(pivot, k)
    if (length === 0) continue
    const alpha = pivot[k]! > 0 ? -length : length
    // v = x - alpha e, and v v' / (|v|² / 2) is the reflection.
    const v = pivot.slice(k)
    v[0]! -= alpha
    const half = length * (length + Math.abs(pivot[k]!))
    for (let j = k + 1; j < columns.length; j++) reflect(columns[j]!, v, k, half)
    reflect(b, v, k, half)
    pivot.fill(0, k)
    pivot[k] = alpha
  }
}

/** Solves R x = c for the triangle of `triangularise`; null where a diagonal entry is 0. Shape (nColumns). */
export function solveTriangle(columns: readonly Float64Array[], c: Float64Array): Float64Array | null {
  const n = columns.length
  const x = c.slice(0, n)
  for (let k = n - 1; k >= 0; k--) {
    const column = columns[k]!
    if (column[k] === 0) return null
    x[k]! /= column[k]!
    for (let i = 0; i < k; i++) x[i]! -= column[i]! * x[k]!
  }
  return x
}

/** Length of a vector from entry `from` on, without overflow. */
export function norm(vector: Float64Array, from = 0): number {
  let largest = 0
  for (let i = from; i < vector.length; i++) largest = Math.max(largest, Math.abs(vector[i]!))
  if (largest === 0) return 0
  let sum = 0
  for (let i = from; i < vector.length; i++) sum += (vector[i]! / largest) ** 2
  return largest * Math.sqrt(sum)
}

function reflect(vector: Float64Array, v: Float64Array, from: number, half: number): void {
  let product = 0
  for (let i = 0; i < v.length; i++) product += v[i]! * vector[from + i]!
  const factor = product / half
  for (let i = 0; i < v.length; i++) vector[from + i]! -= factor * v[i]!
}
