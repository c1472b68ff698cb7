import { createHash, randomBytes } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import fc from 'fast-check'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { bytesOf, type OpenStores } from './open-stores.ts'

/** What every blob store does, wherever it keeps the bytes. `open` gives an empty store. */
export function runBlobStoreContract(name: string, open: () => Promise<OpenStores>): void {
  describe(`${name}: blob store`, () => {
    let stores: OpenStores
    beforeEach(async () => {
      stores = await open()
    })
    afterEach(() => stores.close())

    test('bytes come back as they were, under the SHA-256 of them', async () => {
      await fc.assert(
        fc.asyncProperty(fc.uint8Array({ maxLength: 2000 }), async (bytes) => {
          const hash = await stores.blobs.put(bytes)
          expect(hash).toBe(`sha256:${createHash('sha256').update(bytes).digest('hex')}`)
          expect(await stores.blobs.get(hash)).toStrictEqual(bytes)
          expect(await stores.blobs.has(hash)).toBe(true)
        }),
        { numRuns: 10 },
      )
    })

    test('the same bytes put many times at once are one blob', async () => {
      const hashes = await Promise.all(Array.from({ length: 20 }, () => stores.blobs.put(bytesOf('same'))))
      expect(new Set(hashes).size).toBe(1)
      expect(await stores.blobs.get(hashes[0]!)).toEqual(bytesOf('same'))
    })

    test("a range is those bytes, or is not given where what is kept can't be entered", async () => {
      const noise = randomBytes(700_000)
      for (const content of [noise, bytesOf('word '.repeat(50_000))]) {
        const hash = await stores.blobs.put(content)
        for (const [start, end] of [
          [0, 1],
          [5, 5],
          [300_000, 600_001],
          [0, content.length],
        ] as const) {
          const range = await stores.blobs.getRange?.(
            hash,
            Math.min(start, content.length),
            Math.min(end, content.length),
          )
          if (!range) continue
          const pieces: Uint8Array[] = []
          for await (const piece of range) pieces.push(piece)
          expect(Buffer.compare(Buffer.concat(pieces), content.subarray(start, end))).toBe(0)
        }
      }
      await expect(
        stores.blobs.getRange?.(`sha256:${'0'.repeat(64)}`, 0, 1) ?? Promise.reject({ code: 'BLOB_NOT_FOUND' }),
      ).rejects.toMatchObject({ code: 'BLOB_NOT_FOUND' })
    })

    test('another reader is lent a file with the content', async () => {
      const hash = await stores.blobs.put(bytesOf('a table'))
      expect(await stores.blobs.withFile(hash, (file) => readFile(file, 'utf8'))).toBe('a table')
    })

    test('what is deleted is gone, also when it is deleted twice', async () => {
      const hash = await stores.blobs.put(bytesOf('a table'))
      await stores.blobs.delete(hash)
      await stores.blobs.delete(hash)
      expect(await stores.blobs.has(hash)).toBe(false)
    })

    test.each([
      `sha256:${'0'.repeat(64)}`,
      '',
      'sha256:',
      `sha256:${'0'.repeat(63)}`,
      `sha256:${'G'.repeat(64)}`,
      '../../bellwether.db',
      `sha256:../${'0'.repeat(61)}`,
      `md5:${'0'.repeat(64)}`,
      `sha256:${'0'.repeat(64)}\n`,
    ])('there is no blob %j', async (hash) => {
      expect(await stores.blobs.has(hash)).toBe(false)
      await expect(stores.blobs.get(hash)).rejects.toMatchObject({ code: 'BLOB_NOT_FOUND' })
      await expect(stores.blobs.withFile(hash, async () => 0)).rejects.toMatchObject({ code: 'BLOB_NOT_FOUND' })
    })
  })
}
