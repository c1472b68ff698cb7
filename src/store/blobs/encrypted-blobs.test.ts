import { createHash, randomBytes } from 'node:crypto'
import { chmod, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises'
import os from 'node:os'
import path from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { isSealed, keyIdOf } from '../../security/at-rest/container.ts'
import { type KeyRing, parseKeyRing } from '../../security/at-rest/key-ring.ts'
import { openHome } from '../open-home.ts'
import { finished, startScript } from '../testing/run-script.ts'
import { FileBlobStore } from './file-blob-store.ts'
import { rotateEncryption } from './rotate-encryption.ts'

const [first, second] = [randomBytes(32).toString('hex'), randomBytes(32).toString('hex')]
const ring = parseKeyRing([first!], 'test')
const both = parseKeyRing([second!, first!], 'test')
const after = parseKeyRing([second!], 'test')

let root: string
beforeEach(async () => {
  root = await mkdtemp(path.join(os.tmpdir(), 'bellwether-encrypted-'))
})
afterEach(() => rm(root, { recursive: true, force: true }))

const open = (keys: KeyRing | null) => FileBlobStore.open(root, { readOnly: false, now: Date.now(), ring: keys })
const fileOf = (hash: string) => path.join(root, hash.slice(7, 9), hash.slice(7))
const hashOf = (bytes: Uint8Array) => `sha256:${createHash('sha256').update(bytes).digest('hex')}`
async function* pieces(bytes: Uint8Array, size: number): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size)
}
async function collected(stream: AsyncIterable<Uint8Array>): Promise<Buffer> {
  const all: Uint8Array[] = []
  for await (const piece of stream) all.push(piece)
  return Buffer.concat(all)
}

const SECRET = 'Ana Almeida failed mathematics. '
const CONTENTS: readonly [string, Uint8Array][] = [
  ['nothing', new Uint8Array(0)],
  ['a short text', Buffer.from(SECRET)],
  ['text that compresses', Buffer.from(SECRET.repeat(20_000))],
  ['noise', randomBytes(300_000)],
  ['what begins like an encrypted file', Buffer.concat([Buffer.from('BWE1'), randomBytes(100)])],
  ['what begins like a compressed file', Buffer.concat([Buffer.from('BWZ1'), randomBytes(100)])],
]

describe.each([
  ['with a key', ring],
  ['without one', null],
])('blobs %s', (_, keys) => {
  test.each(CONTENTS)('hold %s, by pieces and whole, and lend it as a file', async (_, bytes) => {
    const blobs = await open(keys)
    const hash = await blobs.put(bytes)
    expect(hash).toBe(hashOf(bytes))
    expect(Buffer.compare(await blobs.get(hash), bytes)).toBe(0)
    expect(Buffer.compare(await collected(await blobs.getStream(hash)), bytes)).toBe(0)
    await blobs.delete(hash)
    expect(await blobs.putStream(pieces(bytes, 70_001))).toEqual({ hash, sizeBytes: bytes.length })
    expect(Buffer.compare(await blobs.get(hash), bytes)).toBe(0)
    expect(Buffer.compare(await collected(await blobs.getStream(hash)), bytes)).toBe(0)
    expect(Buffer.compare(await blobs.withFile(hash, (file) => readFile(file)), bytes)).toBe(0)
    expect((await readdir(root)).filter((name) => name.startsWith('.tmp-'))).toEqual([])
    expect(isSealed(await readFile(fileOf(hash)))).toBe(keys !== null)
  })

  test('that compress take less room than their content', async () => {
    const blobs = await open(keys)
    const content = Buffer.from(SECRET.repeat(20_000))
    const hash = await blobs.put(content)
    expect((await stat(fileOf(hash))).size).toBeLessThan(content.length / 50)
  })

  test('with any byte changed, or cut short, are BLOB_CORRUPT, whole and by pieces', async () => {
    const blobs = await open(keys)
    const hash = await blobs.put(Buffer.from(SECRET.repeat(500)))
    const whole = await readFile(fileOf(hash))
    for (let at = 0; at < whole.length; at += Math.max(1, Math.floor(whole.length / 150))) {
      const changed = Buffer.from(whole)
      changed[at]! ^= 1 << (at % 8)
      await writeFile(fileOf(hash), at % 3 === 0 ? whole.subarray(0, at) : changed)
      // A changed key id names a key that nobody has: as clear, and as little answered.
      const refused = {
        code: expect.stringMatching(keys ? /^(BLOB_CORRUPT|ENCRYPTION_KEY_MISSING)$/ : /^BLOB_CORRUPT$/),
      }
      await expect(blobs.get(hash)).rejects.toMatchObject(refused)
      await expect(blobs.getStream(hash).then(collected)).rejects.toMatchObject(refused)
    }
    // And are made whole by the same content.
    await writeFile(fileOf(hash), whole.subarray(0, whole.length - 1))
    await blobs.put(Buffer.from(SECRET.repeat(500)))
    expect((await blobs.get(hash)).length).toBe(SECRET.length * 500)
  })

  test('whose source fails leave nothing behind, and the error is its own', async () => {
    const blobs = await open(keys)
    const broken = async function* () {
      yield Buffer.from(SECRET.repeat(5000))
      throw new Error('the line broke')
    }
    await expect(blobs.putStream(broken())).rejects.toMatchObject({ cause: { message: 'the line broke' } })
    await expect(blobs.putStream(pieces(randomBytes(200_000), 999), { maxBytes: 100_000 })).rejects.toMatchObject({
      code: 'BODY_TOO_LARGE',
    })
    expect((await readdir(root)).filter((name) => name !== 'keys-in-use.json')).toEqual([])
  })
})

