/**
 * Where a function of one number crosses 0, by Brent's method: the secant or inverse quadratic step where it can be trusted,
 * else halving, so that it never does worse than halving.
 * @param f Continuous, with values of different sign (or 0) at `low` and `high`.
 * @param tolerance Width of the bracket to stop at, beside 4 epsilon of the root itself.
 * @see Brent (1973), Algorithms for minimization without derivatives, chapter 4
 */
export function brentRoot(f: (x: number) => number, low: number, high: number, tolerance = 0): number {
  let a = low
  let b = high
  let fa = f(a)
  let fb = f(b)
  if (fa === 0) return a
  // The root lies between b, the best guess, and c; a is the guess before b.
  let c = a
  let fc = fa
  let step = b - a
  let stepBefore = step
  for (;;) {
    if (Math.sign(fb) === Math.sign(fc)) {
      c = a
      fc = fa
      step = b - a
      stepBefore = step
    }
    if (Math.abs(fc) < Math.abs(fb)) {
      a = b
      b = c
      c = a
      fa = fb
      fb = fc
      fc = fa
    }
    const least = 2 * Number.EPSILON * Math.abs(b) + tolerance / 2
    const half = (c - b) / 2
    if (fb === 0 || Math.abs(half) <= least) return b
    const guess =
      Math.abs(stepBefore) >= least && Math.abs(fa) > Math.abs(fb) ? interpolated(a, b, c, fa, fb, fc) : null
    if (
      guess !== null &&
      2 * guess.p < Math.min(3 * half * guess.q - Math.abs(least * guess.q), Math.abs(stepBefore * guess.q))
    ) {
      stepBefore = step
      step = guess.p / guess.q
    } else {
      step = half
      stepBefore = half
    }
    a = b
    fa = fb
    b += Math.abs(step) > least ? step : least * Math.sign(half)
    fb = f(b)
  }
}

/** The step p / q from b by the secant through two points or the inverse parabola through three; p not negative. */
function interpolated(a: number, b: number, c: number, fa: number, fb: number, fc: number): { p: number; q: number } {
  const s = fb / fa
  let p: number
  let q: number
  if (a === c) {
    p = (c - b) * s
    q = 1 - s
  } else {
    const t = fa / fc
    const r = fb / fc
    p = s * ((c - b) * t * (t - r) - (b - a) * (r - 1))
    q = (t - 1) * (r - 1) * (s - 1)
  }
  return p > 0 ? { p, q: -q } : { p: -p, q }
}
