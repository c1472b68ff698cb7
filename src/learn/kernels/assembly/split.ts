import { SPLIT, scratch } from "./layout";
import { randint } from "./random";

/** Least sum of hessians in a leaf, and least gain as a share of the node's score: as in ../../boosting/split.ts. */
const MIN_HESSIAN_LEAF: f64 = 1e-3;
const MIN_RELATIVE_GAIN: f64 = 1e-10;

// The node's sums and the rules, the same for all of its columns.
let nodeGradient: f64 = 0;
let nodeHessianAndCount: f64 = 0;
let countUnit: f64 = 1;
let perGradient: f64 = 1;
let perHessian: f64 = 1;
let minSamplesLeaf: f64 = 1;
let l1: f64 = 0;
let l2: f64 = 0;

let bestGain: f64 = 0;
let bestColumn: i32 = -1;

/**
 * The best split of a node over all thresholds of its columns, missing values on either side: operation by operation what
 * `SplitFinder.find` does, hence the same to the last bit.
 * in:  `histogram`, two f64 per bin; `offsets` i32 (all columns + 1); `hasMissing` u8 by column; `columns` i32 (nColumns)
 * out: the split at SPLIT; returns its column, -1 for none
 */
export function findSplit(
  histogram: usize,
  offsets: usize,
  hasMissing: usize,
  columns: usize,
  nColumns: u32,
  gradient: f64,
  hessianAndCount: f64,
  unit: f64,
  gradientScale: f64,
  hessianScale: f64,
  leastSamples: f64,
  l1Regularization: f64,
  l2Regularization: f64,
): i32 {
  begin(gradient, hessianAndCount, unit, gradientScale, hessianScale, leastSamples, l1Regularization, l2Regularization);
  for (let i: u32 = 0; i < nColumns; i++) {
    const column = load<i32>(columns + (<usize>i << 2));
    const offset = load<u32>(offsets + (<usize>column << 2));
    const nBins = load<u32>(offsets + (<usize>column << 2), 4) - offset;
    const sums = histogram + (<usize>offset << 4);
    const withMissing = load<u8>(hasMissing + column) != 0;
    const nValueBins = withMissing ? nBins - 1 : nBins;
    const missing = sums + (<usize>nValueBins << 4);
    const anyMissing = withMissing && load<f64>(missing, 8) > 0;
    scan(sums, nValueBins, missing, column, anyMissing, false);
    if (anyMissing) scan(sums, nValueBins, missing, column, true, true);
  }
  return bestColumn;
}

/** Takes up a node. */
function begin(
  gradient: f64,
  hessianAndCount: f64,
  unit: f64,
  gradientScale: f64,
  hessianScale: f64,
  leastSamples: f64,
  l1Regularization: f64,
  l2Regularization: f64,
): void {
  nodeGradient = gradient;
  nodeHessianAndCount = hessianAndCount;
  countUnit = unit;
  perGradient = 1 / gradientScale;
  perHessian = 1 / hessianScale;
  minSamplesLeaf = leastSamples;
  l1 = l1Regularization;
  l2 = l2Regularization;
  bestGain = 0;
  bestColumn = -1;
}

/**
 * As `findSplit` with one threshold per column, drawn from those between the node's smallest and largest bin: what
 * `SplitFinder.findRandom` does.
 */
export function findRandomSplit(
  histogram: usize,
  offsets: usize,
  hasMissing: usize,
  columns: usize,
  nColumns: u32,
  gradient: f64,
  hessianAndCount: f64,
  unit: f64,
  gradientScale: f64,
  hessianScale: f64,
  leastSamples: f64,
  l1Regularization: f64,
  l2Regularization: f64,
): i32 {
  begin(gradient, hessianAndCount, unit, gradientScale, hessianScale, leastSamples, l1Regularization, l2Regularization);
  for (let i: u32 = 0; i < nColumns; i++) {
    const column = load<i32>(columns + (<usize>i << 2));
    const offset = load<u32>(offsets + (<usize>column << 2));
    const nBins = load<u32>(offsets + (<usize>column << 2), 4) - offset;
    const sums = histogram + (<usize>offset << 4);
    const withMissing = load<u8>(hasMissing + column) != 0;
    const nValueBins: u32 = withMissing ? nBins - 1 : nBins;
    const missing = sums + (<usize>nValueBins << 4);
    let low: u32 = 0;
    while (low < nValueBins && load<f64>(sums + (<usize>low << 4), 8) == 0) low++;
    if (low >= nValueBins) continue;
    let high = nValueBins - 1;
    while (high > low && load<f64>(sums + (<usize>high << 4), 8) == 0) high--;
    const anyMissing = withMissing && load<f64>(missing, 8) > 0;
    // With missing values, "all others against them" is one threshold more.
    const nThresholds = high - low + (anyMissing ? 1 : 0);
    if (nThresholds < 1) continue;
    const bin = low + randint(nThresholds);
    let left = f64x2.splat(0);
    for (let b = low; b <= bin; b++) left = f64x2.add(left, v128.load(sums + (<usize>b << 4)));
    consider(column, bin == high ? nValueBins - 1 : bin, false, left);
    if (!anyMissing || bin == high) continue;
    consider(column, bin, true, f64x2.add(left, v128.load(missing)));
  }
  return bestColumn;
}

