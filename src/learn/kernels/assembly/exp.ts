/** Beyond it a power neither over- nor underflows, and a probability is 0 or 1 to the last bit anyway. */
const LARGEST: f64 = 708;
const LOG2_E: f64 = 1.4426950408889634;
/** ln 2 in two parts, the first with zeros at its end: a whole number of up to 11 bits times it is exact. */
const LN2_HIGH: f64 = 0.6931471803691238;
const LN2_LOW: f64 = 1.9082149292705877e-10;
/** 1.5 * 2^52: a number of smaller size added to it is rounded to a whole one, which its last bits then hold. */
const ROUNDER: f64 = 6755399441055744;

/**
 * e^x of two numbers, step by step as `exp` of ../../exp.ts and so the same to the last bit: x = k ln 2 + r with |r| <= ln 2 / 2,
 * e^r by its series to the 13th power, times 2^k. Within 2 units in the last place.
 */
// @ts-ignore: decorator
@inline
export function exp(x: v128): v128 {
  const clamped = f64x2.pmin(f64x2.splat(LARGEST), f64x2.pmax(f64x2.splat(-LARGEST), x));
  const rounded = f64x2.add(f64x2.mul(clamped, f64x2.splat(LOG2_E)), f64x2.splat(ROUNDER));
  const k = f64x2.sub(rounded, f64x2.splat(ROUNDER));
  const r = f64x2.sub(f64x2.sub(clamped, f64x2.mul(k, f64x2.splat(LN2_HIGH))), f64x2.mul(k, f64x2.splat(LN2_LOW)));
  // Pairs of terms, then pairs of pairs: shorter to wait for than term after term.
  const r2 = f64x2.mul(r, r);
  const r4 = f64x2.mul(r2, r2);
  const r8 = f64x2.mul(r4, r4);
  const low = plus(pair(1, 1, r), r2, pair(1 / 2.0, 1 / 6.0, r));
  const middle = plus(pair(1 / 24.0, 1 / 120.0, r), r2, pair(1 / 720.0, 1 / 5040.0, r));
  const high = plus(pair(1 / 40320.0, 1 / 362880.0, r), r2, pair(1 / 3628800.0, 1 / 39916800.0, r));
  const highest = pair(1 / 479001600.0, 1 / 6227020800.0, r);
  const series = plus(plus(low, r4, middle), r8, plus(high, r4, highest));
  return i64x2.add(series, i64x2.shl(rounded, 52));
}

// @ts-ignore: decorator
@inline
function pair(constant: f64, factor: f64, r: v128): v128 {
  return f64x2.add(f64x2.splat(constant), f64x2.mul(f64x2.splat(factor), r));
}

// @ts-ignore: decorator
@inline
function plus(a: v128, power: v128, b: v128): v128 {
  return f64x2.add(a, f64x2.mul(power, b));
}

/** in: `values` f64 (n), n even; out: `powers`, e to each of them */
export function expOf(values: usize, n: u32, powers: usize): void {
  for (let at: usize = 0; at < <usize>n << 3; at += 16) v128.store(powers + at, exp(v128.load(values + at)));
}
