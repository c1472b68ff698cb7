import { randomBytes } from 'node:crypto'
import type * as FsPromises from 'node:fs/promises'
import { mkdtemp, readdir, readFile, rm, stat, utimes } from 'node:fs/promises'
import os from 'node:os'
import path from 'node:path'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { keyIdOf } from '../../security/at-rest/container.ts'
import { type KeyRing, parseKeyRing } from '../../security/at-rest/key-ring.ts'
import { announceReplacing } from './deletion-mark.ts'
import { FileBlobStore } from './file-blob-store.ts'
import { rotateEncryption } from './rotate-encryption.ts'

/** What happens, once, just before a call of the file system that a rotation makes for a blob. */
const before = vi.hoisted(() => ({
  copyFile: null as (() => Promise<void>) | null,
  rename: null as (() => Promise<void>) | null,
}))
async function happen(call: keyof typeof before): Promise<void> {
  const what = before[call]
  before[call] = null
  await what?.()
}
const NAME = /\/[0-9a-f]{64}$/
vi.mock('node:fs/promises', async (original) => {
  const fs = await original<typeof FsPromises>()
  return {
    ...fs,
    copyFile: async (...given: Parameters<typeof fs.copyFile>) => {
      await happen('copyFile')
      return fs.copyFile(...given)
    },
    rename: async (...given: Parameters<typeof fs.rename>) => {
      if (NAME.test(String(given[1]))) await happen('rename')
      return fs.rename(...given)
    },
  }
})

const [first, second] = [randomBytes(32).toString('hex'), randomBytes(32).toString('hex')]
const old = parseKeyRing([first!], 'test')
const both = parseKeyRing([second!, first!], 'test')
const after = parseKeyRing([second!], 'test')

let root: string
beforeEach(async () => {
  root = await mkdtemp(path.join(os.tmpdir(), 'bellwether-rotation-'))
})
afterEach(async () => {
  before.copyFile = before.rename = null
  await rm(root, { recursive: true, force: true })
})

const open = (keys: KeyRing | null) => FileBlobStore.open(root, { readOnly: false, now: Date.now(), ring: keys })
const fileOf = (hash: string) => path.join(root, hash.slice(7, 9), hash.slice(7))
async function* whole(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  yield bytes
}
const CONTENT = randomBytes(100_000)

