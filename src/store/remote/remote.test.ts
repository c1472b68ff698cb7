import { randomBytes } from 'node:crypto'
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import S3rver from 's3rver'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest'
import { DataOptions } from '../../data/data-options.ts'
import { loadDataset } from '../../data/load-dataset.ts'
import { writeParquet } from '../../data/parquet.ts'
import { getFiles } from '../../data/versions/get-files.ts'
import { keepFiles } from '../../pipeline/keep-files.ts'
import { type KeyRing, parseKeyRing } from '../../security/at-rest/key-ring.ts'
import { type Home, openHome } from '../open-home.ts'
import { openRemote } from './open-remote.ts'
import { pullVersion, remoteVersion, remoteVersions } from './pull-version.ts'
import { pushVersion } from './push-version.ts'

// Disks and machines of tests are slow at times.
vi.setConfig({ testTimeout: 120_000 })

let store: S3rver
let bucket = ''
let nth = 0
const variables = ['AWS_ACCESS_KEY_ID', 'AWS_SECRET_ACCESS_KEY', 'AWS_ENDPOINT_URL_S3'] as const
const before = variables.map((name) => process.env[name])
beforeAll(async () => {
  bucket = await mkdtemp(path.join(tmpdir(), 'bellwether-remote-s3-'))
  const configureBuckets = [{ name: 'shared', configs: [] }]
  store = new S3rver({ port: 0, address: '127.0.0.1', silent: true, directory: bucket, configureBuckets })
  const values = ['S3RVER', 'S3RVER', `http://127.0.0.1:${(await store.run()).port}`]
  for (const [i, name] of variables.entries()) process.env[name] = values[i]
}, 60_000)
afterAll(async () => {
  for (const [i, name] of variables.entries()) {
    if (before[i] === undefined) delete process.env[name]
    else process.env[name] = before[i]
  }
  await store.close()
  await rm(bucket, { recursive: true, force: true })
})

let root = ''
let here: Home
let there: Home
const key = parseKeyRing([randomBytes(32).toString('hex')], 'test')

beforeEach(async () => {
  root = await mkdtemp(path.join(tmpdir(), 'bellwether-remote-'))
  nth += 1
})
afterEach(async () => {
  await here.close()
  await there.close()
  await rm(root, { recursive: true, force: true })
})

async function openHomes(ring: KeyRing | null = null): Promise<void> {
  here = await openHome(path.join(root, 'here'), { ring })
  there = await openHome(path.join(root, 'there'), { ring })
}

async function filesVersion(name: string, extra = ''): Promise<string> {
  const folder = path.join(root, name)
  await mkdir(path.join(folder, 'in'), { recursive: true })
  await writeFile(path.join(folder, 'a.txt'), 'private words')
  await writeFile(path.join(folder, 'in', 'b.txt'), `two${extra}`)
  await writeFile(path.join(folder, 'large.bin'), Buffer.alloc(700_000, 'large and plain '))
  const added = await keepFiles(
    [folder],
    { name: 'files', source: name },
    { ...here, clock: Date.now, indexFolder: null },
  )
  return added.id
}

async function tableVersion(): Promise<string> {
  const file = path.join(root, 't.csv')
  await writeFile(file, 'a,b\n1,x\n2,y\n')
  const dataset = await loadDataset({ file, options: DataOptions.parse({}) })
  await here.datasets.putDataset({
    id: dataset.id,
    name: 'table',
    nRows: dataset.nRows,
    nRejected: 0,
    schema: dataset.schema,
    profile: dataset.profile,
    source: 't.csv',
    blob: await here.blobs.put(await writeParquet(dataset.table, dataset.schema)),
    rejectsBlob: null,
    createdTime: 5,
  })
  return dataset.id
}

