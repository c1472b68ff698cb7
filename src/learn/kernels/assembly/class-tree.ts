import { CHUNK, CHUNK_SHIFT } from "./layout";
import { drawTimes, fixedPointScale, toFixedPoint } from "./draw";
import { randint, seedRandom } from "./random";

/** Bins of a column in a histogram, used or not. */
const STRIDE: u32 = 256;

/** Rows up to which the bins that hold some are noted while the rows are added, so that the others need no look. */
const NOTED_ROWS: u32 = 256;

/** Rows up to which a node reads bins side by side: what one column brings into the nearest caches is there for the next. */
const NEAR_ROWS: u32 = 4096;

/** A row's number in its word; its class is in the eight bits above. */
const ROW: u32 = 0xffffff;

// The table and the rules, as `growClassTree` was given them.
let nRows: u32 = 0;
let bins: usize = 0;
let chunks: usize = 0;
let hasMissing: usize = 0;
let nBinsOf: usize = 0;
let nClasses: u32 = 0;
let minSamplesLeaf: f64 = 1;
let unit: f64 = 1;
let perUnit: f64 = 1;
let scale: f64 = 1;

// The rooms (see ../../forest/class-tree-room.ts).
let rows: usize = 0;
let entries: usize = 0;
let spareRows: usize = 0;
let spareEntries: usize = 0;
let columns: usize = 0;
let histogram: usize = 0;
let groupSums: usize = 0;
let groupBins: usize = 0;
let noted: usize = 0;
let totals: usize = 0;
let lefts: usize = 0;

// The node at work.
let begin: u32 = 0;
let end: u32 = 0;
let weight: f64 = 0;
let squares: f64 = 0;
let bestScore: f64 = 0;
let bestColumn: i32 = -1;
let bestBin: u32 = 0;
let bestMissingLeft: u32 = 0;

/**
 * Grows one tree of a forest of classes, from its draw of rows to its leaves: number by number what `drawBag`, `ClassCriterion` and
 * `growForestTree` of ../../forest do.
 * in:  `weights` f64 by row; `bins` u8 at column * nRows + row; `chunks`, the same side by side as `chunkBins` makes them; `hasMissing` u8, `nBins` i32 by column;
 *      `usable` i32 (nUsable); `codes` u8 by row; `maxDepth` 0 for none; `room`, u32 pointers to the rooms of the tree
 * out: the tree in its rooms, nodes counted from 0: columns (-1 for a leaf), bins, children (a leaf's number), missingLeft, cover, values of
 *      leaves, gains by column, bag; the number of leaves
 * Returns the number of nodes.
 */
