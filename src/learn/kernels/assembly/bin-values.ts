/**
 * The bin of each value: how many cuts lie below it.
 * in:  `values` f64 (n); `cuts` f64 (2 * step - 1), ascending, made up with infinities; `step` a power of two, 0 for no cuts;
 *      `missing`, the bin of NaN
 * out: `bins` u8 (n)
 */
export function binValues(values: usize, n: u32, cuts: usize, step: u32, missing: u32, bins: usize): void {
  for (let i: u32 = 0; i < n; i++) {
    const value = load<f64>(values + (<usize>i << 3));
    // Bytes, not indexes: 8 for each cut known to lie below.
    let below: usize = 0;
    for (let s = <usize>step << 3; s >= 8; s >>= 1) {
      below += select<usize>(s, 0, value > load<f64>(cuts + below + s - 8));
    }
    store<u8>(bins + i, <u8>select<u32>(missing, <u32>(below >> 3), value != value));
  }
}
