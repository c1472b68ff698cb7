/** Largest magnitude of the values of some rows. in: `values` f64 by row, `rows` u32, of which begin to end - 1 count */
export function largestOf(values: usize, rows: usize, begin: u32, end: u32): f64 {
  let largest: f64 = 0;
  const last = rows + (<usize>end << 2);
  for (let at = rows + (<usize>begin << 2); at < last; at += 4) {
    const value = abs(load<f64>(values + (load<usize>(at) << 3)));
    largest = value > largest ? value : largest;
  }
  return largest;
}

/**
 * Rounds gradients and hessians to fixed point, for histograms: as `packGradients` in ../../boosting/histogram.ts.
 * in:  `gradients`, `hessians` f64 by row, `rows` u32, of which begin to end - 1 count
 * out: `pairs`, two f64, at those rows; `sums`, two f64: the sum of the pairs
 */
export function packGradients(
  gradients: usize,
  hessians: usize,
  rows: usize,
  begin: u32,
  end: u32,
  gradientScale: f64,
  hessianScale: f64,
  countUnit: f64,
  pairs: usize,
  sums: usize,
): void {
  const scales = f64x2.replace_lane(f64x2.splat(gradientScale), 1, hessianScale);
  const units = f64x2.replace_lane(f64x2.splat(1), 1, countUnit);
  const counts = f64x2.replace_lane(f64x2.splat(0), 1, 1);
  const half = f64x2.splat(0.5);
  const one = f64x2.splat(1);
  let sum = f64x2.splat(0);
  const last = rows + (<usize>end << 2);
  for (let at = rows + (<usize>begin << 2); at < last; at += 4) {
    const row = load<usize>(at) << 3;
    const both = v128.load64_lane(hessians + row, v128.load64_zero(gradients + row), 1);
    const scaled = f64x2.mul(both, scales);
    // To the nearest whole number, halves up, as Math.round of JavaScript.
    const up = f64x2.ceil(scaled);
    const rounded = f64x2.sub(up, v128.and(f64x2.gt(f64x2.sub(up, half), scaled), one));
    const pair = f64x2.add(f64x2.mul(rounded, units), counts);
    v128.store(pairs + (row << 1), pair);
    sum = f64x2.add(sum, pair);
  }
  v128.store(sums, sum);
}
