// A node takes 16 bytes: threshold f64, feature i32, next u32. A split's `next` is its left child's number * 2, plus 1 where missing values
// go left. A leaf's feature is -1, its threshold infinite and its `next` itself, from the left: a row that has arrived stays.

/** Rows that go through all trees together: their values stay in the nearest cache, and a tree's nodes are used again. */
const BLOCK_ROWS: u32 = 64;

/**
 * Adds to each row's outputs what the trees say, tree by tree. Four rows walk down a tree at a time, so that one waits for memory
 * while the others go on; a row that is left over walks down eight trees at a time.
 * in:  `nodes`; `leaves` u32 by node, where a leaf's values begin; `roots` u32 (nTrees), node numbers; `values` f64;
 *      `columns` f64 at column * nRows + row; rows begin to end - 1
 * out: `outputs` f64, row-major (nRows, nOutputs); tree t adds `width` values from output t * width % nOutputs on. `block` f64
 *      (8 + 64 * nColumns) is overwritten
 */
export function addTreeOutputs(
  nodes: usize,
  leaves: usize,
  roots: usize,
  nTrees: u32,
  values: usize,
  width: u32,
  columns: usize,
  nRows: u32,
  nColumns: u32,
  begin: u32,
  end: u32,
  block: usize,
  outputs: usize,
  nOutputs: u32,
): void {
  const outputStride = <usize>nOutputs << 3;
  // The feature of a leaf is -1: what lies before a row is read, and makes no difference as long as it is a number.
  const rows = block + 64;
  store<f64>(rows - 8, 0);
  for (let from = begin; from < end; from += BLOCK_ROWS) {
    const count = min(BLOCK_ROWS, end - from);
    const first = outputs + <usize>from * outputStride;
    const missing = gatherRows(columns + (<usize>from << 3), nRows, nColumns, count, rows);
    // Twice in the code: a step down is shorter where no value is missing.
    if (missing) addBlock(nodes, leaves, roots, nTrees, values, width, rows, nColumns, count, first, nOutputs, true);
    else addBlock(nodes, leaves, roots, nTrees, values, width, rows, nColumns, count, first, nOutputs, false);
  }
}

/** @param missing Whether a value may be missing. Known when this is compiled. */
// @ts-ignore: decorator
@inline
function addBlock(
  nodes: usize,
  leaves: usize,
  roots: usize,
  nTrees: u32,
  values: usize,
  width: u32,
  rows: usize,
  nColumns: u32,
  count: u32,
  outputs: usize,
  nOutputs: u32,
  missing: bool,
): void {
  const stride = <usize>nColumns << 3;
  const outputStride = <usize>nOutputs << 3;
  const together = count & ~3;
  let output: u32 = 0;
  for (let t: u32 = 0; together > 0 && t < nTrees; t++) {
    const root = rootOf(nodes, roots, t);
    let row = rows;
    let to = outputs + (<usize>output << 3);
    for (let i: u32 = 0; i < together; i += 4) {
      let a = root;
      let b = root;
      let c = root;
      let d = root;
      let columnA = load<i32>(root, 8);
      let columnB = columnA;
      let columnC = columnA;
      let columnD = columnA;
      const rowB = row + stride;
      const rowC = rowB + stride;
      const rowD = rowC + stride;
      while ((columnA & columnB & columnC & columnD) >= 0) {
        a = next(nodes, a, load<f64>(row + (<usize>columnA << 3)), missing);
        b = next(nodes, b, load<f64>(rowB + (<usize>columnB << 3)), missing);
        c = next(nodes, c, load<f64>(rowC + (<usize>columnC << 3)), missing);
        d = next(nodes, d, load<f64>(rowD + (<usize>columnD << 3)), missing);
        columnA = load<i32>(a, 8);
        columnB = load<i32>(b, 8);
        columnC = load<i32>(c, 8);
        columnD = load<i32>(d, 8);
      }
      addLeaf(values, leaves + ((a - nodes) >> 2), to, width);
      addLeaf(values, leaves + ((b - nodes) >> 2), to + outputStride, width);
      addLeaf(values, leaves + ((c - nodes) >> 2), to + 2 * outputStride, width);
      addLeaf(values, leaves + ((d - nodes) >> 2), to + 3 * outputStride, width);
      row = rowD + stride;
      to += outputStride << 2;
    }
    output += width;
    if (output >= nOutputs) output = 0;
  }
  for (let i = together; i < count; i++) {
    const row = rows + <usize>i * stride;
    const to = outputs + <usize>i * outputStride;
    addRow(nodes, leaves, roots, nTrees, values, width, row, to, to + outputStride, missing);
  }
}

