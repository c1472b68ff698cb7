import { drawColumns } from "./draw-columns";
import { fixedPointScale } from "./draw";
import { addToHistogram, subtractHistogram } from "./histogram";
import { SPLIT, scratch } from "./layout";
import { addLeafValues, sumGradients } from "./leaves";
import { largestOf, packGradients } from "./pack-gradients";
import { partitionRows } from "./partition";
import { seedRandom } from "./random";
import { findRandomSplit, findSplit } from "./split";

/**
 * Bytes of a leaf while the tree grows: node, begin, end, depth (u32 each), gradient, hessian and count (f64 each), histogram (u32, 0 for
 * none), then its split: column, bin, missingLeft (i32 each), gain (0 for none), left gradient, left hessian and count (f64 each).
 */
const LEAF: usize = 72;

// The table and the rules, as the room says (see ../../boosting/tree-room.ts).
let chunks: usize = 0;
let bins: usize = 0;
let nRows: u32 = 0;
let nBins: u32 = 0;
let offsets: usize = 0;
let hasMissing: usize = 0;
let columns: usize = 0;
let nColumns: u32 = 0;
let nNodeColumns: u32 = 0;
let nodeColumns: usize = 0;
let order: usize = 0;
let drawn: usize = 0;
let maxLeaves: u32 = 0;
let maxDepth: u32 = 0;
let minSamplesLeaf: u32 = 0;
let l1: f64 = 0;
let l2: f64 = 0;
let extraTrees: bool = false;
let weights: usize = 0;
let rows: usize = 0;
let spare: usize = 0;
let pairs: usize = 0;
let leaves: usize = 0;
let feature: usize = 0;
let binOf: usize = 0;
let child: usize = 0;
let missingLeftOf: usize = 0;
let cover: usize = 0;
let gains: usize = 0;

// The tree at work.
let countUnit: f64 = 1;
let gradientScale: f64 = 1;
let hessianScale: f64 = 1;
let nNodes: u32 = 0;
let nLeaves: u32 = 0;
/** Histograms that no leaf holds, a stack of pointers that grows upwards. */
let idle: usize = 0;

/**
 * Grows one tree of boosting and adds its values to the scores: number by number what `TreeGrower` of ../../boosting does for columns of
 * numbers without directions, and `boost` after it.
 * in:  `room`, f64 by place (see ../../boosting/tree-room.ts); gradients and hessians of the rows learnt from; `seed` of its stream
 * out: the tree in the room, nodes counted from 0: columns (-1 for a leaf), bins, children (a leaf's number), missingLeft, cover, values of
 *      leaves; gains by column, added to; `raw` f64 by row, the learnt ones' and the others'
 * Returns the number of nodes, which is twice that of the leaves less one.
 */
export function growBoostedTree(room: usize, seed: u32, raw: usize): u32 {
  chunks = at(room, 0);
  bins = at(room, 1);
  nRows = at(room, 2);
  nBins = at(room, 3);
  offsets = at(room, 4);
  hasMissing = at(room, 5);
  const usable = at(room, 6);
  const nUsable = at(room, 7);
  const nTreeColumns = at(room, 8);
  nNodeColumns = at(room, 9);
  nodeColumns = at(room, 11);
  order = at(room, 12);
  drawn = at(room, 13);
  maxLeaves = at(room, 14);
  maxDepth = at(room, 15);
  minSamplesLeaf = at(room, 16);
  l1 = load<f64>(room, 8 * 17);
  l2 = load<f64>(room, 8 * 18);
  const learningRate = load<f64>(room, 8 * 19);
  extraTrees = at(room, 20) != 0;
  weights = at(room, 21);
  rows = at(room, 22);
  spare = at(room, 23);
  pairs = at(room, 24);
  const histograms = at(room, 25);
  const nHistograms = at(room, 26);
  idle = at(room, 27);
  leaves = at(room, 28);
  const begins = at(room, 29);
  const values = at(room, 30);
  feature = at(room, 31);
  binOf = at(room, 32);
  child = at(room, 33);
  missingLeftOf = at(room, 34);
  cover = at(room, 35);
  gains = at(room, 36);
  const gradients = at(room, 37);
  const hessians = at(room, 38);
  const sample = at(room, 39);
  const n = at(room, 40);
  const others = at(room, 41);
  const nOthers = at(room, 42);

  for (let i: usize = 0; i < nHistograms; i++) {
    store<u32>(idle, histograms + i * (<usize>nBins << 4));
    idle += 4;
  }
  if (extraTrees || nTreeColumns != 0 || nNodeColumns != 0) seedRandom(seed);
  columns = usable;
  nColumns = nUsable;
  if (nTreeColumns != 0) {
    columns = at(room, 10);
    nColumns = nTreeColumns;
    drawColumns(usable, nUsable, nTreeColumns, order, drawn, columns);
  }
  memory.copy(rows, sample, <usize>n << 2);
  packRows(gradients, hessians, n);
  growLeaves(n);
  sortLeaves();

  store<u32>(begins, 0);
  for (let i: u32 = 0; i < nLeaves; i++) {
    const leaf = leaves + <usize>i * LEAF;
    const node = <usize>load<u32>(leaf);
    const end = load<u32>(leaf, 8);
    store<u32>(begins + (<usize>i << 2), end, 4);
    let value: f64 = 0;
    if (nLeaves > 1) {
      sumGradients(gradients, hessians, rows, load<u32>(leaf, 4), end, scratch + SPLIT);
      const gradient = load<f64>(scratch + SPLIT);
      const shrunk = l1 == 0 ? gradient : gradient > l1 ? gradient - l1 : gradient < -l1 ? gradient + l1 : 0;
      value = learningRate * (-shrunk / (load<f64>(scratch + SPLIT, 8) + l2));
    }
    store<f64>(values + (<usize>i << 3), value);
    store<i32>(feature + (node << 2), -1);
    store<u32>(child + (node << 2), i);
    store<u8>(missingLeftOf + node, 0);
  }
  addLeafValues(raw, rows, 0, n, begins, values, nLeaves);
  for (let i: usize = 0; i < nOthers; i++) {
    const row = load<usize>(others + (i << 2));
    const score = raw + (row << 3);
    store<f64>(score, load<f64>(score) + load<f64>(values + (leafOf(row) << 3)));
  }
  return nNodes;
}