export function growClassTree(
  seed: u32,
  bootstrap: u32,
  weights: usize,
  nRowsOfTable: u32,
  countBits: u32,
  binsOfTable: usize,
  chunksOfTable: usize,
  hasMissingOf: usize,
  nBinsOfColumns: usize,
  nColumns: u32,
  usable: usize,
  nUsable: u32,
  codes: usize,
  nClassesOf: u32,
  nFeatures: u32,
  maxDepth: u32,
  minSamplesSplit: u32,
  leastSamples: u32,
  extraTrees: u32,
  room: usize,
): u32 {
  nRows = nRowsOfTable;
  bins = binsOfTable;
  chunks = chunksOfTable;
  hasMissing = hasMissingOf;
  nBinsOf = nBinsOfColumns;
  nClasses = nClassesOf;
  minSamplesLeaf = <f64>leastSamples;
  unit = <f64>(<u64>1 << countBits);
  perUnit = 1 / unit;
  const times = load<usize>(room);
  rows = load<usize>(room, 4);
  entries = load<usize>(room, 8);
  spareRows = load<usize>(room, 12);
  spareEntries = load<usize>(room, 16);
  columns = load<usize>(room, 20);
  histogram = load<usize>(room, 24);
  groupSums = load<usize>(room, 28);
  groupBins = load<usize>(room, 32);
  noted = load<usize>(room, 36);
  totals = load<usize>(room, 40);
  lefts = load<usize>(room, 44);
  const stack = load<usize>(room, 48);
  const feature = load<usize>(room, 52);
  const bin = load<usize>(room, 56);
  const child = load<usize>(room, 60);
  const missingLeft = load<usize>(room, 64);
  const cover = load<usize>(room, 68);
  const values = load<usize>(room, 72);
  const gains = load<usize>(room, 76);

  memory.fill(histogram, 0, <usize>(nClasses * STRIDE) << 3);
  memory.fill(gains, 0, <usize>nColumns << 3);
  memory.fill(noted, 0, 32);
  memory.copy(columns, usable, <usize>nUsable << 2);
  seedRandom(seed);
  drawTimes(times, nRows, bootstrap);
  begin = 0;
  end = layRowsOut(times, weights, codes, countBits);

  let nNodes: u32 = 1;
  let nLeaves: u32 = 0;
  // Nodes still to do: node, begin, end, depth, and the packed sum of each class.
  const entrySize = 16 + (<usize>nClasses << 3);
  let top = stack;
  push(top, 0, begin, end, 0);
  sumClasses(begin, end, top + 16);
  enter(begin, end, top + 16);
  store<f64>(cover, weight / scale);
  top += entrySize;
  while (top > stack) {
    top -= entrySize;
    const node = load<u32>(top);
    const from = load<u32>(top, 4);
    const to = load<u32>(top, 8);
    const depth = load<u32>(top, 12);
    const n = to - from;
    const varied = enter(from, to, top + 16);
    const maySplit =
      varied && n >= minSamplesSplit && n >= 2 * leastSamples && (maxDepth == 0 || depth < maxDepth);
    if (maySplit) searchSplit(nUsable, nFeatures, extraTrees);
    if (!maySplit || bestColumn < 0) {
      store<i32>(feature + (<usize>node << 2), -1);
      store<u32>(child + (<usize>node << 2), nLeaves);
      store<u8>(missingLeft + node, 0);
      const at = values + (<usize>(nLeaves * nClasses) << 3);
      for (let c: u32 = 0; c < nClasses; c++) {
        store<f64>(at + (<usize>c << 3), load<f64>(totals + (<usize>c << 3)) / weight);
      }
      nLeaves++;
      continue;
    }
    const gain = gains + (<usize>bestColumn << 3);
    store<f64>(gain, load<f64>(gain) + max<f64>(0, bestScore - squares / weight));
    const nodeCover = weight / scale;
    const missingBin = load<u8>(hasMissing + bestColumn) ? load<i32>(nBinsOf + (<usize>bestColumn << 2)) - 1 : -1;
    const missingSeen = missingBin >= 0 && anyInBin(from, to, bestColumn, missingBin);
    const column = bestColumn;
    const upTo = bestBin;
    const missingGoesLeft = bestMissingLeft;
    const middle = partition(from, to, column, upTo, missingGoesLeft ? missingBin : -1);
    // Of the two children the smaller one is summed up; the other is the rest, exactly. The right one waits below the left one.
    const sumsOfRight = top + 16;
    const sumsOfLeft = sumsOfRight + entrySize;
    if (middle - from <= to - middle) {
      sumClasses(from, middle, sumsOfLeft);
      for (let c: usize = 0; c < <usize>nClasses << 3; c += 8) {
        store<f64>(sumsOfRight + c, load<f64>(sumsOfRight + c) - load<f64>(sumsOfLeft + c));
      }
    } else {
      for (let c: usize = 0; c < <usize>nClasses << 3; c += 8) store<f64>(sumsOfLeft + c, load<f64>(sumsOfRight + c));
      sumClasses(middle, to, sumsOfRight);
      for (let c: usize = 0; c < <usize>nClasses << 3; c += 8) {
        store<f64>(sumsOfLeft + c, load<f64>(sumsOfLeft + c) - load<f64>(sumsOfRight + c));
      }
    }
    let leftWeight: f64 = 0;
    for (let c: usize = 0; c < <usize>nClasses << 3; c += 8) leftWeight += floor(load<f64>(sumsOfLeft + c) * perUnit);
    const leftCover = leftWeight / scale;
    const rightCover = nodeCover - leftCover;
    store<i32>(feature + (<usize>node << 2), column);
    store<u8>(bin + node, <u8>upTo);
    store<u32>(child + (<usize>node << 2), nNodes);
    // Where the node had no missing value, one that comes later takes the heavier side.
    store<u8>(missingLeft + node, missingSeen ? <u8>missingGoesLeft : <u8>(leftCover >= rightCover));
    store<f64>(cover + (<usize>nNodes << 3), leftCover);
    store<f64>(cover + (<usize>nNodes << 3), rightCover, 8);
    push(top, nNodes + 1, middle, to, depth + 1);
    push(top + entrySize, nNodes, from, middle, depth + 1);
    top += 2 * entrySize;
    nNodes += 2;
  }
  store<u32>(load<usize>(room, 80), nLeaves);
  return nNodes;
}

