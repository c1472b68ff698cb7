import { drawTimes, fixedPointScale, toFixedPoint } from "./draw";
import {
  addColumns, binsFor, countRows, groupAll, groupBins, groupNoted, groupSums, HISTOGRAM, histogram, laneOf, laneOfWord,
  NOTED_ROWS, note0, note1, note2, note3, nRows, ROW, rows, shiftOf, useGroups, useTable, useWords,
} from "./lane-histogram";
import { randint, seedRandom } from "./random";

/** Most draws of a row that its word can say. */
const MAX_TIMES: u32 = 63;

/** Bytes of the words of one kind: narrow ones lie first, then wide ones. */
const WORDS: usize = 2048;

/** A whole number below 2^52 in the last bits of this one, less this one, is that number as f64. */
const MAGIC: u64 = 0x4330000000000000;

// The table and the rules, as `growLaneTree` was given them.
let hasMissing: usize = 0;
let nBinsOf: usize = 0;
let nClasses: u32 = 0;
let leastSamples: u32 = 1;
let weight0: f64 = 0;
let weight1: f64 = 0;
let weight2: f64 = 0;

// Bits of a lane in nodes where rows are counted along, and in larger ones, where the classes have all of the 64 bits.
let narrowBits: u32 = 16;
let wideBits: u32 = 21;

/** Times that the row drawn most often was drawn. */
let mostTimes: u32 = 1;

// The rooms (see ../../forest/class-tree-room.ts).
let spare: usize = 0;
let columns: usize = 0;
let words: usize = 0;
let counts: usize = 0;

// The node at work.
let begin: u32 = 0;
let end: u32 = 0;
let total: u64 = 0;
let laneBits: u32 = 16;
let isWide: bool = false;
let isCounted: bool = false;
let bestScore: f64 = 0;
let bestColumn: i32 = -1;
let bestBin: u32 = 0;
let bestMissingLeft: bool = false;
let bestAnyMissing: bool = false;
let bestLeft: u64 = 0;

/**
 * Grows one tree of a forest of two or three classes whose rows weigh the same within a class: number by number what `growClassTree`
 * does. A row counts as one whole number of 64 bits, its times drawn in the lane of its class and a 1 in the lane above
 * those of the classes: one addition for all, and the sums of a split's sides are known when it is found. In a node of more draws than
 * such a lane holds there is no lane above, and those of the classes are wider; rows are then counted where a split hangs on it.
 * in:  `bins` u8 at column * nRows + row; `chunks`, the same side by side as `chunkBins` makes them, read by nodes of up to `nearOf` rows;
 *      `hasMissing` u8, `nBins` i32 by column; `usable` i32 (nUsable); `codes` u8 by row; `classWeights` f64 by class; `maxDepth` 0 for none; `room`, u32 pointers to the rooms of the tree
 * out: the tree in its rooms, as `growClassTree` leaves it; `times` u32 by row, how often each was drawn
 * Returns the number of nodes; 0 where a row was drawn more often than its word can say.
 */
