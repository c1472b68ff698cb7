/** Beyond it a power neither over- nor underflows, and a probability is 0 or 1 to the last bit anyway. */
const LARGEST = 708
const LOG2_E = Math.LOG2E
/** ln 2 in two parts, the first with zeros at its end: a whole number of up to 11 bits times it is exact. */
const LN2_HIGH = 0.6931471803691238
const LN2_LOW = 1.9082149292705877e-10
/** 1.5 * 2^52: a number of smaller size added to it is rounded to a whole one. */
const ROUNDER = 6755399441055744

const bits = new Int32Array(2)
const power = new Float64Array(bits.buffer)
/** The half of a number that holds its exponent. */
const HIGH = new Uint8Array(Int32Array.of(1).buffer)[0] === 1 ? 1 : 0

/**
 * e^x by sums and products alone, so that every engine, and the kernel of the same name, gives the same bits, which Math.exp
 * does not promise: x = k ln 2 + r with |r| <= ln 2 / 2, e^r by its series to the 13th power, times 2^k. Within 2 units in the
 * last place; beyond 708 either way it stays what it is there.
 */
export function exp(x: number): number {
  const clamped = Math.min(LARGEST, Math.max(-LARGEST, x))
  const k = clamped * LOG2_E + ROUNDER - ROUNDER
  const r = clamped - k * LN2_HIGH - k * LN2_LOW
  // Pairs of terms, then pairs of pairs, in the order of the kernel.
  const r2 = r * r
  const r4 = r2 * r2
  const r8 = r4 * r4
  const low = 1 + r + r2 * (1 / 2 + (1 / 6) * r)
  const middle = 1 / 24 + (1 / 120) * r + r2 * (1 / 720 + (1 / 5040) * r)
  const high = 1 / 40320 + (1 / 362880) * r + r2 * (1 / 3628800 + (1 / 39916800) * r)
  const highest = 1 / 479001600 + (1 / 6227020800) * r
  const series = low + r4 * middle + r8 * (high + r4 * highest)
  bits[1 - HIGH] = 0
  bits[HIGH] = (k + 1023) << 20
  return series * power[0]!
}
