import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { choleskyFactor, solveLower, solveUpper } from './cholesky.ts'
import { symmetricEigen } from './symmetric-eigen.ts'

const N = 5
/** B B', symmetric without negative eigenvalues. */
const squares = fc.array(fc.integer({ min: -4, max: 4 }), { minLength: N * N, maxLength: N * N }).map((b) =>
  Float64Array.from({ length: N * N }, (_, at) => {
    const [i, j] = [Math.floor(at / N), at % N]
    let sum = 0
    for (let k = 0; k < N; k++) sum += b[i * N + k]! * b[j * N + k]!
    return sum
  }),
)

describe('the Cholesky factor', () => {
  test('solves what the matrix made', () => {
    fc.assert(
      fc.property(squares, (square) => {
        const a = square.slice()
        for (let i = 0; i < N; i++) a[i * N + i]! += 1
        const expected = Float64Array.of(1, -2, 3, -4, 5)
        const b = expected.map((_, i) => expected.reduce((sum, value, j) => sum + a[i * N + j]! * value, 0))
        expect(choleskyFactor(a, N, 1e-13)).toBe(true)
        solveLower(a, b)
        solveUpper(a, b)
        for (let i = 0; i < N; i++) expect(b[i]).toBeCloseTo(expected[i]!, 9)
      }),
    )
  })

  test('is refused for a matrix that is singular, not definite, or not a number', () => {
    expect(choleskyFactor(Float64Array.of(1, 1, 1, 1), 2, 1e-13)).toBe(false)
    expect(choleskyFactor(Float64Array.of(1, 2, 2, 1), 2, 1e-13)).toBe(false)
    expect(choleskyFactor(Float64Array.of(0), 1, 1e-13)).toBe(false)
    expect(choleskyFactor(Float64Array.of(Number.NaN), 1, 1e-13)).toBe(false)
  })
})

describe('eigenvalues by Jacobi rotations', () => {
  test('put the matrix together again, with orthonormal vectors', () => {
    fc.assert(
      fc.property(squares, (square) => {
        const { values, vectors } = symmetricEigen(square.slice(), N)
        for (let i = 0; i < N; i++) {
          for (let j = 0; j < N; j++) {
            let entry = 0
            let product = 0
            for (let k = 0; k < N; k++) {
              entry += vectors[i * N + k]! * values[k]! * vectors[j * N + k]!
              product += vectors[k * N + i]! * vectors[k * N + j]!
            }
            expect(entry).toBeCloseTo(square[i * N + j]!, 9)
            expect(product).toBeCloseTo(i === j ? 1 : 0, 12)
          }
        }
      }),
    )
  })
})