export function growLaneTree(
  seed: u32,
  bootstrap: u32,
  nRowsOfTable: u32,
  countBits: u32,
  binsOfTable: usize,
  chunksOfTable: usize,
  nearOf: u32,
  hasMissingOf: usize,
  nBinsOfColumns: usize,
  nColumns: u32,
  usable: usize,
  nUsable: u32,
  codes: usize,
  nClassesOf: u32,
  classWeights: usize,
  nFeatures: u32,
  maxDepth: u32,
  minSamplesSplit: u32,
  leastSamplesOf: u32,
  extraTrees: u32,
  room: usize,
): u32 {
  hasMissing = hasMissingOf;
  nBinsOf = nBinsOfColumns;
  nClasses = nClassesOf;
  narrowBits = 64 / (nClasses + 1);
  wideBits = 64 / nClasses;
  leastSamples = leastSamplesOf;
  const times = load<usize>(room);
  spare = load<usize>(room, 8);
  columns = load<usize>(room, 12);
  useGroups(load<usize>(room, 20), load<usize>(room, 24));
  words = load<usize>(room, 28);
  counts = load<usize>(room, 32);
  useTable(nRowsOfTable, binsOfTable, chunksOfTable, nearOf, load<usize>(room, 4), load<usize>(room, 16), words);
  const stack = load<usize>(room, 36);
  const feature = load<usize>(room, 40);
  const bin = load<usize>(room, 44);
  const child = load<usize>(room, 48);
  const missingLeft = load<usize>(room, 52);
  const cover = load<usize>(room, 56);
  const values = load<usize>(room, 60);
  const gains = load<usize>(room, 64);

  memory.fill(gains, 0, <usize>nColumns << 3);
  memory.copy(columns, usable, <usize>nUsable << 2);
  seedRandom(seed);
  drawTimes(times, nRows, bootstrap);
  const scale = setWeights(times, codes, classWeights, countBits);
  const n = layRowsOut(times, codes);
  if (n == 0) return 0;

  let nNodes: u32 = 1;
  let nLeaves: u32 = 0;
  // The tree's rows may be too many to be counted along.
  setLanes(true);
  // Nodes still to do: node, begin, end, depth, and the sums of their rows, in wide lanes.
  let top = stack;
  push(top, 0, 0, n, 0, sumOf(0, n));
  store<f64>(cover, weightOf(load<u64>(top, 16)) / scale);
  top += 24;
  while (top > stack) {
    top -= 24;
    const node = load<u32>(top);
    const from = load<u32>(top, 4);
    const to = load<u32>(top, 8);
    const depth = load<u32>(top, 12);
    const n = to - from;
    enter(load<u64>(top, 16), n);
    begin = from;
    end = to;
    bestColumn = -1;
    const maySplit =
      isMixed(total) && n >= minSamplesSplit && n >= 2 * leastSamples && (maxDepth == 0 || depth < maxDepth);
    if (maySplit) {
      bestScore = -Infinity;
      searchSplit(nUsable, nFeatures, extraTrees);
    }
    if (!maySplit || bestColumn < 0) {
      store<i32>(feature + (<usize>node << 2), -1);
      store<u32>(child + (<usize>node << 2), nLeaves);
      store<u8>(missingLeft + node, 0);
      writeValues(values + (<usize>(nLeaves * nClasses) << 3));
      nLeaves++;
      continue;
    }
    const column = bestColumn;
    const gain = gains + (<usize>column << 3);
    const weight = weightOf(total);
    store<f64>(gain, load<f64>(gain) + max<f64>(0, bestScore - squaresOf(total) / weight));
    const alsoLeft = bestMissingLeft ? load<i32>(nBinsOf + (<usize>column << 2)) - 1 : -1;
    const middle = partition(from, to, column, bestBin, alsoLeft);
    const leftCover = weightOf(bestLeft) / scale;
    const rightCover = weight / scale - leftCover;
    store<i32>(feature + (<usize>node << 2), column);
    store<u8>(bin + node, <u8>bestBin);
    store<u32>(child + (<usize>node << 2), nNodes);
    // Where the node had no missing value, one that comes later takes the heavier side.
    store<u8>(missingLeft + node, bestAnyMissing ? <u8>bestMissingLeft : <u8>(leftCover >= rightCover));
    store<f64>(cover + (<usize>nNodes << 3), leftCover);
    store<f64>(cover + (<usize>nNodes << 3), rightCover, 8);
    push(top, nNodes + 1, middle, to, depth + 1, widened(total - bestLeft));
    push(top + 24, nNodes, from, middle, depth + 1, widened(bestLeft));
    top += 48;
    nNodes += 2;
  }
  store<u32>(load<usize>(room, 68), nLeaves);
  return nNodes;
}

// @ts-ignore: decorator
@inline
function push(at: usize, node: u32, from: u32, to: u32, depth: u32, sum: u64): void {
  store<u32>(at, node);
  store<u32>(at, from, 4);
  store<u32>(at, to, 8);
  store<u32>(at, depth, 12);
  store<u64>(at, sum, 16);
}

/** What one draw of each class weighs, in fixed point. Returns the scale. */
function setWeights(times: usize, codes: usize, classWeights: usize, countBits: u32): f64 {
  let all: f64 = 0;
  for (let row: u32 = 0; row < nRows; row++) {
    const weight = load<f64>(classWeights + (<usize>load<u8>(codes + row) << 3));
    all += weight * <f64>load<u32>(times + (<usize>row << 2));
  }
  const scale = fixedPointScale(all, 51 - <i32>countBits);
  weight0 = toFixedPoint(load<f64>(classWeights), scale);
  weight1 = toFixedPoint(load<f64>(classWeights, 8), scale);
  weight2 = nClasses == 3 ? toFixedPoint(load<f64>(classWeights, 16), scale) : 0;
  return scale;
}

