import { randomBytes } from 'node:crypto'
import { writeFileSync } from 'node:fs'
import path from 'node:path'
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import type { TransferState } from '../../src/server/data-transfers.ts'
import { bellwether, temporaryFolder } from '../support/cli.ts'
import { type Served, startServing } from '../support/served.ts'

const { folder, remove } = temporaryFolder()
const home = path.join(folder, 'home')
const remote = path.join(folder, 'remote')
const TABLE = 'age,course\n19,Biology\n21,Law\n20,Biology\n'

vi.setConfig({ testTimeout: 240_000, hookTimeout: 240_000 })

let server: Served
beforeAll(async () => {
  server = await startServing(['serve', '--create-home', '--home', home], { env: { BELLWETHER_DATA_REMOTE: remote } })
})
afterAll(async () => {
  await server?.stop()
  remove()
})

interface Added {
  readonly id: string
  readonly nRows: number
  readonly error: string
  readonly message: string
}

async function upload(query: string, type: string, body: string | Uint8Array, headers: Record<string, string> = {}) {
  const answer = await fetch(`${server.url}/api/v1/datasets?${query}`, {
    method: 'POST',
    headers: { 'content-type': type, ...headers },
    body: body as Uint8Array<ArrayBuffer>,
  })
  return { status: answer.status, body: (await answer.json()) as Added }
}

async function ours<T>(...args: string[]): Promise<T> {
  const { status, stdout, stderr } = await bellwether([...args, '--json'])
  expect(status, stderr).toBe(0)
  return JSON.parse(stdout) as T
}

async function transfer(direction: 'push' | 'pull', ids: readonly string[] = []): Promise<TransferState> {
  const { status, body } = await server.post<TransferState>(`/api/v1/data-remote/${direction}`, { ids })
  expect([status, body.state]).toEqual([202, 'running'])
  return vi.waitFor(
    async () => {
      const { transfer } = (await server.get<{ transfer: TransferState }>('/api/v1/data-remote')).body
      expect(transfer.state).not.toBe('running')
      return transfer
    },
    { timeout: 120_000, interval: 200 },
  )
}

describe('versions of data over HTTP', () => {
  test('a table that is sent is the version that the command line makes of the same file, and comes back as it was', async () => {
    const sent = await upload('name=students', 'text/csv', TABLE)
    expect(sent).toMatchObject({ status: 201, body: { nRows: 3, name: 'students' } })
    const file = path.join(folder, 'students.csv')
    writeFileSync(file, TABLE)
    const other = path.join(folder, 'other')
    expect((await ours<Added>('data', 'add', file, '--home', other)).id).toBe(sent.body.id)
    const table = `/api/v1/datasets/${sent.body.id}/table`
    expect(await server.get(`${table}?format=csv`)).toMatchObject({ status: 200, body: TABLE })
    const lines = await (await fetch(`${server.url}${table}?format=jsonl`)).text()
    expect(lines.split('\n')[0]).toBe('{"age":19,"course":"Biology"}')
    const parquet = new Uint8Array(await (await fetch(server.url + table)).arrayBuffer())
    expect(Buffer.from(parquet.slice(0, 4)).toString()).toBe('PAR1')
    const tail = await fetch(server.url + table, { headers: { range: 'bytes=-4' } })
    expect([tail.status, await tail.text()]).toEqual([206, 'PAR1'])
    // What went out comes in as the same version.
    expect((await upload('name=again', 'application/vnd.apache.parquet', parquet)).body.id).toBe(sent.body.id)
  })

  test('a table that is none is refused as input, and nothing is kept of it', async () => {
    const bad = await upload('name=broken', 'text/csv', 'a,a\n1,2\n')
    expect([bad.status, bad.body.error]).toEqual([400, 'INVALID_INPUT'])
    expect(bad.body.message).not.toMatch(/upload\.|tmp/)
    expect((await upload('name=broken', 'text/csv', '')).status).toBe(400)
    expect((await upload('name=broken', 'application/zip', 'x')).status).toBe(415)
    expect((await server.get('/api/v1/datasets?name=broken')).body).toEqual({ datasets: [] })
  })

  test('a file is kept byte for byte under a name that is data, and any range of it is fetched', async () => {
    const bytes = randomBytes(700_000)
    const { status, body } = await upload('name=photos&file=2026/a%20%C3%BC.bin', 'application/octet-stream', bytes)
    expect(status).toBe(201)
    const { files, next } = (
      await server.get<{ files: { path: string; sizeBytes: number }[]; next: null }>(
        `/api/v1/datasets/${body.id}/files`,
      )
    ).body
    expect(files).toMatchObject([{ path: '2026/a ü.bin', sizeBytes: 700_000 }])
    expect(next).toBeNull()
    const url = `${server.url}/api/v1/datasets/${body.id}/file?path=${encodeURIComponent(files[0]!.path)}`
    expect(Buffer.from(await (await fetch(url)).arrayBuffer()).equals(bytes)).toBe(true)
    for (const [first, last] of [
      [0, 0],
      [123_456, 523_456],
      [699_999, 699_999],
    ] as const) {
      const part = await fetch(url, { headers: { range: `bytes=${first}-${last}` } })
      expect([part.status, part.headers.get('content-range')]).toEqual([206, `bytes ${first}-${last}/700000`])
      expect(Buffer.from(await part.arrayBuffer()).equals(bytes.subarray(first, last + 1))).toBe(true)
    }
    for (const outside of ['../x', '/etc/passwd', 'a/../b'])
      expect((await upload(`name=photos&file=${encodeURIComponent(outside)}`, 'text/plain', 'x')).status).toBe(400)
  })

  test('versions go to the remote of the server and come from there', async () => {
    const { id } = (await upload('name=students', 'text/csv', TABLE)).body
    const pushed = await transfer('push', [id])
    expect(pushed).toMatchObject({ state: 'done', versions: [{ id, already: false }] })
    expect((await transfer('push', [id])).versions).toMatchObject([{ id, already: true, sizeBytes: 0 }])
    const elsewhere = path.join(folder, 'elsewhere')
    writeFileSync(path.join(folder, 'more.csv'), 'x\n1\n2\n')
    const more = await ours<Added>('data', 'add', path.join(folder, 'more.csv'), '--home', elsewhere)
    await ours('data', 'push', '--home', elsewhere, '--remote', remote)
    expect(await transfer('pull')).toMatchObject({ state: 'done' })
    expect((await server.get<Added>(`/api/v1/datasets/${more.id}`)).body.nRows).toBe(2)
    expect((await server.get<{ log: { name: string }[] }>('/api/v1/dataset-log')).body.log[0]).toMatchObject({
      name: 'more',
      id: more.id,
    })
    expect(await transfer('pull', ['00000000'])).toMatchObject({
      state: 'failed',
      error: { error: 'DATASET_NOT_FOUND' },
    })
  })

  test('a version that nothing was made from is forgotten on request', async () => {
    const { id } = (await upload('name=gone', 'text/csv', 'g\n7\n')).body
    const gone = await fetch(`${server.url}/api/v1/datasets/${id}`, { method: 'DELETE' })
    expect([gone.status, (await gone.json()) as Added]).toMatchObject([200, { id }])
    expect((await server.get(`/api/v1/datasets/${id}`)).status).toBe(404)
  })
})
