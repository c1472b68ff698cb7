import { CHUNK, CHUNK_SHIFT } from "./layout";

/** Bytes of a column's histogram: 256 bins of 8 bytes. */
export const HISTOGRAM: usize = 2048;

/** A row's number in its word; in the eight bits above, how it counts: 64 * class + times drawn. */
export const ROW: u32 = 0xffffff;

/** Rows up to which the bins that hold some are noted while the rows are added, so that the others need no look. */
export const NOTED_ROWS: u32 = 64;

/** Where the histograms of every other row lie: of many rows, two additions to one bin seldom wait for each other then. */
const OTHERS: usize = 4 * HISTOGRAM;

// The table, and the rooms of the tree at work.
export let nRows: u32 = 0;
let bins: usize = 0;
let chunks: usize = 0;
let nearRows: u32 = 0;
export let rows: usize = 0;
export let histogram: usize = 0;
export let laneOf: usize = 0;
export let groupSums: usize = 0;
export let groupBins: usize = 0;

// Bins that hold rows of the node, four to a bit, of the columns grouped last.
export let note0: u64 = 0;
export let note1: u64 = 0;
export let note2: u64 = 0;
export let note3: u64 = 0;

/** Takes up a table and a tree's room: `rowsOf` u32, a row's number and how it counts; `laneOfWords` u64 (256), what that comes to. */
export function useTable(
  nRowsOfTable: u32,
  binsOfTable: usize,
  chunksOfTable: usize,
  nearOf: u32,
  rowsOf: usize,
  histogramOf: usize,
  laneOfWords: usize,
): void {
  nRows = nRowsOfTable;
  bins = binsOfTable;
  chunks = chunksOfTable;
  nearRows = nearOf;
  rows = rowsOf;
  histogram = histogramOf;
  laneOf = laneOfWords;
  memory.fill(histogram, 0, 8 * HISTOGRAM);
}

/** Takes up other words: what a row counts as, u64 (256). */
export function useWords(laneOfWords: usize): void {
  laneOf = laneOfWords;
}

/** Rows of a node by bin of one column. out: `counts` u32 (256) */
export function countRows(column: u32, begin: u32, end: u32, counts: usize): void {
  const n = end - begin;
  const bin = binsFor(column, n);
  const shift = shiftOf(n);
  memory.fill(counts, 0, 1024);
  for (let i = begin; i < end; i++) {
    const at = counts + (<usize>load<u8>(bin + (<usize>(load<u32>(rows + (<usize>i << 2)) & ROW) << shift)) << 2);
    store<u32>(at, load<u32>(at) + 1);
  }
}

/** Where groups go: the bins that hold rows of the node, ascending, and their sums. */
export function useGroups(sums: usize, binsOfGroups: usize): void {
  groupSums = sums;
  groupBins = binsOfGroups;
}

// @ts-ignore: decorator
@inline
export function laneOfWord(word: u32): u64 {
  return load<u64>(laneOf + (<usize>(word >> 24) << 3));
}

/** Where a column's bins lie for a node of n rows: those of a row at `at + (row << shiftOf(n))`. */
// @ts-ignore: decorator
@inline
export function binsFor(column: u32, n: u32): usize {
  if (n > nearRows) return bins + <usize>column * nRows;
  return chunks + (((<usize>column / CHUNK) * nRows) * CHUNK + column % CHUNK);
}

// @ts-ignore: decorator
@inline
export function shiftOf(n: u32): u32 {
  return n > nearRows ? 0 : CHUNK_SHIFT;
}

// @ts-ignore: decorator
@inline
function addTo(at: usize, sum: u64): void {
  store<u64>(at, load<u64>(at) + sum);
}

// @ts-ignore: decorator
@inline
function bitOf(bin: usize): u64 {
  return <u64>1 << <u64>(bin >> 2);
}

/**
 * Adds a node's rows to the histograms of up to four columns.
 * in:  `list` i32 (count), the columns; rows begin to end - 1
 * out: the histograms; of up to NOTED_ROWS rows, notes of the bins that hold some
 */
export function addColumns(list: usize, count: u32, begin: u32, end: u32): void {
  if (count > 2) addFour(list, count, begin, end);
  else if (count == 2) addTwo(list, begin, end);
  else addOne(list, begin, end);
}