/** The rows drawn, ascending, each with how it counts. Returns how many; 0 where one was drawn too often. */
function layRowsOut(times: usize, codes: usize): u32 {
  for (let word: u32 = 0; word < 256; word++) {
    const times = <u64>(word & 63);
    const code = word >> 6;
    if (code >= nClasses) break;
    const at = words + (<usize>word << 3);
    store<u64>(at, (times << (narrowBits * code)) + (<u64>1 << (narrowBits * nClasses)));
    store<u64>(at + WORDS, times << (wideBits * code));
  }
  // No row counts as the first: its place holds what `scan` turns whole numbers into f64 by.
  store<u64>(words, MAGIC);
  store<u64>(words + WORDS, MAGIC);
  let n: u32 = 0;
  mostTimes = 1;
  for (let row: u32 = 0; row < nRows; row++) {
    const count = load<u32>(times + (<usize>row << 2));
    if (count > MAX_TIMES) return 0;
    mostTimes = max(mostTimes, count);
    store<u32>(rows + (<usize>n << 2), row | (count << 24) | (<u32>load<u8>(codes + row) << 30));
    n += <u32>(count != 0);
  }
  return n;
}

/** What rows count as, in this node. */
function setLanes(wide: bool): void {
  isWide = wide;
  laneBits = wide ? wideBits : narrowBits;
  useWords(wide ? words + WORDS : words);
}

/** Takes up a node of `n` rows by their sums in wide lanes, in the lanes that it is worked on with. */
function enter(sum: u64, n: u32): void {
  setLanes(true);
  total = sum;
  if (drawsOf(sum) >= <u64>1 << narrowBits) return;
  const time0 = timesOf(sum, 0);
  const time1 = timesOf(sum, 1);
  const time2 = nClasses == 3 ? timesOf(sum, 2) : 0;
  setLanes(false);
  total = time0 | (time1 << narrowBits) | (time2 << (2 * narrowBits)) | (<u64>n << (nClasses * narrowBits));
}

/** A sum of the node at work in wide lanes. */
function widened(sum: u64): u64 {
  if (isWide) return sum;
  const wide = timesOf(sum, 0) | (timesOf(sum, 1) << wideBits);
  return nClasses == 3 ? wide | (timesOf(sum, 2) << (2 * wideBits)) : wide;
}

/** Draws of rows of all classes. */
function drawsOf(sum: u64): u64 {
  const draws = timesOf(sum, 0) + timesOf(sum, 1);
  return nClasses == 3 ? draws + timesOf(sum, 2) : draws;
}

function sumOf(from: u32, to: u32): u64 {
  let sum: u64 = 0;
  for (let i = from; i < to; i++) sum += laneOfWord(load<u32>(rows + (<usize>i << 2)));
  return sum;
}

// @ts-ignore: decorator
@inline
function timesOf(sum: u64, code: u32): u64 {
  return (sum >> (laneBits * code)) & ((<u64>1 << laneBits) - 1);
}

function isMixed(sum: u64): bool {
  let nPresent: u32 = 0;
  for (let code: u32 = 0; code < nClasses; code++) nPresent += <u32>(timesOf(sum, code) != 0);
  return nPresent > 1;
}

// @ts-ignore: decorator
@inline
function weightOfClass(sum: u64, code: u32): f64 {
  const weight = code == 0 ? weight0 : code == 1 ? weight1 : weight2;
  return <f64>timesOf(sum, code) * weight;
}

function weightOf(sum: u64): f64 {
  let weight: f64 = 0;
  for (let code: u32 = 0; code < nClasses; code++) weight += weightOfClass(sum, code);
  return weight;
}

function squaresOf(sum: u64): f64 {
  let squares: f64 = 0;
  for (let code: u32 = 0; code < nClasses; code++) {
    const weight = weightOfClass(sum, code);
    squares += weight * weight;
  }
  return squares;
}

