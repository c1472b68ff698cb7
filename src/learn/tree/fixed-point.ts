/**
 * Fixed-point sums in float64. Numbers are scaled by a power of two and rounded to whole ones, so small that the sum of
 * all of them stays below 2^52: such sums are exact, hence the same in any order, by any number of workers, and a
 * parent's sum less one child's is the other child's to the last bit.
 */
const view = new DataView(new ArrayBuffer(8))

/** Exponent e of a positive finite number: 2^e <= x < 2^(e+1). Read from its bits, so the same on every engine. */
export function exponentOf(x: number): number {
  view.setFloat64(0, x)
  const biased = (view.getUint32(0) >>> 20) & 0x7ff
  return biased === 0 ? -1023 : biased - 1023
}

/**
 * The power of two to multiply by so that sums keep within `bits` bits.
 * @param bound What the sum of magnitudes can't exceed; 0 gives 1.
 * @param bits At most 52.
 */
export function fixedPointScale(bound: number, bits: number): number {
  if (!(bound > 0)) return 1
  // bound < 2^(exponent + 1). Kept within the powers of two whose inverse is a normal number as well.
  return 2 ** Math.max(-1000, Math.min(1000, bits - 1 - exponentOf(bound)))
}

/** Bits that a count up to n takes. */
export function bitsFor(n: number): number {
  return n < 1 ? 1 : exponentOf(n) + 1
}