// @ts-ignore: decorator
@inline
function push(at: usize, node: u32, from: u32, to: u32, depth: u32): void {
  store<u32>(at, node);
  store<u32>(at, from, 4);
  store<u32>(at, to, 8);
  store<u32>(at, depth, 12);
}

/** The rows drawn, ascending, each with its class and its packed weight and count. Returns how many. */
function layRowsOut(times: usize, weights: usize, codes: usize, countBits: u32): u32 {
  let total: f64 = 0;
  for (let row: usize = 0; row < nRows; row++) total += load<f64>(weights + (row << 3)) * <f64>load<u32>(times + (row << 2));
  scale = fixedPointScale(total, 51 - <i32>countBits);
  let n: u32 = 0;
  for (let row: u32 = 0; row < nRows; row++) {
    const count = load<u32>(times + (<usize>row << 2));
    if (count == 0) continue;
    const weight = toFixedPoint(load<f64>(weights + (<usize>row << 3)), scale);
    store<u32>(rows + (<usize>n << 2), row | (<u32>load<u8>(codes + row) << 24));
    store<f64>(entries + (<usize>n << 3), weight * <f64>count * unit + 1);
    n++;
  }
  return n;
}

/** Packed sum of each class over some rows. out: `sums` f64 (nClasses) */
function sumClasses(from: u32, to: u32, sums: usize): void {
  if (nClasses == 2) {
    let all: f64 = 0;
    let ones: f64 = 0;
    for (let i = from; i < to; i++) {
      const entry = load<f64>(entries + (<usize>i << 3));
      all += entry;
      ones += select<f64>(entry, 0, load<u32>(rows + (<usize>i << 2)) >> 24 != 0);
    }
    store<f64>(sums, all - ones);
    store<f64>(sums, ones, 8);
    return;
  }
  for (let c: usize = 0; c < <usize>nClasses << 3; c += 8) store<f64>(sums + c, 0);
  for (let i = from; i < to; i++) {
    const at = sums + (<usize>(load<u32>(rows + (<usize>i << 2)) >> 24) << 3);
    store<f64>(at, load<f64>(at) + load<f64>(entries + (<usize>i << 3)));
  }
}

/** Takes up a node by the packed sums of its classes. Returns whether there is more than one. */
function enter(from: u32, to: u32, sums: usize): bool {
  begin = from;
  end = to;
  bestColumn = -1;
  bestScore = -Infinity;
  let nPresent: u32 = 0;
  weight = 0;
  squares = 0;
  for (let c: u32 = 0; c < nClasses; c++) {
    const ofClass = floor(load<f64>(sums + (<usize>c << 3)) * perUnit);
    if (ofClass > 0) nPresent++;
    store<f64>(totals + (<usize>c << 3), ofClass);
    weight += ofClass;
    squares += ofClass * ofClass;
  }
  return nPresent > 1;
}

/** Draws columns without replacement, puts them to the front and looks at them. */
function searchSplit(nUsable: u32, nFeatures: u32, extraTrees: u32): void {
  let drawn: u32 = 0;
  let nVarying: u32 = 0;
  while (drawn < nUsable && (drawn < nFeatures || nVarying == 0)) {
    const from = drawn;
    const to = min(nUsable, drawn < nFeatures ? nFeatures : drawn + 1);
    for (; drawn < to; drawn++) {
      const at = columns + (<usize>(drawn + randint(nUsable - drawn)) << 2);
      const column = load<u32>(at);
      store<u32>(at, load<u32>(columns + (<usize>drawn << 2)));
      store<u32>(columns + (<usize>drawn << 2), column);
    }
    for (let i = from; i < to; i++) nVarying += consider(load<u32>(columns + (<usize>i << 2)), extraTrees);
  }
}