/** The classes' shares of the node. */
function writeValues(at: usize): void {
  const weight = weightOf(total);
  for (let code: u32 = 0; code < nClasses; code++) {
    store<f64>(at + (<usize>code << 3), weightOfClass(total, code) / weight);
  }
}

/** Draws columns without replacement, puts them to the front and looks at them. */
function searchSplit(nUsable: u32, nFeatures: u32, extraTrees: u32): void {
  let drawn: u32 = 0;
  let nVarying: u32 = 0;
  while (drawn < nUsable && (drawn < nFeatures || nVarying == 0)) {
    let from = drawn;
    const to = min(nUsable, drawn < nFeatures ? nFeatures : drawn + 1);
    for (; drawn < to; drawn++) {
      const at = columns + (<usize>(drawn + randint(nUsable - drawn)) << 2);
      const column = load<u32>(at);
      store<u32>(at, load<u32>(columns + (<usize>drawn << 2)));
      store<u32>(columns + (<usize>drawn << 2), column);
    }
    for (; from < to; from += 4) {
      const at = columns + (<usize>from << 2);
      const count = min<u32>(4, to - from);
      addColumns(at, count, begin, end);
      nVarying += consider(load<u32>(at), histogram, note0, extraTrees);
      if (count > 1) nVarying += consider(load<u32>(at, 4), histogram + HISTOGRAM, note1, extraTrees);
      if (count > 2) nVarying += consider(load<u32>(at, 8), histogram + 2 * HISTOGRAM, note2, extraTrees);
      if (count > 3) nVarying += consider(load<u32>(at, 12), histogram + 3 * HISTOGRAM, note3, extraTrees);
    }
  }
}

/** Looks at a column's splits. Returns 1 unless it is constant in the node. */
function consider(column: u32, sums: usize, notes: u64, extraTrees: u32): u32 {
  const nBins = load<u32>(nBinsOf + (<usize>column << 2));
  const nGroups = end - begin > NOTED_ROWS ? groupAll(sums, nBins) : groupNoted(sums, notes);
  if (nGroups < 2) return 0;
  const nValueBins = nBins - load<u8>(hasMissing + column);
  const anyMissing = <u32>load<u8>(groupBins + nGroups - 1) >= nValueBins;
  const nValueGroups = anyMissing ? nGroups - 1 : nGroups;
  isCounted = false;
  let only: i32 = -1;
  if (extraTrees) {
    const low = <i32>load<u8>(groupBins);
    const high = <i32>load<u8>(groupBins + nValueGroups - 1);
    only = low + <i32>randint(high - low + (anyMissing ? 1 : 0));
  }
  scan(column, nValueBins, nValueGroups, anyMissing, false, only);
  if (anyMissing) scan(column, nValueBins, nValueGroups, true, true, only);
  return 1;
}

/** What rows of a class weigh, of two sums at a time. */
// @ts-ignore: decorator
@inline
function weigh(sums: v128, mask: v128, magic: v128, weight: v128): v128 {
  return f64x2.mul(f64x2.sub(v128.or(v128.and(sums, mask), magic), magic), weight);
}

