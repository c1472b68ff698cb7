import { createHash } from 'node:crypto'
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { zipSync } from 'fflate'
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { dataset, describeWithDatasets } from '../../test/support/datasets.ts'
import { fetchDataset, PUBLISHED_DATASETS, type PublishedDataset } from './fetch-dataset.ts'

const content = Buffer.from('a;b\n1;2\n')
const sha256 = createHash('sha256').update(content).digest('hex')
let served: Uint8Array = new Uint8Array()
let nRequests = 0
let server: Server
let published: PublishedDataset[] = []
let outDir = ''

beforeAll(async () => {
  server = createServer((_, response) => {
    nRequests++
    response.end(served)
  }).listen(0, '127.0.0.1')
  await new Promise((done) => server.once('listening', done))
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/x.zip`
  published = [{ ...PUBLISHED_DATASETS[0]!, url, sha256 }]
})
afterAll(() => server.close())
beforeEach(async () => {
  outDir = await mkdtemp(path.join(tmpdir(), 'bellwether-fetch-'))
  return () => rm(outDir, { recursive: true, force: true })
})

const fetchIt = (name = 'uci-697') => fetchDataset(name, { outDir, published, allowPrivate: true })

test('a published data set is fetched, unpacked, checked and written whole; the second time it is there', async () => {
  served = zipSync({ 'data.csv': content, 'read.me': Buffer.from('x') })
  nRequests = 0
  const first = await fetchIt()
  expect(first).toMatchObject({ cached: false, sha256, sizeBytes: content.length, licence: 'CC BY 4.0' })
  expect(await readFile(first.file)).toEqual(content)
  expect(await fetchIt()).toMatchObject({ cached: true, file: first.file })
  expect(nRequests).toBe(1)
})

test('a file of another content is fetched anew', async () => {
  served = zipSync({ 'data.csv': content })
  const { file } = await fetchIt()
  await writeFile(file, 'changed')
  expect((await fetchIt()).cached).toBe(false)
  expect(await readFile(file)).toEqual(content)
})

test.each([
  ['another file', () => zipSync({ 'data.csv': Buffer.from('a;b\n') })],
  ['an archive without the file', () => zipSync({ 'other.csv': content })],
  ['what is no archive', () => Buffer.from('<html>not found</html>')],
])('%s is refused, and nothing is left behind', async (_, archive) => {
  served = archive()
  await expect(fetchIt()).rejects.toMatchObject({ code: 'DOWNLOAD_CORRUPT' })
  expect(await readdir(outDir)).toEqual([])
})

test('without a network it says so', async () => {
  const away = [{ ...published[0]!, url: 'https://archive.invalid/x.zip' }]
  await expect(fetchDataset('uci-697', { outDir, published: away })).rejects.toMatchObject({
    code: 'NETWORK_UNAVAILABLE',
  })
  expect(await readdir(outDir)).toEqual([])
})

test('an unknown name is answered with the known ones', async () => {
  await expect(fetchIt('uci-1')).rejects.toMatchObject({
    code: 'DATASET_UNKNOWN',
    message: expect.stringContaining('uci-697'),
  })
})

describeWithDatasets('the published data sets', () => {
  test('uci-697 is the file that is known here by its hash', async () => {
    const bytes = await readFile(dataset('student-dropout', 'data.csv'))
    expect(createHash('sha256').update(bytes).digest('hex')).toBe(PUBLISHED_DATASETS[0]!.sha256)
  })
})
