/**
 * Splits a node's slice of the row indexes in place: rows that go left first, each side in the order it had. Writes every
 * row to both sides and moves on in the one that it belongs to: no branch to mispredict.
 * in:  `bins` u8 of one column by row; rows with a bin up to `bin` go left, and those in bin `alsoLeft` (-1: none)
 * out: `rows` u32 between begin and end; `scratch` u32 (end - begin) is overwritten
 * Returns where the right rows begin.
 */
export function partitionRows(
  rows: usize,
  begin: u32,
  end: u32,
  bins: usize,
  bin: u32,
  alsoLeft: u32,
  scratch: usize,
): u32 {
  const left = rows + (<usize>begin << 2);
  const nLeft = partTo(left, left + (<usize>(end - begin) << 2), bins, bin, alsoLeft, left, scratch);
  memory.copy(left + (<usize>nLeft << 2), scratch, <usize>(end - begin - nLeft) << 2);
  return begin + nLeft;
}

/**
 * The same for a part of a node's slice, as one of several threads does it: both sides go elsewhere, at the place of the part.
 * out: `lefts`, `rights` u32 from `begin` on
 * Returns how many go left.
 */
export function partRows(
  rows: usize,
  begin: u32,
  end: u32,
  bins: usize,
  bin: u32,
  alsoLeft: u32,
  lefts: usize,
  rights: usize,
): u32 {
  const at = <usize>begin << 2;
  const last = rows + (<usize>end << 2);
  return partTo(rows + at, last, bins, bin, alsoLeft, lefts + at, rights + at);
}

/** Brings what `partRows` parted to its place among the rows: the left ones to `toLeft` on, the right ones to `toRight` on. */
export function joinRows(
  rows: usize,
  begin: u32,
  end: u32,
  lefts: usize,
  rights: usize,
  nLeft: u32,
  toLeft: u32,
  toRight: u32,
): void {
  const at = <usize>begin << 2;
  memory.copy(rows + (<usize>toLeft << 2), lefts + at, <usize>nLeft << 2);
  memory.copy(rows + (<usize>toRight << 2), rights + at, <usize>(end - begin - nLeft) << 2);
}

// @ts-ignore: decorator
@inline
function partTo(at: usize, last: usize, bins: usize, bin: u32, alsoLeft: u32, left: usize, right: usize): u32 {
  const first = left;
  for (; at < last; at += 4) {
    const row = load<u32>(at);
    const value = <u32>load<u8>(bins + row);
    const goesLeft = <usize>((value <= bin) | (value == alsoLeft)) << 2;
    store<u32>(left, row);
    store<u32>(right, row);
    left += goesLeft;
    right += 4 - goesLeft;
  }
  return <u32>((left - first) >> 2);
}
