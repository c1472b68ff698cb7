/**
 * Puts the rows of a small node in the order of their bins: faster than a histogram where most of its bins are empty.
 * in:  `rows` between `begin` and `end`, at most 255; the column of `bins` that starts at `base`
 * out: `keys`, bin * 256 + place among the rows, ascending; shape (end - begin)
 */
export function orderByBin(
  rows: Uint32Array,
  begin: number,
  end: number,
  bins: Uint8Array,
  base: number,
  keys: Int32Array,
): void {
  for (let i = begin; i < end; i++) {
    const place = i - begin
    const key = (bins[base + rows[i]!]! << 8) | place
    let j = place - 1
    while (j >= 0 && keys[j]! > key) {
      keys[j + 1] = keys[j]!
      j--
    }
    keys[j + 1] = key
  }
}

/** Whether ordering n rows costs less than a histogram of so many entries. Measured; both ways give the same split. */
export function orderingIsFaster(n: number, nEntries: number): boolean {
  return n <= 8 || (n < 128 && n * n < 8 * (nEntries + n))
}
