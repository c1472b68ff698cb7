import { COUNTS, scratch as room } from "./layout";

const SIGN: u64 = 0x8000000000000000;

/**
 * Puts values in ascending order, -0 before 0, as Float64Array's sort does: byte by byte from the last, each pass keeping the
 * order of the one before. A byte that is the same in all of them takes no pass.
 * in:  `values` f64 (n), without NaN; `scratch` of the same size is overwritten
 * out: `values`
 */
export function sortValues(values: usize, n: u32, scratch: usize): void {
  const size = <usize>n << 3;
  const firstCounts = room + COUNTS;
  memory.fill(firstCounts, 0, 8 * 256 * 4);
  for (let at: usize = 0; at < size; at += 8) {
    // Bits that compare as the numbers do: of positive numbers the sign is set, of negative ones all is turned.
    const bits = load<u64>(values + at);
    const key = bits ^ (<u64>(<i64>bits >> 63) | SIGN);
    store<u64>(values + at, key);
    for (let byte: usize = 0; byte < 8; byte++) {
      const count = firstCounts + (byte << 10) + (<usize>((key >> (<u64>byte << 3)) & 255) << 2);
      store<u32>(count, load<u32>(count) + 1);
    }
  }
  let from = values;
  let to = scratch;
  for (let byte: usize = 0; byte < 8; byte++) {
    const counts = firstCounts + (byte << 10);
    const shift = <u64>byte << 3;
    if (n == 0 || load<u32>(counts + (<usize>((load<u64>(from) >> shift) & 255) << 2)) == n) continue;
    // From how many there are to where the first of them goes.
    let place: u32 = 0;
    for (let count = counts; count < counts + 1024; count += 4) {
      const here = load<u32>(count);
      store<u32>(count, place);
      place += here;
    }
    for (let at: usize = 0; at < size; at += 8) {
      const key = load<u64>(from + at);
      const count = counts + (<usize>((key >> shift) & 255) << 2);
      const next = load<u32>(count);
      store<u32>(count, next + 1);
      store<u64>(to + (<usize>next << 3), key);
    }
    const other = from;
    from = to;
    to = other;
  }
  for (let at: usize = 0; at < size; at += 8) {
    const key = load<u64>(from + at);
    store<u64>(values + at, key ^ (<u64>(<i64>~key >> 63) | SIGN));
  }
}
