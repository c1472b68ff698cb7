// The first page of the memory is the main thread's own room; what a fit keeps begins after it (see ../kernel-memory.ts). A
// helper thread has a page of its own elsewhere, which `useScratch` tells its kernels.

/** Where this thread's room begins. */
export let scratch: usize = 0;

/** Tells the kernels of this thread where their 64 KiB of room begin. */
export function useScratch(at: usize): void {
  scratch = at;
}

/** Where `findSplit` leaves the best split: gain, left gradient, left hessian and count (f64 each), column, bin, missingLeft (i32 each). */
export const SPLIT: usize = 64;

/** Pairs of the rows at work, in their order: BLOCK_ROWS of 16 bytes. */
export const PAIRS: usize = 1024;

/** Bins of the rows at work, in their order: BLOCK_ROWS of CHUNK bytes. */
export const BLOCK_BINS: usize = 1024 + 16 * 1024;

/** The 624 words of the random stream. */
export const STATE: usize = 1024 + 48 * 1024;

/** 8 KiB of sums that nobody looks at. */
export const NOWHERE: usize = 1024 + 52 * 1024;

/** How often each byte comes at each of eight places, u32; not at the same time as the pairs. */
export const COUNTS: usize = 1024;

/** Rows that go together through all columns: their pairs and bins stay in the nearest caches. */
export const BLOCK_ROWS: u32 = 1024;

/** Columns whose bins lie side by side, row by row. */
export const CHUNK: u32 = 32;

/** CHUNK is 2 to this power. */
export const CHUNK_SHIFT: u32 = 5;