/** Takes a split with these sums on its left if it is allowed and better. */
function consider(column: i32, bin: u32, missingLeft: bool, sums: v128): void {
  const leftGradient = f64x2.extract_lane(sums, 0);
  const left = f64x2.extract_lane(sums, 1);
  const parentHessian = floor(nodeHessianAndCount / countUnit);
  const leftHessian = floor(left / countUnit);
  const leftCount = left - leftHessian * countUnit;
  const rightCount = nodeHessianAndCount - parentHessian * countUnit - leftCount;
  if (leftCount < minSamplesLeaf || rightCount < minSamplesLeaf) return;
  const hl = leftHessian * perHessian;
  const hr = (parentHessian - leftHessian) * perHessian;
  if (hl < MIN_HESSIAN_LEAF || hr < MIN_HESSIAN_LEAF) return;
  const parent = score(nodeGradient * perGradient, parentHessian * perHessian);
  const gain = score(leftGradient * perGradient, hl) + score((nodeGradient - leftGradient) * perGradient, hr) - parent;
  if (!(gain > bestGain && gain > parent * MIN_RELATIVE_GAIN)) return;
  bestGain = gain;
  bestColumn = column;
  store<f64>(scratch + SPLIT, gain);
  store<f64>(scratch + SPLIT, leftGradient, 8);
  store<f64>(scratch + SPLIT, left, 16);
  store<i32>(scratch + SPLIT, column, 24);
  store<i32>(scratch + SPLIT, bin, 28);
  store<i32>(scratch + SPLIT, <i32>missingLeft, 32);
}

// @ts-ignore: decorator
@inline
function score(gradient: f64, hessian: f64): f64 {
  const shrunk = shrink(gradient);
  return (shrunk * shrunk) / (hessian + l2);
}

// @ts-ignore: decorator
@inline
function shrink(gradient: f64): f64 {
  if (l1 == 0) return gradient;
  return gradient > l1 ? gradient - l1 : gradient < -l1 ? gradient + l1 : 0;
}

// @ts-ignore: decorator
@inline
function pair(left: f64, right: f64): v128 {
  return f64x2.replace_lane(f64x2.splat(left), 1, right);
}

/** All thresholds of a column, missing values (if any) on the side given. */
function scan(sums: usize, nValueBins: u32, missing: usize, column: i32, anyMissing: bool, missingLeft: bool): void {
  const unit = countUnit;
  const perCount = 1 / unit;
  const perG = perGradient;
  const perH = perHessian;
  const leastSamples = minSamplesLeaf;
  const l2Regularization = l2;
  const total = nodeGradient;
  const parentHessian = floor(nodeHessianAndCount * perCount);
  const count = nodeHessianAndCount - parentHessian * unit;
  const shrunk = shrink(total * perG);
  const parent = (shrunk * shrunk) / (parentHessian * perH + l2Regularization);
  // The two children go side by side, left and right.
  const perGs = f64x2.splat(perG);
  const perHs = f64x2.splat(perH);
  const l2s = f64x2.splat(l2Regularization);
  const leastHessians = f64x2.splat(MIN_HESSIAN_LEAF);
  const shrinks = l1 != 0;
  let leftGradient: f64 = 0;
  let left: f64 = 0;
  if (missingLeft) {
    leftGradient = load<f64>(missing);
    left = load<f64>(missing, 8);
  }
  let found: i32 = -1;
  let most = max(bestGain, parent * MIN_RELATIVE_GAIN);
  const end = anyMissing && !missingLeft ? nValueBins : nValueBins - 1;
  for (let bin: u32 = 0; bin < end; bin++) {
    const entry = load<f64>(sums + (<usize>bin << 4), 8);
    if (entry == 0) continue;
    leftGradient += load<f64>(sums + (<usize>bin << 4));
    left += entry;
    const leftHessian = floor(left * perCount);
    const leftCount = left - leftHessian * unit;
    if (leftCount < leastSamples) continue;
    if (count - leftCount < leastSamples) break;
    const hessians = f64x2.mul(pair(leftHessian, parentHessian - leftHessian), perHs);
    if (v128.any_true(f64x2.lt(hessians, leastHessians))) continue;
    let gradients = f64x2.mul(pair(leftGradient, total - leftGradient), perGs);
    if (shrinks) {
      gradients = pair(shrink(f64x2.extract_lane(gradients, 0)), shrink(f64x2.extract_lane(gradients, 1)));
    }
    const scores = f64x2.div(f64x2.mul(gradients, gradients), f64x2.add(hessians, l2s));
    const gain = f64x2.extract_lane(scores, 0) + f64x2.extract_lane(scores, 1) - parent;
    if (gain > most) {
      most = gain;
      found = bin;
      store<f64>(scratch + SPLIT, leftGradient, 8);
      store<f64>(scratch + SPLIT, left, 16);
    }
  }
  if (found < 0) return;
  bestGain = most;
  bestColumn = column;
  store<f64>(scratch + SPLIT, most);
  store<i32>(scratch + SPLIT, column, 24);
  store<i32>(scratch + SPLIT, middleOfGap(sums, found, nValueBins), 28);
  store<i32>(scratch + SPLIT, <i32>missingLeft, 32);
}

function middleOfGap(sums: usize, bin: u32, nValueBins: u32): u32 {
  let next = bin + 1;
  while (next < nValueBins && load<f64>(sums + (<usize>next << 4), 8) == 0) next++;
  return next < nValueBins ? (bin + next - 1) >> 1 : nValueBins - 1;
}