describe('while keys are rotated', () => {
  test('content that is put again between head and body is not lost', async () => {
    const blobs = await open(old)
    const hash = await blobs.put(CONTENT)
    before.copyFile = async () => void (await blobs.putStream(whole(CONTENT)))
    expect(await rotateEncryption(root, both)).toMatchObject({ rewrapped: 1, damaged: [] })
    expect(Buffer.compare(await (await open(after)).get(hash), CONTENT)).toBe(0)
  })

  test.each([
    ['under an older key', old],
    ['in plain', null],
  ])('what was kept %s and is erased at the last instant does not come back', async (_, keys) => {
    const blobs = await open(keys)
    const [erased, kept] = [await blobs.put(CONTENT), await blobs.put(Buffer.from('another one'))]
    let deleted = false
    const deletes = async () => {
      // The name's order decides which of the two blobs comes first.
      await blobs.delete(erased)
      deleted = true
    }
    if (erased < kept) before.rename = deletes
    else
      before.rename = async () => {
        before.rename = deletes
      }
    await rotateEncryption(root, both)
    expect(deleted).toBe(true)
    const now = await open(both)
    expect(await now.has(erased)).toBe(false)
    expect(await now.get(kept)).toEqual(new Uint8Array(Buffer.from('another one')))
  })

  test('what is erased and put again at the last instant stays', async () => {
    const [blobs, other] = [await open(old), await open(both)]
    const hash = await blobs.put(CONTENT)
    before.rename = async () => {
      await blobs.delete(hash)
      await other.put(CONTENT)
    }
    await rotateEncryption(root, both)
    expect(Buffer.compare(await (await open(after)).get(hash), CONTENT)).toBe(0)
  })

  test('what was erased and put again before is kept', async () => {
    const blobs = await open(old)
    const hash = await blobs.put(CONTENT)
    await blobs.delete(hash)
    await blobs.put(CONTENT)
    expect(await rotateEncryption(root, both)).toMatchObject({ rewrapped: 1 })
    expect(Buffer.compare(await (await open(after)).get(hash), CONTENT)).toBe(0)
  })

  test('erasing leaves marks only while a rotation lasts, and what a killed one left goes as temporary files go', async () => {
    const temporary = async () => (await readdir(root)).filter((name) => name.startsWith('.tmp-'))
    const blobs = await open(old)
    await blobs.delete(await blobs.put(CONTENT))
    expect(await temporary()).toEqual([])
    const hash = await blobs.put(CONTENT)
    let during: string[] = []
    before.rename = async () => {
      await blobs.delete(hash)
      during = await temporary()
    }
    await rotateEncryption(root, both)
    expect(during).toContain(`.tmp-deleted-${hash.slice(7)}`)
    expect(await temporary()).toEqual([])

    await announceReplacing(root)
    await blobs.delete(hash)
    expect(await temporary()).toHaveLength(2)
    const longAgo = new Date(Date.now() - 2 * 60 * 60 * 1000)
    for (const name of await temporary()) await utimes(path.join(root, name), longAgo, longAgo)
    await open(after)
    expect(await temporary()).toEqual([])
  })

  test('a server that still writes under the older key leaves nothing that the new key alone cannot open', async () => {
    const server = await open(old)
    await server.put(Buffer.from('before'))
    const late: string[] = []
    // After the folder of the second blob was read: the rotation does not come past it again.
    before.rename = async () => {
      for (let i = 0; i < 40; i++) late.push(await server.put(Buffer.from(`late ${i}`)))
    }
    expect((await rotateEncryption(root, both)).stillInUse).toEqual([])
    expect(late).toHaveLength(40)
    for (const hash of late) {
      expect(keyIdOf(await readFile(fileOf(hash)))).toBe(after.current.id)
      expect((await (await open(after)).get(hash)).length).toBeGreaterThan(0)
    }
    // Once the older key is out of use, nothing more is written under it.
    const more = Buffer.from('too late')
    await expect(server.put(more)).rejects.toMatchObject({ code: 'ENCRYPTION_KEY_RETIRED' })
    await expect(server.putStream(whole(more))).rejects.toMatchObject({ code: 'ENCRYPTION_KEY_RETIRED' })
    await (await open(after)).put(more)
  })

  test('what is acknowledged under the older key after the rotation looked keeps that key in use', async () => {
    const server = await open(old)
    const hash = await server.put(CONTENT)
    await rm(fileOf(hash))
    // The server writes; before the name is there the rotation begins and ends.
    let rotation: Awaited<ReturnType<typeof rotateEncryption>> | null = null
    before.rename = async () => {
      rotation = await rotateEncryption(root, both)
    }
    await server.put(CONTENT)
    expect(rotation).toMatchObject({ current: 0, rewrapped: 0 })
    expect(keyIdOf(await readFile(fileOf(hash)))).toBe(old.current.id)
    await expect(open(after)).rejects.toMatchObject({ code: 'ENCRYPTION_KEY_MISSING' })
    expect(await rotateEncryption(root, both)).toMatchObject({ rewrapped: 1, stillInUse: [] })
    expect(Buffer.compare(await (await open(after)).get(hash), CONTENT)).toBe(0)
  })

  test('a process that was started without keys writes nothing plain any more', async () => {
    const server = await open(null)
    const hash = await server.put(CONTENT)
    expect(await rotateEncryption(root, both)).toMatchObject({ encrypted: 1 })
    await expect(server.put(Buffer.from('plain'))).rejects.toMatchObject({ code: 'ENCRYPTION_KEY_RETIRED' })
    expect((await stat(fileOf(hash))).size).toBeGreaterThan(CONTENT.length)
  })
})