/** The same for one row, whose outputs end at `end`. */
// @ts-ignore: decorator
@inline
function addRow(
  nodes: usize,
  leaves: usize,
  roots: usize,
  nTrees: u32,
  values: usize,
  width: u32,
  row: usize,
  outputs: usize,
  end: usize,
  missing: bool,
): void {
  const step = <usize>width << 3;
  let to = outputs;
  for (let t: u32 = 0; t < nTrees; t += 8) {
    // Where fewer are left, the last one is walked more than once and added once.
    const last = nTrees - t - 1;
    let a = rootOf(nodes, roots, t);
    let b = rootOf(nodes, roots, t + min<u32>(1, last));
    let c = rootOf(nodes, roots, t + min<u32>(2, last));
    let d = rootOf(nodes, roots, t + min<u32>(3, last));
    let e = rootOf(nodes, roots, t + min<u32>(4, last));
    let f = rootOf(nodes, roots, t + min<u32>(5, last));
    let g = rootOf(nodes, roots, t + min<u32>(6, last));
    let h = rootOf(nodes, roots, t + min<u32>(7, last));
    let columnA = load<i32>(a, 8);
    let columnB = load<i32>(b, 8);
    let columnC = load<i32>(c, 8);
    let columnD = load<i32>(d, 8);
    let columnE = load<i32>(e, 8);
    let columnF = load<i32>(f, 8);
    let columnG = load<i32>(g, 8);
    let columnH = load<i32>(h, 8);
    while ((columnA & columnB & columnC & columnD & columnE & columnF & columnG & columnH) >= 0) {
      a = next(nodes, a, load<f64>(row + (<usize>columnA << 3)), missing);
      b = next(nodes, b, load<f64>(row + (<usize>columnB << 3)), missing);
      c = next(nodes, c, load<f64>(row + (<usize>columnC << 3)), missing);
      d = next(nodes, d, load<f64>(row + (<usize>columnD << 3)), missing);
      e = next(nodes, e, load<f64>(row + (<usize>columnE << 3)), missing);
      f = next(nodes, f, load<f64>(row + (<usize>columnF << 3)), missing);
      g = next(nodes, g, load<f64>(row + (<usize>columnG << 3)), missing);
      h = next(nodes, h, load<f64>(row + (<usize>columnH << 3)), missing);
      columnA = load<i32>(a, 8);
      columnB = load<i32>(b, 8);
      columnC = load<i32>(c, 8);
      columnD = load<i32>(d, 8);
      columnE = load<i32>(e, 8);
      columnF = load<i32>(f, 8);
      columnG = load<i32>(g, 8);
      columnH = load<i32>(h, 8);
    }
    addLeaf(values, leaves + ((a - nodes) >> 2), to, width);
    to = to + step >= end ? outputs : to + step;
    if (last < 1) break;
    addLeaf(values, leaves + ((b - nodes) >> 2), to, width);
    to = to + step >= end ? outputs : to + step;
    if (last < 2) break;
    addLeaf(values, leaves + ((c - nodes) >> 2), to, width);
    to = to + step >= end ? outputs : to + step;
    if (last < 3) break;
    addLeaf(values, leaves + ((d - nodes) >> 2), to, width);
    to = to + step >= end ? outputs : to + step;
    if (last < 4) break;
    addLeaf(values, leaves + ((e - nodes) >> 2), to, width);
    to = to + step >= end ? outputs : to + step;
    if (last < 5) break;
    addLeaf(values, leaves + ((f - nodes) >> 2), to, width);
    to = to + step >= end ? outputs : to + step;
    if (last < 6) break;
    addLeaf(values, leaves + ((g - nodes) >> 2), to, width);
    to = to + step >= end ? outputs : to + step;
    if (last < 7) break;
    addLeaf(values, leaves + ((h - nodes) >> 2), to, width);
    to = to + step >= end ? outputs : to + step;
  }
}

// @ts-ignore: decorator
@inline
function rootOf(nodes: usize, roots: usize, tree: u32): usize {
  return nodes + (<usize>load<u32>(roots + (<usize>tree << 2)) << 4);
}

/** Rows laid out one after the other. @returns whether a value is missing */
function gatherRows(columns: usize, nRows: u32, nColumns: u32, count: u32, to: usize): bool {
  let missing = false;
  const stride = <usize>nColumns << 3;
  for (let column: u32 = 0; column < nColumns; column++) {
    let at = to + (<usize>column << 3);
    const last = columns + (<usize>count << 3);
    for (let from = columns; from < last; from += 8) {
      const value = load<f64>(from);
      missing = missing || value != value;
      store<f64>(at, value);
      at += stride;
    }
    columns += <usize>nRows << 3;
  }
  return missing;
}

// @ts-ignore: decorator
@inline
function next(nodes: usize, node: usize, value: f64, missing: bool): usize {
  const packed = load<usize>(node, 12);
  if (!missing) return nodes + (((packed >> 1) + <usize>!(value <= load<f64>(node))) << 4);
  // Not (value <= threshold): NaN lands here as well, and goes by the node's own bit.
  const right = select<usize>(~packed & 1, <usize>!(value <= load<f64>(node)), value != value);
  return nodes + (((packed >> 1) + right) << 4);
}

// @ts-ignore: decorator
@inline
function addLeaf(values: usize, leaf: usize, to: usize, width: u32): void {
  const from = values + (load<usize>(leaf) << 3);
  for (let j: usize = 0; j < <usize>width << 3; j += 8) store<f64>(to + j, load<f64>(to + j) + load<f64>(from + j));
}
