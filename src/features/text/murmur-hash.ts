/**
 * MurmurHash3 (x86, 32 bits) of the bytes from `begin` to `end`, as a signed number.
 * @see Austin Appleby, MurmurHash3, in the public domain
 */
export function murmurHash3(bytes: Uint8Array, begin: number, end: number, seed: number): number {
  let hash = seed | 0
  const length = end - begin
  const lastBlock = begin + (length & ~3)
  for (let i = begin; i < lastBlock; i += 4) {
    const block = bytes[i]! | (bytes[i + 1]! << 8) | (bytes[i + 2]! << 16) | (bytes[i + 3]! << 24)
    hash ^= scramble(block)
    hash = (hash << 13) | (hash >>> 19)
    hash = (Math.imul(hash, 5) + 0xe6546b64) | 0
  }
  let tail = 0
  for (let i = end - 1; i >= lastBlock; i--) tail = (tail << 8) | bytes[i]!
  hash ^= scramble(tail)
  hash ^= length
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b)
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35)
  return hash ^ (hash >>> 16)
}

function scramble(block: number): number {
  const mixed = Math.imul(block, 0xcc9e2d51)
  return Math.imul((mixed << 15) | (mixed >>> 17), 0x1b873593)
}