// @ts-ignore: decorator
@inline
function at(room: usize, place: usize): u32 {
  return <u32>load<f64>(room + (place << 3));
}

/** As `packGradients` of ../../boosting/histogram.ts. out: the root, as the first leaf */
function packRows(gradients: usize, hessians: usize, n: u32): void {
  const countBits = n < 1 ? 1 : 32 - <i32>clz(n);
  countUnit = <f64>(<u64>1 << countBits);
  gradientScale = fixedPointScale(largestOf(gradients, rows, 0, n) * n, 51);
  hessianScale = fixedPointScale(largestOf(hessians, rows, 0, n) * n, 51 - countBits);
  packGradients(gradients, hessians, rows, 0, n, gradientScale, hessianScale, countUnit, pairs, leaves + 16);
  nNodes = 1;
  nLeaves = 1;
  store<f64>(cover, coverOf(0, n));
  setLeaf(leaves, 0, 0, n, 0);
}

// @ts-ignore: decorator
@inline
function setLeaf(leaf: usize, node: u32, begin: u32, end: u32, depth: u32): void {
  store<u32>(leaf, node);
  store<u32>(leaf, begin, 4);
  store<u32>(leaf, end, 8);
  store<u32>(leaf, depth, 12);
  store<u32>(leaf, 0, 32);
  store<f64>(leaf, 0, 48);
}

function growLeaves(n: u32): void {
  if (canSplit(0, n, 1)) {
    const histogram = take();
    addRows(0, n, histogram);
    look(leaves, histogram);
  }
  while (nLeaves < maxLeaves) {
    const best = bestLeaf();
    if (best == 0) break;
    split(best);
  }
}

/** The leaf whose split gains most, the earliest of equals; 0 when none has a split. */
function bestLeaf(): usize {
  let best: usize = 0;
  let most: f64 = 0;
  const last = leaves + <usize>nLeaves * LEAF;
  for (let leaf = leaves; leaf < last; leaf += LEAF) {
    const gain = load<f64>(leaf, 48);
    if (gain > most) {
      most = gain;
      best = leaf;
    }
  }
  return best;
}

/** Whether a leaf is worth a look: it could be split by the rules, and there is room in the tree. */
function canSplit(depth: u32, n: u32, nLeavesThen: u32): bool {
  return (maxDepth == 0 || depth < maxDepth) && n >= 2 * minSamplesLeaf && nLeavesThen < maxLeaves;
}

