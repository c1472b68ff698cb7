import { BLOCK_ROWS, PAIRS, scratch } from "./layout";

/**
 * Adds each row's pair (first, second) to the bin that its value fell in, for several columns.
 * in:  `bins` u8 at column * nRows + row; `offsets` i32 by column, where its bins begin in the histogram; `columns` i32
 *      (nColumns); `rows` u32, of which begin to end - 1 count; `first`, `second` f64 by row
 * out: `histogram`, two f64 per bin
 */
export function addToValueHistogram(
  bins: usize,
  nRows: u32,
  offsets: usize,
  columns: usize,
  nColumns: u32,
  rows: usize,
  begin: u32,
  end: u32,
  first: usize,
  second: usize,
  histogram: usize,
): void {
  for (let at = begin; at < end; at += BLOCK_ROWS) {
    const count = min(BLOCK_ROWS, end - at);
    const block = rows + (<usize>at << 2);
    gatherPairs(block, count, first, second);
    let c: u32 = 0;
    for (; c + 4 <= nColumns; c += 4) {
      const column0 = load<u32>(columns + (<usize>c << 2));
      const column1 = load<u32>(columns + (<usize>c << 2), 4);
      const column2 = load<u32>(columns + (<usize>c << 2), 8);
      const column3 = load<u32>(columns + (<usize>c << 2), 12);
      const bins0 = bins + <usize>column0 * nRows;
      const bins1 = bins + <usize>column1 * nRows;
      const bins2 = bins + <usize>column2 * nRows;
      const bins3 = bins + <usize>column3 * nRows;
      const sums0 = histogram + (load<usize>(offsets + (<usize>column0 << 2)) << 4);
      const sums1 = histogram + (load<usize>(offsets + (<usize>column1 << 2)) << 4);
      const sums2 = histogram + (load<usize>(offsets + (<usize>column2 << 2)) << 4);
      const sums3 = histogram + (load<usize>(offsets + (<usize>column3 << 2)) << 4);
      addFour(bins0, bins1, bins2, bins3, sums0, sums1, sums2, sums3, block, count);
    }
    for (; c < nColumns; c++) {
      const column = load<u32>(columns + (<usize>c << 2));
      addOne(bins + <usize>column * nRows, histogram + (load<usize>(offsets + (<usize>column << 2)) << 4), block, count);
    }
  }
}

/** Lays the pairs of a block's rows out in their order. */
function gatherPairs(block: usize, count: u32, first: usize, second: usize): void {
  for (let i: u32 = 0; i < count; i++) {
    const row = load<u32>(block + (<usize>i << 2));
    const pair = v128.load64_zero(first + (<usize>row << 3));
    v128.store(scratch + PAIRS + (<usize>i << 4), v128.load64_lane(second + (<usize>row << 3), pair, 1));
  }
}

// @ts-ignore: decorator
@inline
function add(sums: usize, bin: usize, pair: v128): void {
  const at = sums + (bin << 4);
  v128.store(at, f64x2.add(v128.load(at), pair));
}

/** Four columns together: a row's pair is loaded once for them, and additions into different columns don't wait for each other. */
function addFour(
  bins0: usize,
  bins1: usize,
  bins2: usize,
  bins3: usize,
  sums0: usize,
  sums1: usize,
  sums2: usize,
  sums3: usize,
  block: usize,
  count: u32,
): void {
  const last = block + (<usize>count << 2);
  let pairs: usize = scratch + PAIRS;
  while (block < last) {
    const row = load<usize>(block);
    const pair = v128.load(pairs);
    add(sums0, load<u8>(bins0 + row), pair);
    add(sums1, load<u8>(bins1 + row), pair);
    add(sums2, load<u8>(bins2 + row), pair);
    add(sums3, load<u8>(bins3 + row), pair);
    block += 4;
    pairs += 16;
  }
}

/** The plain form of the same, for the columns left over. */
function addOne(bins: usize, sums: usize, block: usize, count: u32): void {
  for (let i: u32 = 0; i < count; i++) {
    const row = load<usize>(block + (<usize>i << 2));
    add(sums, load<u8>(bins + row), v128.load(scratch + PAIRS + (<usize>i << 4)));
  }
}