/** Looks at a column's splits. Returns 1 unless it is constant in the node. */
function consider(column: u32, extraTrees: u32): u32 {
  const nGroups = group(column);
  if (nGroups < 2) return 0;
  const nValueBins = load<i32>(nBinsOf + (<usize>column << 2)) - load<u8>(hasMissing + column);
  const anyMissing = load<i32>(groupBins + (<usize>(nGroups - 1) << 2)) >= nValueBins;
  const nValueGroups = anyMissing ? nGroups - 1 : nGroups;
  let only: i32 = -1;
  if (extraTrees) {
    const low = load<i32>(groupBins);
    const high = load<i32>(groupBins + (<usize>(nValueGroups - 1) << 2));
    only = low + <i32>randint(high - low + (anyMissing ? 1 : 0));
  }
  scan(column, nValueBins, nValueGroups, anyMissing, false, only);
  if (anyMissing) scan(column, nValueBins, nValueGroups, true, true, only);
  return 1;
}

/** Where a column's bins lie for a node of n rows: those of a row at `at + (row << shiftOf(n))`. */
// @ts-ignore: decorator
@inline
function binsFor(column: u32, n: u32): usize {
  if (n > NEAR_ROWS) return bins + <usize>column * nRows;
  return chunks + (((<usize>column / CHUNK) * nRows) * CHUNK + column % CHUNK);
}

// @ts-ignore: decorator
@inline
function shiftOf(n: u32): u32 {
  return n > NEAR_ROWS ? 0 : CHUNK_SHIFT;
}

/** Sums up the node's rows by bin and class. out: the bins that hold some, ascending, each with its sums; returns how many. */
function group(column: u32): u32 {
  const n = end - begin;
  const bin = binsFor(column, n);
  const shift = shiftOf(n);
  const notes = n <= NOTED_ROWS;
  let row = rows + (<usize>begin << 2);
  let entry = entries + (<usize>begin << 3);
  const last = rows + (<usize>end << 2);
  if (notes && nClasses == 2) {
    for (; row < last; row += 4) {
      const word = load<u32>(row);
      const value = <usize>load<u8>(bin + ((word & ROW) << shift));
      const at = histogram + (value << 4) + ((word >> 24) << 3);
      store<f64>(at, load<f64>(at) + load<f64>(entry));
      const note = noted + ((value >> 6) << 3);
      store<u64>(note, load<u64>(note) | ((<u64>1) << (value & 63)));
      entry += 8;
    }
  } else if (notes) {
    for (; row < last; row += 4) {
      const word = load<u32>(row);
      const value = <u32>load<u8>(bin + ((word & ROW) << shift));
      const at = histogram + (<usize>(value * nClasses + (word >> 24)) << 3);
      store<f64>(at, load<f64>(at) + load<f64>(entry));
      const note = noted + ((value >> 6) << 3);
      store<u64>(note, load<u64>(note) | ((<u64>1) << (value & 63)));
      entry += 8;
    }
  } else {
    for (; row < last; row += 4) {
      const word = load<u32>(row);
      const at = histogram + (<usize>(<u32>load<u8>(bin + ((word & ROW) << shift)) * nClasses + (word >> 24)) << 3);
      store<f64>(at, load<f64>(at) + load<f64>(entry));
      entry += 8;
    }
  }
  let nGroups: u32 = 0;
  if (notes) {
    for (let word: u32 = 0; word < 4; word++) {
      let note = load<u64>(noted + (word << 3));
      store<u64>(noted + (word << 3), 0);
      while (note != 0) {
        take((word << 6) + <u32>ctz(note), nGroups++);
        note &= note - 1;
      }
    }
    return nGroups;
  }
  const nBins = load<u32>(nBinsOf + (<usize>column << 2));
  for (let value: u32 = 0; value < nBins; value++) nGroups += take(value, nGroups);
  return nGroups;
}

/** A bin's sums to a group, and to zero in the histogram. Returns 1 where there are any. */
// @ts-ignore: decorator
@inline
function take(value: u32, to: u32): u32 {
  store<u32>(groupBins + (<usize>to << 2), value);
  if (nClasses == 2) {
    const at = histogram + (<usize>value << 4);
    const both = v128.load(at);
    v128.store(groupSums + (<usize>to << 4), both);
    v128.store(at, f64x2.splat(0));
    return v128.any_true(both) ? 1 : 0;
  }
  let any: f64 = 0;
  let from = histogram + (<usize>(value * nClasses) << 3);
  let sum = groupSums + (<usize>(to * nClasses) << 3);
  const last = from + (<usize>nClasses << 3);
  for (; from < last; from += 8) {
    const here = load<f64>(from);
    store<f64>(sum, here);
    store<f64>(from, 0);
    any += here;
    sum += 8;
  }
  return any > 0 ? 1 : 0;
}

