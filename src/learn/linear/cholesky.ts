import { throwIfCancelled } from '../check-fit-input.ts'

/**
 * Cholesky factor of a symmetric positive definite matrix, in place: A = L * transpose(L).
 * in:  `a` (n, n) row-major; its lower half is read
 * out: L in the lower half; the upper half is left as it was
 * @param rankTolerance A pivot at or below this share of its diagonal entry counts as 0.
 * @param signal Looked at before each row.
 * @returns Whether all pivots were above it. Where not, `a` is half done and of no use.
 * @throws CANCELLED
 */
export function choleskyFactor(a: Float64Array, n: number, rankTolerance: number, signal?: AbortSignal): boolean {
  for (let i = 0; i < n; i++) {
    throwIfCancelled(signal)
    const rowI = i * n
    for (let j = 0; j < i; j++) {
      const rowJ = j * n
      let sum = a[rowI + j]!
      for (let k = 0; k < j; k++) sum -= a[rowI + k]! * a[rowJ + k]!
      a[rowI + j] = sum / a[rowJ + j]!
    }
    const diagonal = a[rowI + i]!
    let pivot = diagonal
    for (let k = 0; k < i; k++) pivot -= a[rowI + k]! * a[rowI + k]!
    if (!(pivot > rankTolerance * diagonal)) return false
    a[rowI + i] = Math.sqrt(pivot)
  }
  return true
}

/**
 * Solves L * x = b by forward substitution.
 * in:     `factor` (n, n) of `choleskyFactor`
 * in/out: `b` (n), becomes x
 */
export function solveLower(factor: Float64Array, b: Float64Array): void {
  const n = b.length
  for (let i = 0; i < n; i++) {
    const row = i * n
    let sum = b[i]!
    for (let j = 0; j < i; j++) sum -= factor[row + j]! * b[j]!
    b[i] = sum / factor[row + i]!
  }
}

/** Solves transpose(L) * x = b; as `solveLower`. Once x[i] is known it is taken from those before it, so that L is read by rows. */
export function solveUpper(factor: Float64Array, b: Float64Array): void {
  const n = b.length
  for (let i = n - 1; i >= 0; i--) {
    const row = i * n
    const x = b[i]! / factor[row + i]!
    b[i] = x
    for (let j = 0; j < i; j++) b[j]! -= factor[row + j]! * x
  }
}
