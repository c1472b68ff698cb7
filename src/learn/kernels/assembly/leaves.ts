/**
 * Sums of gradients and of hessians over some rows, in their order.
 * in:  `gradients`, `hessians` f64 by row; `rows` u32, of which begin to end - 1 count
 * out: `sums`, two f64
 */
export function sumGradients(gradients: usize, hessians: usize, rows: usize, begin: u32, end: u32, sums: usize): void {
  let sum = f64x2.splat(0);
  const last = rows + (<usize>end << 2);
  for (let at = rows + (<usize>begin << 2); at < last; at += 4) {
    const row = load<usize>(at) << 3;
    sum = f64x2.add(sum, v128.load64_lane(hessians + row, v128.load64_zero(gradients + row), 1));
  }
  v128.store(sums, sum);
}

/** As `sumGradients` of every leaf from `first` to last - 1. in: `begins` u32 (leaves + 1) into the rows; out: `sums`, two f64 by leaf */
export function sumLeaves(
  gradients: usize,
  hessians: usize,
  rows: usize,
  begins: usize,
  first: u32,
  last: u32,
  sums: usize,
): void {
  for (let leaf = first; leaf < last; leaf++) {
    const at = begins + (<usize>leaf << 2);
    sumGradients(gradients, hessians, rows, load<u32>(at), load<u32>(at, 4), sums + (<usize>leaf << 4));
  }
}

/**
 * Adds to each row's score the value of its leaf.
 * in:  `rows` u32, of which begin to end - 1 count, leaf by leaf; `begins` u32 (nLeaves + 1) into them; `values` f64 (nLeaves)
 * out: `raw` f64 by row
 */
export function addLeafValues(
  raw: usize,
  rows: usize,
  begin: u32,
  end: u32,
  begins: usize,
  values: usize,
  nLeaves: u32,
): void {
  for (let leaf: u32 = 0; leaf < nLeaves; leaf++) {
    const from = max(begin, load<u32>(begins + (<usize>leaf << 2)));
    const to = min(end, load<u32>(begins + (<usize>leaf << 2), 4));
    if (from >= to) continue;
    const value = load<f64>(values + (<usize>leaf << 3));
    const last = rows + (<usize>to << 2);
    for (let at = rows + (<usize>from << 2); at < last; at += 4) {
      const row = raw + (load<usize>(at) << 3);
      store<f64>(row, load<f64>(row) + value);
    }
  }
}
