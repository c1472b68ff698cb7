/**
 * As `partitionRows`, for a split on categories: rows whose bin is marked go left.
 * in:  `bins` of all columns, column `base / nRows` being read; `leftBins`, shape (256), 1 for bins that go left
 * out: `rows` between begin and end; `scratch` (at least end - begin) is overwritten
 * @returns Where the right rows begin.
 */
export function partitionCategories(
  rows: Uint32Array,
  begin: number,
  end: number,
  bins: Uint8Array,
  base: number,
  leftBins: Uint8Array,
  scratch: Uint32Array,
): number {
  let left = begin
  let nRight = 0
  for (let i = begin; i < end; i++) {
    const row = rows[i]!
    if (leftBins[bins[base + row]!] === 1) rows[left++] = row
    else scratch[nRight++] = row
  }
  for (let i = 0; i < nRight; i++) rows[left + i] = scratch[i]!
  return left
}