/** Adds the node's rows to the histograms of four columns, or of three where there are no more: then the last one is done twice, and cleared. */
function addFour(list: usize, count: u32, begin: u32, end: u32): void {
  const n = end - begin;
  const shift = shiftOf(n);
  const bins0 = binsFor(load<u32>(list), n);
  const bins1 = binsFor(load<u32>(list, 4), n);
  const bins2 = binsFor(load<u32>(list, 8), n);
  const bins3 = binsFor(load<u32>(list + (count > 3 ? 12 : 8)), n);
  let at = rows + (<usize>begin << 2);
  const last = rows + (<usize>end << 2);
  const sums = histogram;
  if (n > NOTED_ROWS) {
    for (; at + 4 < last; at += 8) {
      const word = load<u32>(at);
      const sum = laneOfWord(word);
      const row = <usize>(word & ROW) << shift;
      const otherWord = load<u32>(at, 4);
      const otherSum = laneOfWord(otherWord);
      const otherRow = <usize>(otherWord & ROW) << shift;
      addTo(sums + (<usize>load<u8>(bins0 + row) << 3), sum);
      addTo(sums + OTHERS + (<usize>load<u8>(bins0 + otherRow) << 3), otherSum);
      addTo(sums + HISTOGRAM + (<usize>load<u8>(bins1 + row) << 3), sum);
      addTo(sums + OTHERS + HISTOGRAM + (<usize>load<u8>(bins1 + otherRow) << 3), otherSum);
      addTo(sums + 2 * HISTOGRAM + (<usize>load<u8>(bins2 + row) << 3), sum);
      addTo(sums + OTHERS + 2 * HISTOGRAM + (<usize>load<u8>(bins2 + otherRow) << 3), otherSum);
      addTo(sums + 3 * HISTOGRAM + (<usize>load<u8>(bins3 + row) << 3), sum);
      addTo(sums + OTHERS + 3 * HISTOGRAM + (<usize>load<u8>(bins3 + otherRow) << 3), otherSum);
    }
    if (at < last) {
      const word = load<u32>(at);
      const sum = laneOfWord(word);
      const row = <usize>(word & ROW) << shift;
      addTo(sums + (<usize>load<u8>(bins0 + row) << 3), sum);
      addTo(sums + HISTOGRAM + (<usize>load<u8>(bins1 + row) << 3), sum);
      addTo(sums + 2 * HISTOGRAM + (<usize>load<u8>(bins2 + row) << 3), sum);
      addTo(sums + 3 * HISTOGRAM + (<usize>load<u8>(bins3 + row) << 3), sum);
    }
  } else {
    let notes0: u64 = 0;
    let notes1: u64 = 0;
    let notes2: u64 = 0;
    let notes3: u64 = 0;
    for (; at < last; at += 4) {
      const word = load<u32>(at);
      const sum = laneOfWord(word);
      const row = <usize>(word & ROW) << shift;
      const bin0 = <usize>load<u8>(bins0 + row);
      const bin1 = <usize>load<u8>(bins1 + row);
      const bin2 = <usize>load<u8>(bins2 + row);
      const bin3 = <usize>load<u8>(bins3 + row);
      addTo(sums + (bin0 << 3), sum);
      addTo(sums + HISTOGRAM + (bin1 << 3), sum);
      addTo(sums + 2 * HISTOGRAM + (bin2 << 3), sum);
      addTo(sums + 3 * HISTOGRAM + (bin3 << 3), sum);
      notes0 |= bitOf(bin0);
      notes1 |= bitOf(bin1);
      notes2 |= bitOf(bin2);
      notes3 |= bitOf(bin3);
    }
    note0 = notes0;
    note1 = notes1;
    note2 = notes2;
    note3 = notes3;
  }
  if (count > 3) return;
  memory.fill(sums + 3 * HISTOGRAM, 0, HISTOGRAM);
  if (n > NOTED_ROWS) memory.fill(sums + OTHERS + 3 * HISTOGRAM, 0, HISTOGRAM);
}

