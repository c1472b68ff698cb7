import { CHUNK } from "./layout";

/**
 * Lays the bins of up to 32 columns side by side, row by row, for histograms.
 * in:  `bins` u8 by row, the first of `nColumns` columns one after the other; rows begin to end - 1
 * out: `chunk` u8 at row * 32 + column; columns past nColumns are 0
 */
export function chunkBins(bins: usize, nRows: u32, nColumns: u32, begin: u32, end: u32, chunk: usize): void {
  // Few rows at a time, so that what is written stays in the nearest cache until all columns are there.
  for (let from = begin; from < end; from += 256) {
    const to = min(end, from + 256);
    memory.fill(chunk + <usize>from * CHUNK, 0, <usize>(to - from) * CHUNK);
    for (let column: u32 = 0; column < nColumns; column++) {
      const values = bins + <usize>column * nRows;
      const at = chunk + column;
      for (let row = from; row < to; row++) store<u8>(at + <usize>row * CHUNK, load<u8>(values + row));
    }
  }
}
