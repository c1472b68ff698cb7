import { mkdir, mkdtemp, readdir, readFile, rm, truncate, writeFile } from 'node:fs/promises'
import os from 'node:os'
import path from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { FileBlobStore } from './file-blob-store.ts'

describe('blobs as files', () => {
  let root: string
  let blobs: FileBlobStore
  const bytes = new TextEncoder().encode('a model')
  const fileOf = (hash: string) => path.join(root, hash.slice(7, 9), hash.slice(7))
  beforeEach(async () => {
    root = await mkdtemp(path.join(os.tmpdir(), 'bellwether-blobs-'))
    blobs = await FileBlobStore.open(root, { readOnly: false, now: Date.now() })
  })
  afterEach(() => rm(root, { recursive: true, force: true }))

  test('lie in folders of their first two digits, and nothing else lies there', async () => {
    const hash = await blobs.put(bytes)
    const hex = hash.slice(7)
    expect(await readdir(root)).toEqual([hex.slice(0, 2)])
    expect(await readdir(path.join(root, hex.slice(0, 2)))).toEqual([hex])
    expect(await readFile(fileOf(hash))).toEqual(Buffer.from(bytes))
  })

  test('a changed, shortened or emptied file is BLOB_CORRUPT, not bytes', async () => {
    const hash = await blobs.put(bytes)
    const file = fileOf(hash)
    for (const damage of [() => writeFile(file, 'a madel'), () => truncate(file, 3), () => truncate(file, 0)]) {
      await damage()
      await expect(blobs.get(hash)).rejects.toMatchObject({
        code: 'BLOB_CORRUPT',
        message: expect.stringContaining(hash),
      })
    }
  })

  test('a damaged file is made whole when the same content is put again', async () => {
    const hash = await blobs.put(bytes)
    await writeFile(fileOf(hash), 'broken')
    expect(await blobs.put(bytes)).toBe(hash)
    expect(await readFile(fileOf(hash), 'utf8')).toBe('a model')
  })

  test('a folder where a blob should be is a clear error', async () => {
    const hash = await blobs.put(bytes)
    const file = fileOf(hash)
    await rm(file)
    await mkdir(file)
    await expect(blobs.get(hash)).rejects.toMatchObject({ code: 'STORAGE_FAILED' })
    await expect(blobs.put(bytes)).rejects.toMatchObject({ code: 'STORAGE_FAILED' })
    expect((await readdir(root)).filter((name) => name.startsWith('.tmp-'))).toEqual([])
  })

  test('a folder that is gone is made again by the next put', async () => {
    await rm(root, { recursive: true })
    const hash = await blobs.put(bytes)
    expect(await blobs.get(hash)).toEqual(bytes)
  })
})
