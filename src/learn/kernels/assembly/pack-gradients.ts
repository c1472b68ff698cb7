/** Largest magnitude of the values of some rows. in: `values` f64 by row, `rows` u32 (n) */
export function largestOf(values: usize, rows: usize, n: u32): f64 {
  let largest: f64 = 0;
  const last = rows + (<usize>n << 2);
  for (; rows < last; rows += 4) {
    const value = abs(load<f64>(values + (load<usize>(rows) << 3)));
    largest = value > largest ? value : largest;
  }
  return largest;
}

/**
 * Rounds gradients and hessians to fixed point, for histograms: as `packGradients` in ../../boosting/histogram.ts.
 * in:  `gradients`, `hessians` f64 by row, `rows` u32 (n)
 * out: `packedGradients`, `hessiansAndCounts` f64, at those rows
 */
export function packGradients(
  gradients: usize,
  hessians: usize,
  rows: usize,
  n: u32,
  gradientScale: f64,
  hessianScale: f64,
  countUnit: f64,
  packedGradients: usize,
  hessiansAndCounts: usize,
): void {
  const last = rows + (<usize>n << 2);
  for (; rows < last; rows += 4) {
    const at = load<usize>(rows) << 3;
    store<f64>(packedGradients + at, round(load<f64>(gradients + at) * gradientScale));
    store<f64>(hessiansAndCounts + at, round(load<f64>(hessians + at) * hessianScale) * countUnit + 1);
  }
}

/** To the nearest whole number, halves up, as Math.round of JavaScript. */
// @ts-ignore: decorator
@inline
function round(x: f64): f64 {
  const up = ceil(x);
  return select<f64>(up, up - 1, up - 0.5 <= x);
}