describe.each(['a folder', 'an object store'])('a remote in %s', (kind) => {
  const open = (readOnly = false, ring: KeyRing | null = null) =>
    openRemote(kind === 'a folder' ? path.join(root, 'remote') : `s3://shared/team/${nth}`, {
      readOnly,
      now: Date.now(),
      ring,
    })

  test('hands versions from one home to another, a table and files', async () => {
    await openHomes()
    const [files, table] = [await filesVersion('one'), await tableVersion()]
    const remote = await open()
    for (const id of [files, table]) {
      expect(await pushVersion(await here.datasets.dataset(id), here, remote)).toMatchObject({ already: false })
      expect(await pushVersion(await here.datasets.dataset(id), here, remote)).toMatchObject({ already: true })
    }
    await remote.close()
    const again = await open(true)
    expect((await remoteVersions(again)).sort()).toEqual([files, table].sort())
    for (const id of [files, table]) {
      expect(await remoteVersion(again, id.slice(7, 15))).toBe(id)
      expect(await pullVersion(id, there, again, Date.now)).toMatchObject({ already: false })
      expect(await pullVersion(id, there, again, Date.now)).toMatchObject({ already: true })
      expect(await there.datasets.dataset(id)).toStrictEqual(await here.datasets.dataset(id))
    }
    await again.close()
    const out = path.join(root, 'out')
    await getFiles((await there.datasets.dataset(files)).blob, out, there)
    expect(await readFile(path.join(out, 'in/b.txt'), 'utf8')).toBe('two')
    expect(await readFile(path.join(out, 'large.bin'))).toEqual(await readFile(path.join(root, 'one/large.bin')))
  })

  test('gets of a second version what it lacks, and of this version alone', async () => {
    await openHomes()
    const remote = await open()
    const one = await here.datasets.dataset(await filesVersion('one'))
    const two = await here.datasets.dataset(await filesVersion('two', ' more'))
    const first = await pushVersion(one, here, remote)
    const second = await pushVersion(two, here, remote)
    expect(first.sentBytes).toBeGreaterThan(100_000)
    expect(second.sentBytes).toBeLessThan(5_000)
    await pullVersion(two.id, there, remote, Date.now)
    await getFiles(two.blob, path.join(root, 'out'), there)
    expect(await readFile(path.join(root, 'out/in/b.txt'), 'utf8')).toBe('two more')
    await remote.close()
  })

  test('of homes with keys holds nothing in clear, and is not opened without them', async () => {
    await openHomes(key)
    const remote = await open(false, key)
    const id = await filesVersion('one')
    await pushVersion(await here.datasets.dataset(id), here, remote)
    await pullVersion(id, there, remote, Date.now)
    await remote.close()
    await expect(open(true)).rejects.toMatchObject({ code: 'ENCRYPTION_KEY_MISSING' })
    for (const place of [bucket, path.join(root, 'remote')]) {
      const entries = await readdir(place, { recursive: true, withFileTypes: true }).catch(() => [])
      for (const entry of entries.filter(
        (each) => each.isFile() && each.parentPath.includes(kind === 'a folder' ? 'remote' : `team/${nth}`),
      )) {
        const bytes = await readFile(path.join(entry.parentPath, entry.name))
        expect(bytes.includes('private words') || bytes.includes('a.txt'), entry.name).toBe(false)
      }
    }
  })
})

test('a push that was broken off goes on, and nothing is visible before its end', async () => {
  await openHomes()
  const id = await filesVersion('one')
  const remote = await openRemote(path.join(root, 'remote'), { readOnly: false, now: Date.now(), ring: null })
  const broken = { ...remote, blobs: remote.blobs, listNotes: remote.listNotes, readNote: remote.readNote }
  let notes = 0
  broken.writeNote = async (name, bytes) => {
    notes += 1
    if (notes === 2) throw new Error('the line broke')
    await remote.writeNote(name, bytes)
  }
  await expect(pushVersion(await here.datasets.dataset(id), here, broken)).rejects.toThrow('the line broke')
  expect(await remoteVersions(remote)).toEqual([])
  expect(await pushVersion(await here.datasets.dataset(id), here, remote)).toMatchObject({
    sentBytes: 0,
    already: false,
  })
  await pullVersion(id, there, remote, Date.now)
})

test('a remote with other contents than its names say is refused, and no version appears', async () => {
  await openHomes()
  const id = await filesVersion('one')
  const place = path.join(root, 'remote')
  const remote = await openRemote(place, { readOnly: false, now: Date.now(), ring: null })
  await pushVersion(await here.datasets.dataset(id), here, remote)
  const [pack] = await remote.listNotes('packs')
  const file = path.join(place, 'blobs', pack!.slice(0, 2), pack!.slice(0, 64))
  const bytes = await readFile(file)
  bytes[bytes.length - 3]! ^= 1
  await writeFile(file, bytes)
  await expect(pullVersion(id, there, remote, Date.now)).rejects.toMatchObject({ code: 'BLOB_CORRUPT' })
  await writeFile(path.join(place, 'datasets', `${id.slice(7)}.json`), '{}')
  await expect(pullVersion(id, there, remote, Date.now)).rejects.toMatchObject({ code: 'REMOTE_INVALID' })
  await expect(pullVersion(`sha256:${'0'.repeat(64)}`, there, remote, Date.now)).rejects.toMatchObject({
    code: 'DATASET_NOT_FOUND',
  })
  expect(await there.datasets.datasets()).toEqual([])
})
