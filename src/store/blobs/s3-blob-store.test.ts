import { createHash, randomBytes } from 'node:crypto'
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import os from 'node:os'
import path from 'node:path'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest'
import { startS3, type TestS3 } from '../../../test/support/s3.ts'
import { isSealed } from '../../security/at-rest/container.ts'
import { type KeyRing, parseKeyRing } from '../../security/at-rest/key-ring.ts'
import { runBlobStoreContract } from '../../track/testing/blob-store-contract.ts'
import { openHome } from '../open-home.ts'
import { FileBlobStore } from './file-blob-store.ts'
import { S3BlobStore } from './s3-blob-store.ts'
import { S3Objects } from './s3-objects.ts'

vi.setConfig({ testTimeout: 120_000, hookTimeout: 120_000 })

const MIB = 1024 * 1024
const [first, second] = [randomBytes(32).toString('hex'), randomBytes(32).toString('hex')]
const ring = parseKeyRing([first!], 'test')
const both = parseKeyRing([second!, first!], 'test')
const after = parseKeyRing([second!], 'test')

let server: TestS3
let spool: string
let count = 0
let address: string
const opened: { close(): void }[] = []
beforeAll(async () => {
  server = await startS3()
})
afterAll(() => server.remove())
beforeEach(async () => {
  spool = await mkdtemp(path.join(os.tmpdir(), 'bellwether-s3-spool-'))
  count += 1
  address = `${server.bucket}/homes/${count}`
})
afterEach(async () => {
  for (const each of opened.splice(0)) each.close()
  await rm(spool, { recursive: true, force: true })
})

async function open(keys: KeyRing | null = null, readOnly = false): Promise<S3BlobStore> {
  const store = await S3BlobStore.open(address, spool, { readOnly, now: Date.now(), ring: keys })
  opened.push(store)
  return store
}
async function objects(): Promise<S3Objects> {
  const found = await S3Objects.open(address)
  opened.push(found)
  return found
}
const hashOf = (bytes: Uint8Array) => `sha256:${createHash('sha256').update(bytes).digest('hex')}`
const nameOf = (hash: string) => `${hash.slice(7, 9)}/${hash.slice(7)}`
async function* pieces(bytes: Uint8Array, size: number): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size)
}
async function all<T>(stream: AsyncIterable<T>): Promise<T[]> {
  const found: T[] = []
  for await (const each of stream) found.push(each)
  return found
}
const collected = async (stream: AsyncIterable<Uint8Array>) => Buffer.concat(await all(stream))

for (const [name, keys] of [
  ['an object store', null],
  ['an object store, encrypted', ring],
] as const)
  runBlobStoreContract(name, async () => {
    const folder = await mkdtemp(path.join(os.tmpdir(), 'bellwether-s3-home-'))
    const home = await openHome(folder, { ring: null })
    count += 1
    const blobs = await S3BlobStore.open(`${server.bucket}/contract/${count}`, path.join(folder, 'blobs'), {
      readOnly: false,
      now: Date.now(),
      ring: keys,
    })
    return {
      ...home,
      blobs,
      close: async () => {
        blobs.close()
        await home.close()
        await rm(folder, { recursive: true })
      },
    }
  })

const SECRET = 'Ana Almeida failed mathematics. '