function split(left: usize): void {
  const right = leaves + <usize>nLeaves * LEAF;
  nLeaves++;
  const node = load<u32>(left);
  const begin = load<u32>(left, 4);
  const end = load<u32>(left, 8);
  const depth = load<u32>(left, 12) + 1;
  const large = <usize>load<u32>(left, 32);
  const column = load<u32>(left, 36);
  const bin = load<u32>(left, 40);
  const goesLeft = load<i32>(left, 44);
  const offset = load<u32>(offsets + (<usize>column << 2));
  const missingBin = load<u8>(hasMissing + column)
    ? <i32>(load<u32>(offsets + (<usize>column << 2), 4) - offset) - 1
    : -1;
  const middle = partitionRows(rows, begin, end, bins + <usize>column * nRows, bin, goesLeft ? missingBin : -1, spare);
  const gain = gains + (<usize>column << 3);
  store<f64>(gain, load<f64>(gain) + load<f64>(left, 48));
  const leftCover = coverOf(begin, middle);
  const rightCover = coverOf(middle, end);
  // Where the node had no missing value, one that comes later takes the side that more rows took.
  const missingSeen = missingBin >= 0 && load<f64>(large + (<usize>(offset + missingBin) << 4), 8) > 0;
  store<i32>(feature + (<usize>node << 2), column);
  store<u8>(binOf + node, <u8>bin);
  store<u32>(child + (<usize>node << 2), nNodes);
  store<u8>(missingLeftOf + node, missingSeen ? <u8>goesLeft : <u8>(leftCover >= rightCover));
  store<f64>(cover + (<usize>nNodes << 3), leftCover);
  store<f64>(cover + (<usize>nNodes << 3), rightCover, 8);

  const leftGradient = load<f64>(left, 56);
  const leftHessianAndCount = load<f64>(left, 64);
  store<f64>(right, load<f64>(left, 16) - leftGradient, 16);
  store<f64>(right, load<f64>(left, 24) - leftHessianAndCount, 24);
  store<f64>(left, leftGradient, 16);
  store<f64>(left, leftHessianAndCount, 24);
  setLeaf(left, nNodes, begin, middle, depth);
  setLeaf(right, nNodes + 1, middle, end, depth);
  nNodes += 2;
  const needLeft = canSplit(depth, middle - begin, nLeaves);
  const needRight = canSplit(depth, end - middle, nLeaves);
  if (!needLeft && !needRight) {
    release(large);
    return;
  }
  const leftIsSmall = middle - begin <= end - middle;
  const small = take();
  addRows(leftIsSmall ? begin : middle, leftIsSmall ? middle : end, small);
  if (leftIsSmall ? needRight : needLeft) subtractHistogram(large, small, nBins);
  const ofLeft = leftIsSmall ? small : large;
  const ofRight = leftIsSmall ? large : small;
  if (needLeft) look(left, ofLeft);
  else release(ofLeft);
  if (needRight) look(right, ofRight);
  else release(ofRight);
}

/** Looks for a leaf's best split; without one the histogram is let go. */
function look(leaf: usize, histogram: usize): void {
  let list = columns;
  let count = nColumns;
  if (nNodeColumns != 0) {
    drawColumns(columns, nColumns, nNodeColumns, order, drawn, nodeColumns);
    list = nodeColumns;
    count = nNodeColumns;
  }
  const gradient = load<f64>(leaf, 16);
  const hessianAndCount = load<f64>(leaf, 24);
  const least = <f64>minSamplesLeaf;
  const scales = gradientScale;
  const column = extraTrees
    ? findRandomSplit(
        histogram, offsets, hasMissing, list, count, gradient, hessianAndCount, countUnit, scales, hessianScale, least, l1, l2,
      )
    : findSplit(
        histogram, offsets, hasMissing, list, count, gradient, hessianAndCount, countUnit, scales, hessianScale, least, l1, l2,
      );
  if (column < 0) {
    release(histogram);
    return;
  }
  const found = scratch + SPLIT;
  store<u32>(leaf, <u32>histogram, 32);
  store<i32>(leaf, column, 36);
  store<i32>(leaf, load<i32>(found, 28), 40);
  store<i32>(leaf, load<i32>(found, 32), 44);
  store<f64>(leaf, load<f64>(found), 48);
  store<f64>(leaf, load<f64>(found, 8), 56);
  store<f64>(leaf, load<f64>(found, 16), 64);
}

function addRows(begin: u32, end: u32, histogram: usize): void {
  addToHistogram(chunks, nRows, offsets, columns, nColumns, rows, begin, end, pairs, histogram, nBins);
}

function coverOf(begin: u32, end: u32): f64 {
  if (weights == 0) return <f64>(end - begin);
  let sum: f64 = 0;
  for (let i = begin; i < end; i++) sum += load<f64>(weights + (<usize>load<u32>(rows + (<usize>i << 2)) << 3));
  return sum;
}

// @ts-ignore: decorator
@inline
function take(): usize {
  idle -= 4;
  return load<u32>(idle);
}

// @ts-ignore: decorator
@inline
function release(histogram: usize): void {
  store<u32>(idle, <u32>histogram);
  idle += 4;
}

/** Puts the leaves in the order of their rows. They nearly are: a right child is the last one at first. */
function sortLeaves(): void {
  const spareLeaf = leaves + <usize>nLeaves * LEAF;
  for (let i: usize = 1; i < nLeaves; i++) {
    const leaf = leaves + i * LEAF;
    const begin = load<u32>(leaf, 4);
    let to = leaf;
    while (to > leaves && load<u32>(to - LEAF, 4) > begin) to -= LEAF;
    if (to == leaf) continue;
    memory.copy(spareLeaf, leaf, LEAF);
    memory.copy(to + LEAF, to, leaf - to);
    memory.copy(to, spareLeaf, LEAF);
  }
}

/** The leaf that a row comes to. */
function leafOf(row: usize): usize {
  let node: usize = 0;
  let column = load<i32>(feature);
  while (column >= 0) {
    const bin = <u32>load<u8>(bins + <usize>column * nRows + row);
    let right = <usize>(bin > <u32>load<u8>(binOf + node));
    if (load<u8>(hasMissing + column)) {
      const last = offsets + (<usize>column << 2);
      if (bin == load<u32>(last, 4) - load<u32>(last) - 1) right = 1 - <usize>load<u8>(missingLeftOf + node);
    }
    node = <usize>load<u32>(child + (node << 2)) + right;
    column = load<i32>(feature + (node << 2));
  }
  return <usize>load<u32>(child + (node << 2));
}
