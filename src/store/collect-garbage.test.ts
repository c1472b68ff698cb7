import { mkdir, mkdtemp, readdir, rm, utimes, writeFile } from 'node:fs/promises'
import { hostname, tmpdir } from 'node:os'
import path from 'node:path'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { getFiles } from '../data/versions/get-files.ts'
import { keepFiles } from '../pipeline/keep-files.ts'
import { bytesOf, someDataset, someVersion } from '../track/testing/open-stores.ts'
import { collectGarbage } from './collect-garbage.ts'
import { type Home, openHome } from './open-home.ts'

vi.setConfig({ testTimeout: 120_000, hookTimeout: 120_000 })

const DAY = 86_400_000
let root = ''
let home: Home
beforeEach(async () => {
  root = await mkdtemp(path.join(tmpdir(), 'bellwether-garbage-'))
  home = await openHome(path.join(root, 'home'))
})
afterEach(async () => {
  await home.close()
  await rm(root, { recursive: true, force: true })
})

const fileOf = (hash: string) => path.join(home.folder, 'blobs', hash.slice(7, 9), hash.slice(7))
/** Makes every blob look as if it had been written long ago. */
async function age(): Promise<void> {
  for await (const { hash } of home.blobs.list()) await utimes(fileOf(hash), new Date(0), new Date(0))
}
const collect = (dryRun = false, olderThanMs = DAY, now = Date.now()) =>
  collectGarbage(home, { now, olderThanMs, dryRun })

async function addFiles(name: string, content: string): Promise<{ id: string; manifest: string }> {
  const folder = path.join(root, name)
  await mkdir(folder, { recursive: true })
  await writeFile(path.join(folder, 'a.txt'), content)
  return keepFiles([folder], { name, source: name }, { ...home, clock: Date.now, indexFolder: null })
}

test('what anything refers to stays: tables, rejected rows, packages, artifacts, uploads', async () => {
  const version = await someVersion(home)
  await home.models.createVersion(version)
  const rejectsBlob = await home.blobs.put(bytesOf('rejects'))
  await home.datasets.putDataset(await someDataset(home, 'fedcba', { rejectsBlob }))
  const artifact = bytesOf('a picture')
  await home.tracking.logArtifact(version.runId, {
    path: 'figure.svg',
    hash: await home.blobs.put(artifact),
    sizeBytes: artifact.length,
    mediaType: 'image/svg+xml',
  })
  const files = await addFiles('photos', 'a photo')
  const kept: string[] = []
  for await (const { hash } of home.blobs.list()) kept.push(hash)
  const orphan = await home.blobs.put(bytesOf('nobody names this'))
  await age()
  expect(await collect(true)).toMatchObject({ blobs: 1, removed: false })
  expect(await home.blobs.has(orphan)).toBe(true)
  expect(await collect()).toMatchObject({ blobs: 1, removed: true, left: 0 })
  expect(await home.blobs.has(orphan)).toBe(false)
  for (const hash of kept) expect(await home.blobs.has(hash), hash).toBe(true)
  await getFiles(files.manifest, path.join(root, 'out'), home)
  expect(await collect()).toMatchObject({ blobs: 0 })
})

test('what is young stays, and what is put again is young', async () => {
  const orphan = await home.blobs.put(bytesOf('nobody names this yet'))
  expect(await collect()).toMatchObject({ blobs: 0, left: 1 })
  await age()
  await home.blobs.put(bytesOf('nobody names this yet'))
  expect(await collect()).toMatchObject({ blobs: 0, left: 1 })
  expect(await home.blobs.deleteUnlessPut!(orphan, Date.now() - DAY)).toBe(false)
  expect(await home.blobs.has(orphan)).toBe(true)
  expect((await readdir(path.join(home.folder, 'blobs'))).filter((name) => name.startsWith('.tmp'))).toEqual([])
})

test('the pack of a version that was removed goes, and one that another version needs stays', async () => {
  const one = await addFiles('one', 'the same')
  const two = await addFiles('two', 'the same')
  const three = await addFiles('three', 'another')
  expect(two.id).toBe(one.id)
  await home.datasets.removeDataset(three.id, Date.now())
  await expect(home.datasets.dataset(three.id)).rejects.toMatchObject({ code: 'DATASET_NOT_FOUND' })
  await age()
  // The pack's own time says that it is young.
  expect(await collect()).toMatchObject({ blobs: 1 })
  expect(await collect(false, DAY, Date.now() + 2 * DAY)).toMatchObject({ blobs: 1 })
  await getFiles(one.manifest, path.join(root, 'out'), home)
  // What is gone is kept anew when it comes again.
  const again = await addFiles('three', 'another')
  await getFiles(again.manifest, path.join(root, 'again'), home)
})

test('packs stay while somebody adds data, and go when that process is dead', async () => {
  await addFiles('one', 'content')
  const { id } = await addFiles('two', 'other content')
  await home.datasets.removeDataset(id, Date.now())
  const later = Date.now() + 2 * DAY
  await home.chunks.whileWriting(async () => {
    await age()
    expect(await collect(false, DAY, later)).toMatchObject({ writers: 1 })
    await expect(
      home.datasets.removeDataset((await home.datasets.datasets())[0]!.id, Date.now()),
    ).rejects.toMatchObject({
      code: 'DATA_BUSY',
    })
  })
  await home.database.write((sql) =>
    sql.run(
      'INSERT INTO chunk_writers (id, process, started_time) VALUES (?, ?, ?)',
      'x',
      `${hostname()}:4194303:1`,
      0,
    ),
  )
  expect(await collect(false, DAY, later)).toMatchObject({ writers: 0, blobs: 1 })
})

test('a version that something was made from is not removed', async () => {
  const version = await someVersion(home)
  await home.models.createVersion(version)
  await expect(home.datasets.removeDataset(version.datasetId, Date.now())).rejects.toMatchObject({
    code: 'DATASET_IN_USE',
  })
  await home.tracking.logDataset(version.runId, version.datasetId, 'training')
  await expect(home.datasets.removeDataset(version.datasetId, Date.now())).rejects.toMatchObject({
    code: 'DATASET_IN_USE',
  })
})

test('whoever puts old content and names it while garbage is collected keeps it', async () => {
  const contents = Array.from({ length: 60 }, (_, i) => `content ${i}`)
  for (const content of contents) await home.blobs.put(bytesOf(content))
  await age()
  const other = await openHome(home.folder)
  let done = false
  const collecting = (async () => {
    while (!done) await collect()
  })()
  try {
    for (const [i, content] of contents.entries()) {
      const blob = await other.blobs.put(bytesOf(content))
      await other.datasets.putDataset(await someDataset(other, `abc${String(i).padStart(4, '0')}`, { blob }))
    }
  } finally {
    done = true
    await collecting
    await other.close()
  }
  for (const { blob } of await home.datasets.datasets()) expect(await home.blobs.get(blob)).toBeDefined()
  expect(await home.datasets.datasets()).toHaveLength(60)
})