describe.each([
  ['with a key', ring],
  ['without one', null],
])('blobs in an object store %s', (_, keys) => {
  test.each([
    ['nothing', new Uint8Array(0)],
    ['a short text', Buffer.from(SECRET)],
    ['text that compresses', Buffer.from(SECRET.repeat(20_000))],
    ['noise in several parts', randomBytes(19 * MIB + 7)],
    ['what begins like an encrypted file', Buffer.concat([Buffer.from('BWE1'), randomBytes(100)])],
  ])('hold %s, by pieces and whole, and lend it as a file', async (_, bytes) => {
    const blobs = await open(keys)
    expect(await blobs.putStream(pieces(bytes, 70_001))).toEqual({ hash: hashOf(bytes), sizeBytes: bytes.length })
    expect(Buffer.compare(await blobs.get(hashOf(bytes)), bytes)).toBe(0)
    await blobs.delete(hashOf(bytes))
    expect(await blobs.put(bytes)).toBe(hashOf(bytes))
    expect(Buffer.compare(await collected(await blobs.getStream(hashOf(bytes))), bytes)).toBe(0)
    expect(Buffer.compare(await blobs.withFile(hashOf(bytes), (file) => readFile(file)), bytes)).toBe(0)
    expect(await readdir(spool)).toEqual([])
    expect(isSealed((await (await objects()).read(nameOf(hashOf(bytes))))!)).toBe(keys !== null)
  })

  test('with any byte changed, or cut short, are BLOB_CORRUPT, and made whole by the same content', async () => {
    const blobs = await open(keys)
    const content = Buffer.from(SECRET.repeat(500))
    const hash = await blobs.put(content)
    const raw = await objects()
    const whole = Buffer.from((await raw.read(nameOf(hash)))!)
    for (let at = 0; at < whole.length; at += Math.max(1, Math.floor(whole.length / 12))) {
      const changed = Buffer.from(whole)
      changed[at]! ^= 1 << (at % 8)
      await raw.put(nameOf(hash), at % 3 === 0 ? whole.subarray(0, at) : changed)
      const refused = { code: expect.stringMatching(/^(BLOB_CORRUPT|ENCRYPTION_KEY_MISSING)$/) }
      await expect(blobs.get(hash)).rejects.toMatchObject(refused)
      await expect(blobs.getStream(hash).then(collected)).rejects.toMatchObject(refused)
    }
    await raw.put(nameOf(hash), whole.subarray(0, whole.length - 1))
    await blobs.put(content)
    expect(Buffer.compare(await blobs.get(hash), content)).toBe(0)
  })

  test('whose source fails, or which are too large, leave nothing behind', async () => {
    const blobs = await open(keys)
    const broken = async function* () {
      yield randomBytes(9 * MIB)
      throw new Error('the line broke')
    }
    await expect(blobs.putStream(broken())).rejects.toMatchObject({ cause: { message: 'the line broke' } })
    await expect(blobs.putStream(pieces(randomBytes(200_000), 999), { maxBytes: 100_000 })).rejects.toMatchObject({
      code: 'BODY_TOO_LARGE',
    })
    expect(await readdir(spool)).toEqual([])
    expect(await all(blobs.list())).toEqual([])
  })

  test('lie there as in a folder, so that one may be copied to the other', async () => {
    const blobs = await open(keys)
    const hash = await blobs.put(Buffer.from(SECRET.repeat(500)))
    const folder = await FileBlobStore.open(spool, { readOnly: false, now: Date.now(), ring: keys })
    await folder.put(Buffer.from(SECRET.repeat(500)))
    await (await objects()).put(nameOf(hash), await readFile(path.join(spool, nameOf(hash))))
    expect((await blobs.get(hash)).length).toBe(SECRET.length * 500)
  })
})

