/**
 * The bin of each value: how many cuts lie below it. Four values go together, so that one search does not wait for another.
 * in:  `values` f64 (n); `cuts` f64 (2 * step - 1), ascending, made up with infinities; `step` a power of two, 0 for no cuts;
 *      `missing`, the bin of NaN
 * out: `bins` u8 (n)
 */
export function binValues(values: usize, n: u32, cuts: usize, step: u32, missing: u32, bins: usize): void {
  const first = <usize>step << 3;
  let i: usize = 0;
  for (; i + 4 <= n; i += 4) {
    const at = values + (i << 3);
    const value0 = load<f64>(at);
    const value1 = load<f64>(at, 8);
    const value2 = load<f64>(at, 16);
    const value3 = load<f64>(at, 24);
    // Bytes, not indexes: 8 for each cut known to lie below.
    let below0: usize = 0;
    let below1: usize = 0;
    let below2: usize = 0;
    let below3: usize = 0;
    for (let s = first; s >= 8; s >>= 1) {
      const next = cuts + s - 8;
      below0 = select<usize>(below0 + s, below0, value0 > load<f64>(next + below0));
      below1 = select<usize>(below1 + s, below1, value1 > load<f64>(next + below1));
      below2 = select<usize>(below2 + s, below2, value2 > load<f64>(next + below2));
      below3 = select<usize>(below3 + s, below3, value3 > load<f64>(next + below3));
    }
    store<u8>(bins + i, binOf(below0, value0, missing));
    store<u8>(bins + i, binOf(below1, value1, missing), 1);
    store<u8>(bins + i, binOf(below2, value2, missing), 2);
    store<u8>(bins + i, binOf(below3, value3, missing), 3);
  }
  for (; i < n; i++) {
    const value = load<f64>(values + (i << 3));
    let below: usize = 0;
    for (let s = first; s >= 8; s >>= 1) below = select<usize>(below + s, below, value > load<f64>(cuts + s - 8 + below));
    store<u8>(bins + i, binOf(below, value, missing));
  }
}

// @ts-ignore: decorator
@inline
function binOf(below: usize, value: f64, missing: u32): u8 {
  return <u8>select<u32>(missing, <u32>(below >> 3), value != value);
}
