import { randint } from "./random";

/**
 * As `drawColumns` of ../../tree/feature-sampler.ts, of a copy of the columns.
 * in:  `columns` i32 (nColumns), ascending; `order` i32 (nColumns) is overwritten; `drawn` u8 by column, all 0, and so again
 * out: `chosen` i32 (count), ascending
 */
export function drawColumns(columns: usize, nColumns: u32, count: u32, order: usize, drawn: usize, chosen: usize): void {
  memory.copy(order, columns, <usize>nColumns << 2);
  for (let i: u32 = 0; i < count; i++) {
    const at = order + (<usize>(i + randint(nColumns - i)) << 2);
    const column = load<u32>(at);
    store<u32>(at, load<u32>(order + (<usize>i << 2)));
    store<u8>(drawn + column, 1);
  }
  for (let i: u32 = 0; i < nColumns; i++) {
    const column = load<u32>(columns + (<usize>i << 2));
    store<u32>(chosen, column);
    chosen += <usize>load<u8>(drawn + column) << 2;
    store<u8>(drawn + column, 0);
  }
}
