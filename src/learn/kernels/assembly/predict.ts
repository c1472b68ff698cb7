// A node takes 16 bytes: threshold f64, feature i32, next u32. A split's `next` is its left child's number * 2, plus 1 where
// missing values go left. A leaf's feature is -1, its `next` where its values begin.

/**
 * Adds to each row's outputs what the trees say, tree by tree. Two rows walk down a tree at a time, so that one waits
 * for memory while the other goes on.
 * in:  `nodes`; `roots` u32 (nTrees), node numbers; `values` f64 by leaf; `rows` f64, row-major (nRows, nColumns)
 * out: `outputs` f64, row-major (nRows, nOutputs); tree t adds `width` values from output t * width % nOutputs on
 */
export function addTreeOutputs(
  nodes: usize,
  roots: usize,
  nTrees: u32,
  values: usize,
  width: u32,
  rows: usize,
  nRows: u32,
  nColumns: u32,
  outputs: usize,
  nOutputs: u32,
): void {
  const stride = <usize>nColumns << 3;
  const outputStride = <usize>nOutputs << 3;
  let output: u32 = 0;
  for (let t: u32 = 0; t < nTrees; t++) {
    const root = nodes + (<usize>load<u32>(roots + (<usize>t << 2)) << 4);
    let row = rows;
    let to = outputs + (<usize>output << 3);
    let i: u32 = 0;
    for (; i + 2 <= nRows; i += 2) {
      let a = root;
      let b = root;
      let columnA = load<i32>(a, 8);
      let columnB = columnA;
      while ((columnA | columnB) >= 0) {
        a = next(nodes, a, load<f64>(row + (<usize>columnA << 3)));
        b = next(nodes, b, load<f64>(row + stride + (<usize>columnB << 3)));
        columnA = load<i32>(a, 8);
        columnB = load<i32>(b, 8);
      }
      a = walk(nodes, a, row);
      b = walk(nodes, b, row + stride);
      addLeaf(values + (<usize>load<u32>(a, 12) << 3), to, width);
      addLeaf(values + (<usize>load<u32>(b, 12) << 3), to + outputStride, width);
      row += stride << 1;
      to += outputStride << 1;
    }
    if (i < nRows) addLeaf(values + (<usize>load<u32>(walk(nodes, root, row), 12) << 3), to, width);
    output += width;
    if (output >= nOutputs) output = 0;
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
function walk(nodes: usize, node: usize, row: usize): usize {
  let column = load<i32>(node, 8);
  while (column >= 0) {
    node = next(nodes, node, load<f64>(row + (<usize>column << 3)));
    column = load<i32>(node, 8);
  }
  return node;
}

// @ts-ignore: decorator
@inline
function addLeaf(values: usize, to: usize, width: u32): void {
  for (let j: usize = 0; j < <usize>width << 3; j += 8) store<f64>(to + j, load<f64>(to + j) + load<f64>(values + j));
}
