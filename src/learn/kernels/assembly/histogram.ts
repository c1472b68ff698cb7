import { BLOCK_BINS, BLOCK_ROWS, CHUNK, NOWHERE, PAIRS, scratch } from "./layout";

/**
 * Adds each row's pair to the bin that its value fell in, for several columns. The bins of 32 columns lie side by side, so that a
 * row costs one or two cache lines, however far it is from the one before. A block of rows is first laid out in order; then eight columns
 * go together, or four and two rows at a time, whose additions don't wait for each other.
 * in:  `bins` u8 at (column / 32 * nRows + row) * 32 + column % 32; `offsets` i32 by column, where its bins begin in the histogram;
 *      `columns` i32 (nColumns); `rows` u32, ascending, of which begin to end - 1 count; `pairs` two f64 by row
 * out: `histogram`, two f64 per bin, of which the first `clearBins` are made 0 before
 */
export function addToHistogram(
  bins: usize,
  nRows: u32,
  offsets: usize,
  columns: usize,
  nColumns: u32,
  rows: usize,
  begin: u32,
  end: u32,
  pairs: usize,
  histogram: usize,
  clearBins: u32,
): void {
  memory.fill(histogram, 0, <usize>clearBins << 4);
  for (let at = begin; at < end; at += BLOCK_ROWS) {
    const count = min(BLOCK_ROWS, end - at);
    const block = rows + (<usize>at << 2);
    const first = load<u32>(block);
    // Rows without a gap lie in order as they are.
    const together = load<u32>(block + (<usize>(count - 1) << 2)) - first == count - 1;
    let blockPairs = pairs + (<usize>first << 4);
    if (!together) {
      blockPairs = scratch + PAIRS;
      gatherPairs(block, count, pairs, blockPairs);
    }
    let c: u32 = 0;
    while (c < nColumns) {
      const chunk = load<u32>(columns + (<usize>c << 2)) / CHUNK;
      let last = c + 1;
      while (last < nColumns && load<u32>(columns + (<usize>last << 2)) / CHUNK == chunk) last++;
      const chunkBins = bins + <usize>chunk * nRows * CHUNK;
      let blockBins = chunkBins + <usize>first * CHUNK;
      if (!together) {
        blockBins = scratch + BLOCK_BINS;
        gatherBins(block, count, chunkBins, blockBins);
      }
      while (c + 4 < last) {
        const column = load<u32>(columns + (<usize>c << 2));
        const n = min<u32>(8, last - c);
        const spread = load<u32>(columns + (<usize>(c + n - 1) << 2)) - column;
        if (spread != n - 1 || column % CHUNK > CHUNK - 8) break;
        // Of five to seven, what would be the others' goes where nobody looks, each somewhere else: their bins are alike.
        addEight(
          blockBins + column % CHUNK,
          blockPairs,
          count,
          sumsOf(histogram, offsets, column),
          sumsOf(histogram, offsets, column + 1),
          sumsOf(histogram, offsets, column + 2),
          sumsOf(histogram, offsets, column + 3),
          sumsOf(histogram, offsets, column + 4),
          n > 5 ? sumsOf(histogram, offsets, column + 5) : scratch + NOWHERE,
          n > 6 ? sumsOf(histogram, offsets, column + 6) : scratch + NOWHERE + 4096,
          n > 7 ? sumsOf(histogram, offsets, column + 7) : scratch + NOWHERE + 64,
        );
        c += n;
      }
      for (; c + 4 <= last; c += 4) {
        const from = columns + (<usize>c << 2);
        addFour(
          blockBins,
          blockPairs,
          count,
          load<u32>(from) % CHUNK,
          load<u32>(from, 4) % CHUNK,
          load<u32>(from, 8) % CHUNK,
          load<u32>(from, 12) % CHUNK,
          sumsOf(histogram, offsets, load<u32>(from)),
          sumsOf(histogram, offsets, load<u32>(from, 4)),
          sumsOf(histogram, offsets, load<u32>(from, 8)),
          sumsOf(histogram, offsets, load<u32>(from, 12)),
        );
      }
      for (; c < last; c++) {
        const column = load<u32>(columns + (<usize>c << 2));
        addOne(blockBins + column % CHUNK, blockPairs, count, sumsOf(histogram, offsets, column));
      }
    }
  }
}

// @ts-ignore: decorator
@inline
function sumsOf(histogram: usize, offsets: usize, column: u32): usize {
  return histogram + (load<usize>(offsets + (<usize>column << 2)) << 4);
}

function gatherPairs(block: usize, count: u32, pairs: usize, to: usize): void {
  const last = block + (<usize>count << 2);
  for (; block < last; block += 4) {
    v128.store(to, v128.load(pairs + (load<usize>(block) << 4)));
    to += 16;
  }
}