describe('an object store', () => {
  test('is listed as it is', async () => {
    const blobs = await open()
    const names = await Promise.all(Array.from({ length: 30 }, (_, i) => blobs.put(Buffer.from(`${i}`))))
    await (await objects()).put('somebody-elses.txt', Buffer.from('x'))
    const found = await all(blobs.list())
    expect(found.map(({ hash }) => hash)).toEqual(names.toSorted())
    expect(found[0]).toMatchObject({ storedBytes: 1, modifiedTime: expect.any(Number) })
    expect(Math.abs(found[0]!.modifiedTime - Date.now())).toBeLessThan(300_000)
  })

  test('is listed past its first page', async () => {
    // The test server can't cut a list into pages, so this one answers with two.
    const page = (more: string, key: string) =>
      `<?xml version="1.0"?><ListBucketResult xmlns="http://s3.amazonaws.com/doc/2006-03-01/"><Name>b</Name>${more}
       <Contents><Key>homes/x/${key}</Key><LastModified>2026-01-02T03:04:05.000Z</LastModified><Size>7</Size></Contents></ListBucketResult>`
    const asked: (string | null)[] = []
    const pages = createServer((request, response) => {
      const token = new URL(request.url!, 'http://x').searchParams.get('continuation-token')
      asked.push(token)
      const more = token
        ? '<IsTruncated>false</IsTruncated>'
        : '<IsTruncated>true</IsTruncated><NextContinuationToken>to be+gone on</NextContinuationToken>'
      response.setHeader('content-type', 'application/xml').end(page(more, token ? 'second' : 'first'))
    })
    await new Promise<void>((resolve) => pages.listen(0, '127.0.0.1', resolve))
    const before = process.env['AWS_ENDPOINT_URL_S3']
    process.env['AWS_ENDPOINT_URL_S3'] = `http://127.0.0.1:${(pages.address() as AddressInfo).port}`
    try {
      const found = await S3Objects.open('s3://bucket/homes/x')
      expect(await all(found.list())).toEqual(
        ['first', 'second'].map((name) => ({ name, sizeBytes: 7, modifiedTime: Date.UTC(2026, 0, 2, 3, 4, 5) })),
      )
      expect(asked).toEqual([null, 'to be+gone on'])
      found.close()
    } finally {
      process.env['AWS_ENDPOINT_URL_S3'] = before
      pages.close()
    }
  })

  test('is not written where it was opened for reading', async () => {
    const blobs = await open(null, true)
    for (const attempt of [() => blobs.put(Buffer.from('x')), () => blobs.delete(hashOf(Buffer.from('x')))])
      await expect(attempt()).rejects.toMatchObject({ code: 'HOME_READ_ONLY' })
  })

  test('that is encrypted is not opened without its keys', async () => {
    await (await open(ring)).put(Buffer.from(SECRET))
    for (const keys of [null, after])
      await expect(open(keys)).rejects.toMatchObject({
        code: 'ENCRYPTION_KEY_MISSING',
        message: expect.stringContaining(ring.current.id),
      })
  })

  test('is brought under a new key, plain blobs too, and then the old key is not needed', async () => {
    const plain = await (await open()).put(Buffer.from('plain'))
    const blobs = await open(ring)
    const hashes = [plain]
    for (const bytes of [new Uint8Array(0), Buffer.from(SECRET), randomBytes(9 * MIB)]) {
      hashes.push(await blobs.put(bytes))
    }
    const broken = await blobs.put(Buffer.from('broken'))
    const raw = await objects()
    const stored = Buffer.from((await raw.read(nameOf(broken)))!)
    stored[30]! ^= 1
    await raw.put(nameOf(broken), stored)
    const turning = await open(both)
    expect(await turning.rotateEncryption(both)).toEqual({
      current: 0,
      rewrapped: 3,
      encrypted: 1,
      damaged: [broken],
      stillInUse: [ring.current.id],
    })
    await expect(open(after)).rejects.toMatchObject({ code: 'ENCRYPTION_KEY_MISSING' })
    await turning.delete(broken)
    expect(await turning.rotateEncryption(both)).toEqual({
      current: 4,
      rewrapped: 0,
      encrypted: 0,
      damaged: [],
      stillInUse: [],
    })
    const fresh = await open(after)
    for (const hash of hashes) expect(hashOf(await fresh.get(hash))).toBe(hash)
    await expect(open(ring)).rejects.toMatchObject({ code: 'ENCRYPTION_KEY_MISSING' })
  })

  test('that is kept as it is gives a stretch from its middle, and no more of it is fetched', async () => {
    const blobs = await open()
    const bytes = randomBytes(9 * MIB)
    const [plain, packed] = [await blobs.put(bytes), await blobs.put(Buffer.from(SECRET.repeat(20_000)))]
    const whole = vi.spyOn(S3Objects.prototype, 'stream')
    const range = await blobs.getRange(plain, 5 * MIB, 5 * MIB + 1000)
    expect(Buffer.compare(Buffer.concat(await all(range!)), bytes.subarray(5 * MIB, 5 * MIB + 1000))).toBe(0)
    expect(await all((await blobs.getRange(plain, bytes.length, bytes.length))!)).toEqual([])
    expect(whole).not.toHaveBeenCalled()
    whole.mockRestore()
    expect(await blobs.getRange(packed, 0, 10)).toBeNull()
    const sealed = await open(ring)
    expect(await sealed.getRange(await sealed.put(randomBytes(5000)), 0, 10)).toBeNull()
    await expect(blobs.getRange(hashOf(Buffer.from('nothing')), 0, 1)).rejects.toMatchObject({ code: 'BLOB_NOT_FOUND' })
    // Of an object that was cut short since, no wrong bytes are given out.
    await (await objects()).put(nameOf(plain), bytes.subarray(0, 5 * MIB + 10))
    await expect(all((await blobs.getRange(plain, 5 * MIB, 5 * MIB + 1000))!)).rejects.toMatchObject({
      code: 'STORAGE_FAILED',
    })
  })

  test('that is put again between its head and its body, while keys are rotated, is not lost', async () => {
    const blobs = await open(ring)
    const bytes = randomBytes(9 * MIB)
    const hash = await blobs.put(bytes)
    const turning = await open(both)
    const read = vi.spyOn(S3Objects.prototype, 'read').mockImplementation(async function (
      this: S3Objects,
      name,
      first,
    ) {
      read.mockRestore()
      const found = await this.read(name, first)
      await blobs.putStream(pieces(bytes, MIB))
      return found
    })
    expect(await turning.rotateEncryption(both)).toMatchObject({ rewrapped: 1, damaged: [], stillInUse: [] })
    expect(Buffer.compare(await (await open(after)).get(hash), bytes)).toBe(0)
  })

  test('takes nothing under a key that a rotation put out of use', async () => {
    const [older, elsewhere] = [await open(ring), await open(ring)]
    await older.put(Buffer.from(SECRET))
    await (await open(both)).rotateEncryption(both)
    // This one has not looked for a moment: what it wrote keeps its key in use, and no later one is told otherwise.
    const late = await older.put(Buffer.from('late'))
    await expect(open(after)).rejects.toMatchObject({ code: 'ENCRYPTION_KEY_MISSING' })
    expect(await (await open(both)).rotateEncryption(both)).toMatchObject({ rewrapped: 1, stillInUse: [] })
    expect(hashOf(await (await open(after)).get(late))).toBe(late)
    await expect(elsewhere.put(Buffer.from('later'))).rejects.toMatchObject({ code: 'ENCRYPTION_KEY_RETIRED' })
  })

  test('that does not answer is a clear error, and works again once it does, without being opened again', async () => {
    const blobs = await open()
    const hash = await blobs.put(Buffer.from(SECRET))
    await server.stop()
    try {
      for (const attempt of [
        () => blobs.get(hash),
        () => blobs.has(hash),
        () => blobs.put(Buffer.from('another')),
        () => blobs.putStream(pieces(randomBytes(100), 10)),
        () => all(blobs.list()),
        () => open(),
      ])
        await expect(attempt()).rejects.toMatchObject({ code: 'BLOB_STORE_UNREACHABLE' })
      expect(await readdir(spool)).toEqual([])
    } finally {
      await server.start()
    }
    expect(Buffer.from(await blobs.get(hash)).toString()).toBe(SECRET)
    expect(await blobs.put(Buffer.from('another'))).toBe(hashOf(Buffer.from('another')))
  })

  test.each([
    's3://',
    's3://b',
    's3://key:hunter2@bucket/x',
    's3://bucket/../x',
    's3://bucket/a//b',
    's3://bucket/x?hunter2',
  ])('is not found by %s, which is not repeated', async (place) => {
    const refused = S3BlobStore.open(place, spool, { readOnly: false, now: 0 })
    await expect(refused).rejects.toMatchObject({ code: 'USAGE', message: expect.not.stringContaining('hunter2') })
  })

  test('without that bucket is told', async () => {
    const refused = S3BlobStore.open('s3://no-such-bucket/x', spool, { readOnly: false, now: 0 })
    await expect(refused).rejects.toMatchObject({ code: 'HOME_NOT_FOUND' })
  })
})
