import { createHash } from 'node:crypto'

/** Bytes of a chunk: none is shorter, but the last of a file. */
export const MIN_CHUNK_BYTES = 16 * 1024
/** About what chunks have on average. */
export const MEAN_CHUNK_BYTES = 64 * 1024
export const MAX_CHUNK_BYTES = 256 * 1024

/** One random number of 32 bits for each byte. They are fixed: other numbers would cut elsewhere, and find nothing of what is there. */
const GEAR = gearNumbers('bellwether gear 1')

/** Before the mean, a cut needs 18 bits of the hash to be 0; after it 14: chunks gather around the mean (normalised chunking). */
const HARD_MASK = 0xffffc000 | 0
const EASY_MASK = 0xfffc0000 | 0

/**
 * Where the chunk that begins at `from` ends, by its content: a byte more or less in a file moves the cuts near it alone, and the
 * chunks after them are those of before.
 * @param bytes  What is there of the file, from `from` to `to`.
 * @param isLast Whether the file ends at `to`.
 * @returns The end; -1 where that takes more bytes than there are.
 * @see Xia et al. (2016), FastCDC: A Fast and Efficient Content-Defined Chunking Approach for Data Deduplication, USENIX ATC; with a
 *   hash of 32 bits, which sees the last 32 bytes.
 */
export function endOfChunk(bytes: Uint8Array, from: number, to: number, isLast: boolean): number {
  const length = to - from
  if (length <= MIN_CHUNK_BYTES) return isLast ? to : -1
  const mean = from + Math.min(length, MEAN_CHUNK_BYTES)
  const most = from + Math.min(length, MAX_CHUNK_BYTES)
  let hash = 0
  let at = from + MIN_CHUNK_BYTES
  for (; at < mean; at++) {
    hash = ((hash << 1) + GEAR[bytes[at]!]!) | 0
    if ((hash & HARD_MASK) === 0) return at + 1
  }
  for (; at < most; at++) {
    hash = ((hash << 1) + GEAR[bytes[at]!]!) | 0
    if ((hash & EASY_MASK) === 0) return at + 1
  }
  return length >= MAX_CHUNK_BYTES || isLast ? most : -1
}

function gearNumbers(label: string): Int32Array {
  const numbers = new Int32Array(256)
  for (let block = 0; block < 32; block++) {
    const digest = createHash('sha256').update(`${label} ${block}`).digest()
    for (let i = 0; i < 8; i++) numbers[block * 8 + i] = digest.readInt32LE(i * 4)
  }
  return numbers
}