describe('encrypted blobs', () => {
  test('show nothing of their content', async () => {
    const hash = await (await open(ring)).put(Buffer.from(SECRET))
    expect((await readFile(fileOf(hash))).includes('Ana')).toBe(false)
  })

  test('cannot be exchanged', async () => {
    const blobs = await open(ring)
    const [a, b] = [await blobs.put(Buffer.from('a')), await blobs.put(Buffer.from('b'))]
    await writeFile(fileOf(a), await readFile(fileOf(b)))
    await expect(blobs.get(a)).rejects.toMatchObject({ code: 'BLOB_CORRUPT' })
  })

  test('are not opened without their key, or with another, and nothing plain is put among them', async () => {
    await (await open(ring)).put(Buffer.from(SECRET))
    for (const keys of [null, after]) {
      await expect(open(keys)).rejects.toMatchObject({
        code: 'ENCRYPTION_KEY_MISSING',
        message: expect.stringContaining(ring.current.id),
      })
    }
    await expect(open(both)).resolves.toBeDefined()
  })

  test('stand beside older ones that are plain, which become encrypted when they are put again', async () => {
    const hash = await (await open(null)).put(Buffer.from(SECRET))
    const blobs = await open(ring)
    expect(Buffer.from(await blobs.get(hash)).toString()).toBe(SECRET)
    await blobs.put(Buffer.from(SECRET))
    expect(isSealed(await readFile(fileOf(hash)))).toBe(true)
  })

  test('a home takes its keys from the environment', async () => {
    const before = process.env['BELLWETHER_ENCRYPTION_KEY_FILE']
    const file = path.join(root, 'keys')
    await writeFile(file, `${first}\n`, { mode: 0o600 })
    await chmod(file, 0o600)
    process.env['BELLWETHER_ENCRYPTION_KEY_FILE'] = file
    const folder = path.join(root, 'home')
    try {
      const home = await openHome(folder)
      const hash = await home.blobs.put(Buffer.from(SECRET))
      await home.close()
      expect(isSealed(await readFile(path.join(folder, 'blobs', hash.slice(7, 9), hash.slice(7))))).toBe(true)
      await expect(openHome(folder, { ring: null })).rejects.toMatchObject({ code: 'ENCRYPTION_KEY_MISSING' })
    } finally {
      if (before === undefined) delete process.env['BELLWETHER_ENCRYPTION_KEY_FILE']
      else process.env['BELLWETHER_ENCRYPTION_KEY_FILE'] = before
    }
  })
})

describe('rotation', () => {
  test('brings every blob under the new key, plain ones too, and then the old key is not needed', async () => {
    const plain = await (await open(null)).put(Buffer.from('plain'))
    const blobs = await open(ring)
    const hashes = [plain, ...(await Promise.all(CONTENTS.map(([, bytes]) => blobs.put(bytes))))]
    expect(await rotateEncryption(root, both)).toEqual({
      current: 0,
      rewrapped: 6,
      encrypted: 1,
      damaged: [],
      stillInUse: [],
    })
    expect(await rotateEncryption(root, both)).toEqual({
      current: 7,
      rewrapped: 0,
      encrypted: 0,
      damaged: [],
      stillInUse: [],
    })
    const fresh = await open(after)
    for (const hash of hashes) expect(hashOf(await fresh.get(hash))).toBe(hash)
    await expect(open(ring)).rejects.toMatchObject({ code: 'ENCRYPTION_KEY_MISSING' })
  })

  test('leaves what is damaged, names it, and goes on asking for the old key', async () => {
    const blobs = await open(ring)
    const [whole, broken] = [await blobs.put(Buffer.from('whole')), await blobs.put(Buffer.from('broken'))]
    const bytes = await readFile(fileOf(broken))
    bytes[30]! ^= 1
    await writeFile(fileOf(broken), bytes)
    await open(both)
    expect(await rotateEncryption(root, both)).toMatchObject({
      rewrapped: 1,
      damaged: [broken],
      stillInUse: [ring.current.id],
    })
    expect(keyIdOf(await readFile(fileOf(whole)))).toBe(after.current.id)
    await expect(open(after)).rejects.toMatchObject({ code: 'ENCRYPTION_KEY_MISSING' })
  })

  test('that is killed at any instant loses nothing, and the next one ends it', { timeout: 120_000 }, async () => {
    const blobs = await open(ring)
    const hashes: string[] = []
    for (let i = 0; i < 60; i++) hashes.push(await blobs.put(randomBytes(2000 + i)))
    await open(both)
    for (const kill of [1, 9, 25]) {
      const child = startScript('./rotate-script.ts', [root], {
        environment: { BELLWETHER_ENCRYPTION_KEYS: `${second},${first}` },
      })
      let told = 0
      child.stdout.on('data', (dots: Buffer | string) => {
        told += dots.length
        if (told >= kill) child.kill('SIGKILL')
      })
      expect((await finished(child)).stderr).toBe('')
      const now = await open(both)
      for (const hash of hashes) expect(hashOf(await now.get(hash))).toBe(hash)
    }
    expect((await rotateEncryption(root, both)).damaged).toEqual([])
    const end = await open(after)
    for (const hash of hashes) expect(hashOf(await end.get(hash))).toBe(hash)
  })
})