/** As `ClassCriterion.scan`. */
function scan(column: u32, nValueBins: i32, nValueGroups: u32, anyMissing: bool, missingLeft: bool, only: i32): void {
  for (let c: usize = 0; c < <usize>nClasses << 3; c += 8) store<f64>(lefts + c, 0);
  const n = <f64>(end - begin);
  const all = weight;
  let leftWeight: f64 = 0;
  let leftCount: f64 = 0;
  const last = <i32>(anyMissing && !missingLeft ? nValueGroups : nValueGroups - 1);
  for (let g: i32 = missingLeft ? -1 : 0; g < last; g++) {
    const at = groupSums + (<usize>((g < 0 ? nValueGroups : <u32>g) * nClasses) << 3);
    let leftSquares: f64 = 0;
    let rightSquares: f64 = 0;
    for (let c: usize = 0; c < <usize>nClasses << 3; c += 8) {
      const sum = load<f64>(at + c);
      const here = floor(sum * perUnit);
      const left = load<f64>(lefts + c) + here;
      store<f64>(lefts + c, left);
      leftWeight += here;
      leftCount += sum - here * unit;
      const right = load<f64>(totals + c) - left;
      leftSquares += left * left;
      rightSquares += right * right;
    }
    if (g < 0 || leftCount < minSamplesLeaf) continue;
    if (n - leftCount < minSamplesLeaf) return;
    const here = load<i32>(groupBins + (<usize>g << 2));
    const next = g + 1 < <i32>nValueGroups ? load<i32>(groupBins + (<usize>(g + 1) << 2)) : <i32>STRIDE;
    if (only >= 0 && (only < here || only >= next)) continue;
    const score = leftSquares / leftWeight + rightSquares / (all - leftWeight);
    if (score > bestScore) {
      bestScore = score;
      bestColumn = column;
      bestBin = next >= nValueBins ? nValueBins - 1 : only >= 0 ? only : (here + next - 1) >> 1;
      bestMissingLeft = <u32>missingLeft;
    }
  }
}

function anyInBin(from: u32, to: u32, column: u32, value: u32): bool {
  const bin = binsFor(column, to - from);
  const shift = shiftOf(to - from);
  for (let i = from; i < to; i++) {
    if (<u32>load<u8>(bin + ((load<u32>(rows + (<usize>i << 2)) & ROW) << shift)) == value) return true;
  }
  return false;
}

/** As `partitionRows`, of rows with their classes and entries. */
function partition(from: u32, to: u32, column: u32, upTo: u32, alsoLeft: u32): u32 {
  const bin = binsFor(column, to - from);
  const shift = shiftOf(to - from);
  let left = from;
  let right: u32 = 0;
  for (let i = from; i < to; i++) {
    const word = load<u32>(rows + (<usize>i << 2));
    const entry = load<f64>(entries + (<usize>i << 3));
    const value = <u32>load<u8>(bin + ((word & ROW) << shift));
    const goesLeft = <u32>((value <= upTo) | (value == alsoLeft));
    store<u32>(rows + (<usize>left << 2), word);
    store<f64>(entries + (<usize>left << 3), entry);
    store<u32>(spareRows + (<usize>right << 2), word);
    store<f64>(spareEntries + (<usize>right << 3), entry);
    left += goesLeft;
    right += 1 - goesLeft;
  }
  // For a few rows, calling the host's copy takes longer than copying.
  if (right > 64) {
    memory.copy(rows + (<usize>left << 2), spareRows, <usize>right << 2);
    memory.copy(entries + (<usize>left << 3), spareEntries, <usize>right << 3);
    return left;
  }
  for (let i: u32 = 0; i < right; i++) {
    store<u32>(rows + (<usize>(left + i) << 2), load<u32>(spareRows + (<usize>i << 2)));
    store<f64>(entries + (<usize>(left + i) << 3), load<f64>(spareEntries + (<usize>i << 3)));
  }
  return left;
}
