/**
 * Adds each row's entry to the sum of its class in the bin that its value fell in, for several columns, each with a
 * histogram of its own of 256 bins.
 * in:  `bins` u8 at column * nRows + row; `columns` i32 (nColumns); `rows` u32, of which begin to end - 1 count;
 *      `codes` i32 and `entries` f64 by row
 * out: `histogram` f64 at (place among the columns * 256 + bin) * nClasses + class
 */
export function addToClassHistogram(
  bins: usize,
  nRows: u32,
  columns: usize,
  nColumns: u32,
  rows: usize,
  begin: u32,
  end: u32,
  codes: usize,
  entries: usize,
  nClasses: u32,
  histogram: usize,
): void {
  const perBin = <usize>nClasses << 3;
  const perColumn = perBin << 8;
  const first = rows + (<usize>begin << 2);
  const last = rows + (<usize>end << 2);
  let c: u32 = 0;
  for (; c + 4 <= nColumns; c += 4) {
    const bins0 = bins + load<usize>(columns + (<usize>c << 2)) * nRows;
    const bins1 = bins + load<usize>(columns + (<usize>c << 2), 4) * nRows;
    const bins2 = bins + load<usize>(columns + (<usize>c << 2), 8) * nRows;
    const bins3 = bins + load<usize>(columns + (<usize>c << 2), 12) * nRows;
    const sums0 = histogram + <usize>c * perColumn;
    const sums1 = sums0 + perColumn;
    const sums2 = sums1 + perColumn;
    const sums3 = sums2 + perColumn;
    for (let at = first; at < last; at += 4) {
      const row = load<usize>(at);
      const entry = load<f64>(entries + (row << 3));
      const code = load<usize>(codes + (row << 2)) << 3;
      add(sums0 + code, load<u8>(bins0 + row) * perBin, entry);
      add(sums1 + code, load<u8>(bins1 + row) * perBin, entry);
      add(sums2 + code, load<u8>(bins2 + row) * perBin, entry);
      add(sums3 + code, load<u8>(bins3 + row) * perBin, entry);
    }
  }
  for (; c < nColumns; c++) {
    const bins0 = bins + load<usize>(columns + (<usize>c << 2)) * nRows;
    const sums0 = histogram + <usize>c * perColumn;
    for (let at = first; at < last; at += 4) {
      const row = load<usize>(at);
      const code = load<usize>(codes + (row << 2)) << 3;
      add(sums0 + code, load<u8>(bins0 + row) * perBin, load<f64>(entries + (row << 3)));
    }
  }
}

// @ts-ignore: decorator
@inline
function add(sums: usize, at: usize, entry: f64): void {
  store<f64>(sums + at, load<f64>(sums + at) + entry);
}
