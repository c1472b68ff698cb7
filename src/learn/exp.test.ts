import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { exp } from './exp.ts'
import { KernelMemory, roomFor } from './kernels/kernel-memory.ts'

/** How many units in the last place two positive numbers lie apart. */
function ulps(a: number, b: number): number {
  const [left, right] = new BigInt64Array(Float64Array.of(a, b).buffer)
  return Math.abs(Number(left! - right!))
}

const exponents = fc.oneof(
  fc.double({ min: -708, max: 708, noNaN: true }),
  fc.double({ min: -1, max: 1, noNaN: true }),
  fc.constantFrom(0, -0, 5e-324, 1e-17, Math.LN2, -Math.LN2, Math.LN2 / 2, 708, -708, 20, 0.1),
)

describe('the exponential of sums and products', () => {
  test('lies within 2 units in the last place of Math.exp', () => {
    fc.assert(
      fc.property(exponents, (x) => {
        expect(ulps(exp(x), Math.exp(x))).toBeLessThanOrEqual(2)
      }),
      { numRuns: 5000 },
    )
  })

  test('is 1 at 0, and stays finite and above 0 wherever it is asked', () => {
    expect(exp(0)).toBe(1)
    expect(exp(-0)).toBe(1)
    for (const x of [709, 1e6, Number.POSITIVE_INFINITY]) expect(exp(x)).toBe(exp(708))
    for (const x of [-709, -1e6, Number.NEGATIVE_INFINITY]) expect(exp(x)).toBe(exp(-708))
    expect(exp(-708)).toBeGreaterThan(0)
  })

  test('is the same to the last bit in the kernel', () => {
    fc.assert(
      fc.property(fc.array(exponents, { minLength: 2, maxLength: 200 }), (values) => {
        const even = values.slice(0, values.length & ~1)
        const memory = KernelMemory.take(2 * roomFor(8 * even.length))!
        const there = memory.float64(even.length)
        there.set(even)
        const powers = memory.float64(even.length)
        memory.kernels.expOf(there.byteOffset, even.length, powers.byteOffset)
        expect(powers).toEqual(Float64Array.from(even, exp))
        memory.free()
      }),
    )
  })
})
