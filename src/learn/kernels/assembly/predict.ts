// A node takes 16 bytes: threshold f64, feature i32, next u32. A split's `next` is its left child's number * 2, plus 1 where missing values
// go left. A leaf's feature is -1, its threshold infinite and its `next` itself, from the left: a row that has arrived stays.

/** Rows that go through all trees together: their values stay in the nearest cache, and a tree's nodes are used again. */
const BLOCK_ROWS: u32 = 64;

/**
 * Adds to each row's outputs what the trees say, tree by tree. Four rows walk down a tree at a time, so that one waits for memory
 * while the others go on.
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
  const stride = <usize>nColumns << 3;
  const outputStride = <usize>nOutputs << 3;
  // The feature of a leaf is -1: what lies before a row is read, and makes no difference.
  const rows = block + 64;
  for (let from = begin; from < end; from += BLOCK_ROWS) {
    const count = min(BLOCK_ROWS, end - from);
    gatherRows(columns + (<usize>from << 3), nRows, nColumns, count, rows);
    const first = outputs + <usize>from * outputStride;
    let output: u32 = 0;
    for (let t: u32 = 0; t < nTrees; t++) {
      const root = nodes + (<usize>load<u32>(roots + (<usize>t << 2)) << 4);
      let row = rows;
      let to = first + (<usize>output << 3);
      let i: u32 = 0;
      for (; i + 4 <= count; i += 4) {
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
          a = next(nodes, a, load<f64>(row + (<usize>columnA << 3)));
          b = next(nodes, b, load<f64>(rowB + (<usize>columnB << 3)));
          c = next(nodes, c, load<f64>(rowC + (<usize>columnC << 3)));
          d = next(nodes, d, load<f64>(rowD + (<usize>columnD << 3)));
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
      for (; i < count; i++) {
        let node = root;
        let column = load<i32>(node, 8);
        while (column >= 0) {
          node = next(nodes, node, load<f64>(row + (<usize>column << 3)));
          column = load<i32>(node, 8);
        }
        addLeaf(values, leaves + ((node - nodes) >> 2), to, width);
        row += stride;
        to += outputStride;
      }
      output += width;
      if (output >= nOutputs) output = 0;
    }
  }
}

/** Rows laid out one after the other. */
function gatherRows(columns: usize, nRows: u32, nColumns: u32, count: u32, to: usize): void {
  const stride = <usize>nColumns << 3;
  for (let column: u32 = 0; column < nColumns; column++) {
    let at = to + (<usize>column << 3);
    const last = columns + (<usize>count << 3);
    for (let from = columns; from < last; from += 8) {
      store<f64>(at, load<f64>(from));
      at += stride;
    }
    columns += <usize>nRows << 3;
  }
}

// @ts-ignore: decorator
@inline
function next(nodes: usize, node: usize, value: f64): usize {
  const packed = load<usize>(node, 12);
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