function addTwo(list: usize, begin: u32, end: u32): void {
  const n = end - begin;
  const shift = shiftOf(n);
  const bins0 = binsFor(load<u32>(list), n);
  const bins1 = binsFor(load<u32>(list, 4), n);
  let at = rows + (<usize>begin << 2);
  const last = rows + (<usize>end << 2);
  const sums = histogram;
  if (n > NOTED_ROWS) {
    for (; at + 4 < last; at += 8) {
      const word = load<u32>(at);
      const sum = laneOfWord(word);
      const row = <usize>(word & ROW) << shift;
      const otherWord = load<u32>(at, 4);
      const otherSum = laneOfWord(otherWord);
      const otherRow = <usize>(otherWord & ROW) << shift;
      addTo(sums + (<usize>load<u8>(bins0 + row) << 3), sum);
      addTo(sums + OTHERS + (<usize>load<u8>(bins0 + otherRow) << 3), otherSum);
      addTo(sums + HISTOGRAM + (<usize>load<u8>(bins1 + row) << 3), sum);
      addTo(sums + OTHERS + HISTOGRAM + (<usize>load<u8>(bins1 + otherRow) << 3), otherSum);
    }
  }
  let notes0: u64 = 0;
  let notes1: u64 = 0;
  for (; at < last; at += 4) {
    const word = load<u32>(at);
    const sum = laneOfWord(word);
    const row = <usize>(word & ROW) << shift;
    const bin0 = <usize>load<u8>(bins0 + row);
    const bin1 = <usize>load<u8>(bins1 + row);
    addTo(sums + (bin0 << 3), sum);
    addTo(sums + HISTOGRAM + (bin1 << 3), sum);
    notes0 |= bitOf(bin0);
    notes1 |= bitOf(bin1);
  }
  note0 = notes0;
  note1 = notes1;
}

function addOne(list: usize, begin: u32, end: u32): void {
  const n = end - begin;
  const shift = shiftOf(n);
  const bins0 = binsFor(load<u32>(list), n);
  let at = rows + (<usize>begin << 2);
  const last = rows + (<usize>end << 2);
  const sums = histogram;
  if (n > NOTED_ROWS) {
    for (; at + 4 < last; at += 8) {
      const word = load<u32>(at);
      const otherWord = load<u32>(at, 4);
      addTo(sums + (<usize>load<u8>(bins0 + (<usize>(word & ROW) << shift)) << 3), laneOfWord(word));
      addTo(sums + OTHERS + (<usize>load<u8>(bins0 + (<usize>(otherWord & ROW) << shift)) << 3), laneOfWord(otherWord));
    }
  }
  let notes0: u64 = 0;
  for (; at < last; at += 4) {
    const word = load<u32>(at);
    const bin = <usize>load<u8>(bins0 + (<usize>(word & ROW) << shift));
    addTo(sums + (bin << 3), laneOfWord(word));
    notes0 |= bitOf(bin);
  }
  note0 = notes0;
}

/** The bins that hold rows, ascending, each with its sum, which is made 0 in the histogram. Returns how many. */
export function groupAll(sums: usize, nBins: u32): u32 {
  const last = sums + (<usize>nBins << 3);
  const zero = i64x2.splat(0);
  for (let at = sums; at < last; at += 16) {
    v128.store(at, i64x2.add(v128.load(at), v128.load(at + OTHERS)));
    v128.store(at + OTHERS, zero);
  }
  let nGroups: u32 = 0;
  for (let bin: u32 = 0; bin < nBins; bin += 4) nGroups = take(sums, bin, nGroups);
  return nGroups;
}

/** The same, looking only where a bit of `notes` says that there are some. */
export function groupNoted(sums: usize, notes: u64): u32 {
  let nGroups: u32 = 0;
  for (; notes != 0; notes &= notes - 1) nGroups = take(sums, <u32>ctz(notes) << 2, nGroups);
  return nGroups;
}

/** Four bins, without a branch: what holds no row is overwritten by the next. */
// @ts-ignore: decorator
@inline
function take(sums: usize, bin: u32, nGroups: u32): u32 {
  const at = sums + (<usize>bin << 3);
  for (let i: u32 = 0; i < 4; i++) {
    const sum = load<u64>(at + (<usize>i << 3));
    store<u64>(groupSums + (<usize>nGroups << 3), sum);
    store<u8>(groupBins + nGroups, <u8>(bin + i));
    nGroups += <u32>(sum != 0);
  }
  v128.store(at, i64x2.splat(0));
  v128.store(at, i64x2.splat(0), 16);
  return nGroups;
}
