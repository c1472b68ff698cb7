import { throwIfCancelled } from '../check-fit-input.ts'

const MAX_SWEEPS = 60

/**
 * Eigenvalues and eigenvectors of a symmetric matrix by cyclic Jacobi rotations: slow (some ten times n^3), exact to rounding.
 * in/out: `a` (n, n) row-major, symmetric; the eigenvalues end on its diagonal
 * @param signal Looked at before each row is cleared.
 * @returns values, shape (n); vectors, shape (n, n) row-major, eigenvector i in column i.
 * @throws CANCELLED
 * @see Golub and Van Loan (2013), Matrix Computations, algorithm 8.5.2
 */
export function symmetricEigen(
  a: Float64Array,
  n: number,
  signal?: AbortSignal,
): { values: Float64Array; vectors: Float64Array } {
  const vectors = new Float64Array(n * n)
  for (let i = 0; i < n; i++) vectors[i * n + i] = 1
  for (let sweep = 0; sweep < MAX_SWEEPS; sweep++) {
    let rotated = false
    for (let p = 0; p < n - 1; p++) {
      throwIfCancelled(signal)
      for (let q = p + 1; q < n; q++) {
        const apq = a[p * n + q]!
        const app = a[p * n + p]!
        const aqq = a[q * n + q]!
        if (Math.abs(apq) <= Number.EPSILON * Math.sqrt(Math.abs(app * aqq)) || Math.abs(apq) < 1e-300) continue
        rotated = true
        const tau = (aqq - app) / (2 * apq)
        const t = (tau >= 0 ? 1 : -1) / (Math.abs(tau) + Math.hypot(1, tau))
        const cos = 1 / Math.hypot(1, t)
        rotate(a, vectors, n, p, q, cos, t * cos)
      }
    }
    if (!rotated) break
  }
  const values = new Float64Array(n)
  for (let i = 0; i < n; i++) values[i] = a[i * n + i]!
  return { values, vectors }
}

/** Turns rows and columns p and q of `a`, and columns p and q of `vectors`. */
function rotate(
  a: Float64Array,
  vectors: Float64Array,
  n: number,
  p: number,
  q: number,
  cos: number,
  sin: number,
): void {
  for (let k = 0; k < n; k++) {
    const kp = a[k * n + p]!
    const kq = a[k * n + q]!
    a[k * n + p] = cos * kp - sin * kq
    a[k * n + q] = sin * kp + cos * kq
    const vp = vectors[k * n + p]!
    const vq = vectors[k * n + q]!
    vectors[k * n + p] = cos * vp - sin * vq
    vectors[k * n + q] = sin * vp + cos * vq
  }
  for (let k = 0; k < n; k++) {
    const pk = a[p * n + k]!
    const qk = a[q * n + k]!
    a[p * n + k] = cos * pk - sin * qk
    a[q * n + k] = sin * pk + cos * qk
  }
}