/** As `ClassCriterion.scan`, the two sides of a split side by side. */
function scan(column: u32, nValueBins: u32, nValueGroups: u32, anyMissing: bool, missingLeft: bool, only: i32): void {
  const n = end - begin;
  const least = leastSamples;
  const all = total;
  const bits = laneBits;
  const wide = isWide;
  const countAt = bits * nClasses;
  const mask = i64x2.splat((<i64>1 << bits) - 1);
  // From memory: a constant would be made anew at each use.
  const magic = v128.load64_splat(laneOf);
  const three = nClasses == 3;
  const of0 = f64x2.splat(weight0);
  const of1 = f64x2.splat(weight1);
  const of2 = f64x2.splat(weight2);
  let found = bestScore;
  let foundAt: i32 = -1;
  let left: u64 = missingLeft ? load<u64>(groupSums + (<usize>nValueGroups << 3)) : 0;
  let foundLeft: u64 = 0;
  const last = anyMissing && !missingLeft ? nValueGroups : nValueGroups - 1;
  for (let g: u32 = 0; g < last; g++) {
    left += load<u64>(groupSums + (<usize>g << 3));
    if (wide) {
      if (isFewer(left, least, column, g, nValueGroups, missingLeft, false)) continue;
      if (isFewer(all - left, least, column, g, nValueGroups, missingLeft, true)) break;
    } else {
      const count = <u32>(left >> countAt);
      if (count < least) continue;
      if (n - count < least) break;
    }
    if (only >= 0 && !lies(only, g, nValueGroups)) continue;
    const both = i64x2.replace_lane(i64x2.splat(left), 1, all - left);
    const weights0 = weigh(both, mask, magic, of0);
    const weights1 = weigh(i64x2.shr_u(both, bits), mask, magic, of1);
    let weights = f64x2.add(weights0, weights1);
    let squares = f64x2.add(f64x2.mul(weights0, weights0), f64x2.mul(weights1, weights1));
    if (three) {
      const weights2 = weigh(i64x2.shr_u(both, 2 * bits), mask, magic, of2);
      weights = f64x2.add(weights, weights2);
      squares = f64x2.add(squares, f64x2.mul(weights2, weights2));
    }
    const scores = f64x2.div(squares, weights);
    const score = f64x2.extract_lane(scores, 0) + f64x2.extract_lane(scores, 1);
    if (score > found) {
      found = score;
      foundAt = g;
      foundLeft = left;
    }
  }
  if (foundAt < 0) return;
  const bin = <u32>load<u8>(groupBins + foundAt);
  const next = binAfter(foundAt, nValueGroups);
  bestScore = found;
  bestColumn = column;
  bestBin = next >= nValueBins ? nValueBins - 1 : only >= 0 ? only : (bin + next - 1) >> 1;
  bestLeft = foundLeft;
  bestMissingLeft = missingLeft;
  bestAnyMissing = anyMissing;
}

/**
 * Whether one side of a split after group `g` has fewer rows than `least`, in a node whose sums do not count them. A row was drawn once
 * at least and `mostTimes` at most: where the draws do not settle it, the column's rows are counted, once for all of its splits.
 */
function isFewer(sum: u64, least: u32, column: u32, g: u32, nValueGroups: u32, missingLeft: bool, isRight: bool): bool {
  const draws = drawsOf(sum);
  if (draws < <u64>least) return true;
  if (draws >= <u64>mostTimes * <u64>least) return false;
  if (!isCounted) countRows(column, begin, end, counts);
  isCounted = true;
  let count: u32 = 0;
  for (let i: u32 = 0; i <= g; i++) count += load<u32>(counts + (<usize>load<u8>(groupBins + i) << 2));
  if (missingLeft) count += load<u32>(counts + (<usize>load<u8>(groupBins + nValueGroups) << 2));
  return (isRight ? end - begin - count : count) < least;
}

/** The bin of the group after this one; past all of them where there is none. */
function binAfter(group: u32, nValueGroups: u32): u32 {
  return group + 1 < nValueGroups ? <u32>load<u8>(groupBins + group + 1) : 256;
}

/** Whether a threshold lies between a group and the next. */
function lies(threshold: u32, group: u32, nValueGroups: u32): bool {
  return <u32>load<u8>(groupBins + group) <= threshold && threshold < binAfter(group, nValueGroups);
}

/** As `partitionRows`, of rows with how they count. */
function partition(from: u32, to: u32, column: u32, upTo: u32, alsoLeft: u32): u32 {
  const bin = binsFor(column, to - from);
  const shift = shiftOf(to - from);
  let at = rows + (<usize>from << 2);
  const last = rows + (<usize>to << 2);
  let left = at;
  let right = spare;
  for (; at < last; at += 4) {
    const word = load<u32>(at);
    const value = <u32>load<u8>(bin + (<usize>(word & ROW) << shift));
    const goesLeft = <usize>((value <= upTo) | (value == alsoLeft)) << 2;
    store<u32>(left, word);
    store<u32>(right, word);
    left += goesLeft;
    right += 4 - goesLeft;
  }
  // For a few rows, calling the host's copy takes longer than copying.
  if (right - spare > 256) memory.copy(left, spare, right - spare);
  else for (let i: usize = 0; i < right - spare; i += 4) store<u32>(left + i, load<u32>(spare + i));
  return <u32>((left - rows) >> 2);
}
