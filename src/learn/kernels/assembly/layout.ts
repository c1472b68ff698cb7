// The first page of the memory is the kernels' own; what a fit keeps begins after it (see ../kernel-memory.ts).

/** Where `findSplit` leaves the best split: gain, left gradient, left hessian and count (f64 each), column, bin, missingLeft (i32 each). */
export const SPLIT: usize = 64;

/** Pairs of the rows at work, in their order: BLOCK_ROWS of 16 bytes. */
export const PAIRS: usize = 1024;

/** How often each byte comes at each of eight places, u32; not at the same time as the pairs. */
export const COUNTS: usize = 1024;

/** Rows that go together through all columns: their pairs and row numbers stay in the nearest cache. */
export const BLOCK_ROWS: u32 = 1024;