function gatherBins(block: usize, count: u32, bins: usize, to: usize): void {
  const last = block + (<usize>count << 2);
  for (; block < last; block += 4) {
    const from = bins + load<usize>(block) * CHUNK;
    v128.store(to, v128.load(from));
    v128.store(to, v128.load(from, 16), 16);
    to += CHUNK;
  }
}

// @ts-ignore: decorator
@inline
function add(sums: usize, bin: usize, pair: v128): void {
  const at = sums + (bin << 4);
  v128.store(at, f64x2.add(v128.load(at), pair));
}

/** Eight neighbours of a block, a row at a time: where columns have few bins, additions wait for the one before in the same column. */
function addEight(
  bins: usize,
  pairs: usize,
  count: u32,
  sums0: usize,
  sums1: usize,
  sums2: usize,
  sums3: usize,
  sums4: usize,
  sums5: usize,
  sums6: usize,
  sums7: usize,
): void {
  const last = pairs + (<usize>count << 4);
  for (; pairs < last; pairs += 16) {
    const pair = v128.load(pairs);
    const a = load<u32>(bins);
    const b = load<u32>(bins, 4);
    add(sums0, a & 255, pair);
    add(sums1, (a >> 8) & 255, pair);
    add(sums2, (a >> 16) & 255, pair);
    add(sums3, a >> 24, pair);
    add(sums4, b & 255, pair);
    add(sums5, (b >> 8) & 255, pair);
    add(sums6, (b >> 16) & 255, pair);
    add(sums7, b >> 24, pair);
    bins += CHUNK;
  }
}

/** Columns `column0` to `column3` of a block, two rows at a time. */
function addFour(
  bins: usize,
  pairs: usize,
  count: u32,
  column0: usize,
  column1: usize,
  column2: usize,
  column3: usize,
  sums0: usize,
  sums1: usize,
  sums2: usize,
  sums3: usize,
): void {
  const last = pairs + (<usize>(count & ~1) << 4);
  if ((column1 - column0 == 1) & (column2 - column1 == 1) & (column3 - column2 == 1)) {
    // Four neighbours come in one load.
    bins += column0;
    for (; pairs < last; pairs += 32) {
      const a = load<u32>(bins);
      const b = load<u32>(bins, CHUNK);
      const pairA = v128.load(pairs);
      const pairB = v128.load(pairs, 16);
      add(sums0, a & 255, pairA);
      add(sums1, (a >> 8) & 255, pairA);
      add(sums2, (a >> 16) & 255, pairA);
      add(sums3, a >> 24, pairA);
      add(sums0, b & 255, pairB);
      add(sums1, (b >> 8) & 255, pairB);
      add(sums2, (b >> 16) & 255, pairB);
      add(sums3, b >> 24, pairB);
      bins += 2 * CHUNK;
    }
    bins -= column0;
  } else {
    for (; pairs < last; pairs += 32) {
      const pairA = v128.load(pairs);
      const pairB = v128.load(pairs, 16);
      add(sums0, load<u8>(bins + column0), pairA);
      add(sums1, load<u8>(bins + column1), pairA);
      add(sums2, load<u8>(bins + column2), pairA);
      add(sums3, load<u8>(bins + column3), pairA);
      add(sums0, load<u8>(bins + column0, CHUNK), pairB);
      add(sums1, load<u8>(bins + column1, CHUNK), pairB);
      add(sums2, load<u8>(bins + column2, CHUNK), pairB);
      add(sums3, load<u8>(bins + column3, CHUNK), pairB);
      bins += 2 * CHUNK;
    }
  }
  if ((count & 1) == 0) return;
  const pair = v128.load(pairs);
  add(sums0, load<u8>(bins + column0), pair);
  add(sums1, load<u8>(bins + column1), pair);
  add(sums2, load<u8>(bins + column2), pair);
  add(sums3, load<u8>(bins + column3), pair);
}

/** One column of a block, for those left over. */
function addOne(bins: usize, pairs: usize, count: u32, sums: usize): void {
  const last = pairs + (<usize>count << 4);
  for (; pairs < last; pairs += 16) {
    add(sums, load<u8>(bins), v128.load(pairs));
    bins += CHUNK;
  }
}

/** in: `child`, two f64 per bin; out: `parent`, less that */
export function subtractHistogram(parent: usize, child: usize, nBins: u32): void {
  const end = parent + (<usize>nBins << 4);
  while (parent < end) {
    v128.store(parent, f64x2.sub(v128.load(parent), v128.load(child)));
    parent += 16;
    child += 16;
  }
}

/** in: `part`, two f64 per bin, of some of the rows; out: `sum`, with that added */
export function mergeHistogram(sum: usize, part: usize, nBins: u32): void {
  const end = sum + (<usize>nBins << 4);
  while (sum < end) {
    v128.store(sum, f64x2.add(v128.load(sum), v128.load(part)));
    sum += 16;
    part += 16;
  }
}
