import { random, seedRandom } from "./random";

/**
 * Draws `count` of the rows 0 to n - 1 without replacement, as `sampleAscending` of ../../boosting/sample-rows.ts.
 * out: `sample` u32 (count), ascending; `others` u32 (n - count), the rest, ascending; both with room for one more
 */
export function sampleRows(seed: u32, n: u32, count: u32, sample: usize, others: usize): void {
  seedRandom(seed);
  let taken: u32 = 0;
  let row: u32 = 0;
  for (; taken < count; row++) {
    const chosen = <usize>(random() * <f64>(n - row) < <f64>(count - taken));
    store<u32>(sample, row);
    store<u32>(others, row);
    sample += chosen << 2;
    others += (1 - chosen) << 2;
    taken += <u32>chosen;
  }
  for (; row < n; row++) {
    store<u32>(others, row);
    others += 4;
  }
}
