import { randomBytes } from 'node:crypto'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import os from 'node:os'
import path from 'node:path'
import type { Worker } from 'node:worker_threads'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { MODEL_FILE } from '../../packaging/manifest.ts'
import { readAnyPackage } from '../../packaging/read-package.ts'
import { encodeState } from '../../packaging/state-codec.ts'
import type { WrittenFile } from '../../packaging/write-package.ts'
import { parseKeyRing } from '../../security/at-rest/key-ring.ts'
import type { State } from '../../table/state.ts'
import { FileBlobStore } from './file-blob-store.ts'
import type { HomeBlobs } from './home-blobs.ts'
import { type BesidePackages, MOST_AHEAD_BYTES, readPackagesBeside } from './read-packages-beside.ts'

const STATE: State = {
  trees: [{ threshold: Float64Array.from({ length: 4000 }, (_, i) => i / 7), left: Int32Array.of(1, -1) }],
  name: 'forest',
}
const DOCUMENT = Buffer.from('{"a":1}')

let root: string
let blobs: FileBlobStore
let packages: BesidePackages
beforeEach(async () => {
  root = await mkdtemp(path.join(os.tmpdir(), 'bellwether-beside-'))
  blobs = await FileBlobStore.open(root, { readOnly: false, now: Date.now() })
  packages = readPackagesBeside(blobs)!
})
afterEach(async () => {
  vi.unstubAllEnvs()
  await packages.close()
  await rm(root, { recursive: true, force: true })
})

async function put(store: FileBlobStore = blobs): Promise<WrittenFile[]> {
  const contents = { 'manifest.json': DOCUMENT, [MODEL_FILE]: encodeState(STATE) }
  const files: WrittenFile[] = []
  for (const [name, bytes] of Object.entries(contents))
    files.push({ path: name, hash: await store.put(bytes), sizeBytes: bytes.length })
  return files
}
const fileOf = (hash: string) => path.join(root, hash.slice(7, 9), hash.slice(7))
const firstArray = (state: State | undefined | null) =>
  (state as { trees: { threshold: Float64Array }[] }).trees[0]!.threshold

describe('packages read beside', () => {
  test('have the bytes of their files, and the state as it was encoded', async () => {
    const contents = await packages.readBeside!(await put(), MODEL_FILE)
    expect(contents!.state).toEqual(STATE)
    expect([...contents!.files.keys()]).toEqual(['manifest.json'])
    const document = contents!.files.get('manifest.json')!
    expect(Buffer.from(document).toString()).toBe('{"a":1}')
    expect(document.buffer.byteLength).toBe(DOCUMENT.length)
  })

  test('are decrypted with the keys of the environment', async () => {
    const key = randomBytes(32).toString('hex')
    const ring = parseKeyRing([key], 'test')
    const encrypted = await FileBlobStore.open(root, { readOnly: false, now: Date.now(), ring })
    const files = await put(encrypted)
    expect(await packages.readBeside!(files, MODEL_FILE)).toBeNull()
    await packages.close()
    vi.stubEnv('BELLWETHER_ENCRYPTION_KEYS', key)
    expect((await packages.readBeside!(files, MODEL_FILE))!.state).toEqual(STATE)
  })

  test('are null for a changed byte, a missing file, another size or a state that is none, and the reader says what it is', async () => {
    const files = await put()
    const [manifest, model] = files as [WrittenFile, WrittenFile]
    expect(await packages.readBeside!([manifest, { ...model, sizeBytes: model.sizeBytes - 1 }], MODEL_FILE)).toBeNull()
    const noState = Buffer.from('{"$Nothing":1}')
    const broken = { path: MODEL_FILE, hash: await blobs.put(noState), sizeBytes: noState.length }
    expect(await packages.readBeside!([manifest, broken], MODEL_FILE)).toBeNull()
    const stored = await readFile(fileOf(model.hash))
    stored[stored.length >> 1]! ^= 1
    await writeFile(fileOf(model.hash), stored)
    expect(await packages.readBeside!(files, MODEL_FILE)).toBeNull()
    await expect(readAnyPackage(packages, files)).rejects.toMatchObject({
      code: 'PACKAGE_CORRUPT',
      message: expect.stringMatching(/model\.json .* is not as it was written/),
    })
    await rm(fileOf(model.hash))
    expect(await packages.readBeside!(files, MODEL_FILE)).toBeNull()
    await expect(readAnyPackage(packages, files)).rejects.toMatchObject({ message: expect.stringMatching(/is gone/) })
  })

  test('that were read ahead are handed over once each, and share nothing', async () => {
    const files = await put()
    expect(packages.readAhead(files, MODEL_FILE)).toBe(true)
    expect(packages.readAhead(files, MODEL_FILE)).toBe(true)
    // What was read ahead needs no file any more.
    await vi.waitFor(async () => expect(await packages.readBeside!([], MODEL_FILE)).not.toBeNull())
    for (const { hash } of files) await rm(fileOf(hash))
    const [first, second] = [
      await packages.readBeside!(files, MODEL_FILE),
      await packages.readBeside!(files, MODEL_FILE),
    ]
    expect(second!.state).toEqual(first!.state)
    expect(firstArray(second!.state).buffer).not.toBe(firstArray(first!.state).buffer)
    expect(await packages.readBeside!(files, MODEL_FILE)).toBeNull()
  })

  test('are not read ahead beyond a limit, until some of them were asked for', async () => {
    const files = await put()
    const large = [{ ...files[0]!, sizeBytes: MOST_AHEAD_BYTES }]
    expect(packages.readAhead(large, MODEL_FILE)).toBe(true)
    expect(packages.readAhead(files, MODEL_FILE)).toBe(false)
    expect(await packages.readBeside!(large, MODEL_FILE)).toBeNull()
    expect(packages.readAhead(files, MODEL_FILE)).toBe(true)
  })

  test('that are being read when the thread ends are null, and a later one starts it anew', async () => {
    const files = await put()
    const reading = packages.readBeside!(files, MODEL_FILE)
    await packages.close()
    expect(await reading).toBeNull()
    expect((await packages.readBeside!(files, MODEL_FILE))!.state).toEqual(STATE)
  })

  test('leave no thread behind when nothing was asked for a while', async () => {
    const impatient = readPackagesBeside(blobs, 50)!
    const threads: Worker[] = []
    const note = (thread: Worker) => threads.push(thread)
    process.on('worker', note)
    const files = await put()
    expect(await impatient.readBeside!(files, MODEL_FILE)).not.toBeNull()
    expect(threads.length).toBe(1)
    // A thread that has ended has no number.
    await vi.waitFor(() => expect(threads[0]!.threadId).toBe(-1), 20_000)
    process.off('worker', note)
    await impatient.close()
  })

  test('come from a folder; a bucket has no such way', () => {
    expect(readPackagesBeside({ place: 's3://bucket/blobs' } as HomeBlobs)).toBeNull()
  })
})
