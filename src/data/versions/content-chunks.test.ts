import { createHash } from 'node:crypto'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { endOfChunk, MAX_CHUNK_BYTES, MEAN_CHUNK_BYTES, MIN_CHUNK_BYTES } from './content-chunks.ts'

/** Bytes that look random and are the same each time. */
function noise(length: number, seed = 1): Uint8Array {
  const blocks: Buffer[] = []
  for (let block = 0; block * 32 < length; block++)
    blocks.push(createHash('sha256').update(`${seed} ${block}`).digest())
  return Buffer.concat(blocks).subarray(0, length)
}

function cuts(bytes: Uint8Array): number[] {
  const ends: number[] = []
  for (let from = 0; from < bytes.length; from = ends.at(-1)!) ends.push(endOfChunk(bytes, from, bytes.length, true))
  return ends
}

test('chunks are as long as they may be, and as long as they should be on average', () => {
  const bytes = noise(16 * 1024 * 1024)
  const ends = cuts(bytes)
  const lengths = ends.map((end, i) => end - (ends[i - 1] ?? 0))
  for (const length of lengths.slice(0, -1)) {
    expect(length).toBeGreaterThan(MIN_CHUNK_BYTES)
    expect(length).toBeLessThanOrEqual(MAX_CHUNK_BYTES)
  }
  const mean = bytes.length / lengths.length
  expect(mean).toBeGreaterThan(MEAN_CHUNK_BYTES * 0.7)
  expect(mean).toBeLessThan(MEAN_CHUNK_BYTES * 1.5)
})

test('a change in the middle moves the cuts near it alone', () => {
  const before = noise(4 * 1024 * 1024)
  const at = 2_000_000
  const after = Buffer.concat([before.subarray(0, at), Buffer.from('a few more bytes'), before.subarray(at)])
  const hashes = (bytes: Uint8Array) => {
    const ends = cuts(bytes)
    return new Set(
      ends.map((end, i) =>
        createHash('sha256')
          .update(bytes.subarray(ends[i - 1] ?? 0, end))
          .digest('hex'),
      ),
    )
  }
  const [old, now] = [hashes(before), hashes(after)]
  expect([...now].filter((hash) => !old.has(hash)).length).toBeLessThanOrEqual(4)
})

test('the cuts are the same however the bytes arrive', () => {
  const bytes = noise(700_000, 2)
  const whole = cuts(bytes)
  fc.assert(
    fc.property(fc.integer({ min: 20_000, max: 300_000 }), (step) => {
      const ends: number[] = []
      let from = 0
      for (let to = Math.min(step, bytes.length); ; to = Math.min(to + step, bytes.length)) {
        const isLast = to === bytes.length
        for (let end = endOfChunk(bytes, from, to, isLast); end !== -1; end = endOfChunk(bytes, from, to, isLast)) {
          ends.push(end)
          from = end
          if (from === bytes.length) break
        }
        if (isLast) break
      }
      expect(ends).toEqual(whole)
    }),
    { numRuns: 10 },
  )
})

test('the cuts of some bytes are fixed: others would find nothing of what older versions keep', () => {
  expect(cuts(noise(400_000, 3))).toMatchInlineSnapshot(`
    [
      122283,
      233019,
      328064,
      395501,
      400000,
    ]
  `)
})
