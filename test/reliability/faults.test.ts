import { randomBytes } from 'node:crypto'
import { existsSync, rmSync, statfsSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { afterEach, describe, expect, test, vi } from 'vitest'
import { bellwether } from '../support/cli.ts'
import { postgresHomes } from '../support/postgres-home.ts'
import { type Served, startServing } from '../support/served.ts'
import { type SmallDisk, smallDisk } from '../support/small-disk.ts'
import { noteNotRun } from '../support/test-notes.ts'
import { checkStore } from './check-store.ts'
import type { Acknowledged } from './writers.ts'

vi.setConfig({ testTimeout: 300_000 })

const probe = smallDisk(1)
probe?.remove()
if (!probe) noteNotRun('a full disk and a read-only folder under a running server', 'this user may not mount anything')

let disk: SmallDisk | null = null
let server: Served | null = null
afterEach(async () => {
  await server?.stop()
  server = null
  disk?.remove()
  disk = null
})

interface ErrorBody {
  readonly error_code?: string
  readonly error?: string
  readonly message: string
}

const MLFLOW = '/api/2.0/mlflow'

async function newRun({ post }: Served): Promise<{ run_id: string; artifact_uri: string }> {
  type Answer = { run: { info: { run_id: string; artifact_uri: string } } }
  return (await post<Answer>(`${MLFLOW}/runs/create`, { experiment_id: '0', start_time: 1 })).body.run.info
}

const log = ({ post }: Served, run_id: string, step: number) =>
  post<ErrorBody>(`${MLFLOW}/runs/log-metric`, { run_id, key: 'loss', value: 1, timestamp: 1, step })

/** @returns the status, and the error where there is one */
async function put({ url }: Served, uri: string, name: string, bytes: number) {
  const place = `${url}/api/2.0/mlflow-artifacts/artifacts/${uri.replace(/^mlflow-artifacts:\/+/, '')}/${name}`
  const response = await fetch(place, { method: 'PUT', body: randomBytes(bytes) as Uint8Array<ArrayBuffer> })
  return { status: response.status, body: (await response.json()) as ErrorBody }
}

describe.runIf(probe !== null)('a running server', () => {
  test('whose disk is full says so, answers what is only read, and writes again once there is space', async () => {
    disk = smallDisk(8)!
    const home = path.join(disk.folder, 'home')
    server = await startServing(['serve', '--home', home, '--create-home', '--no-auth'])
    const { run_id, artifact_uri } = await newRun(server)
    const acknowledged: Acknowledged[] = [{ kind: 'run', run: run_id }]
    const ballast = path.join(disk.folder, 'ballast')
    const { bavail, bsize } = statfsSync(disk.folder)
    writeFileSync(ballast, Buffer.alloc(Math.max(0, bavail * bsize - 300_000)))
    const artifact = await put(server, artifact_uri, 'large.bin', 1_000_000)
    expect(artifact).toMatchObject({ status: 507, body: { message: expect.stringContaining('no space is left') } })
    // Metrics go into the log of the database until that is full as well.
    let refused: { status: number; body: ErrorBody } | null = null
    for (let step = 0; step < 3000 && refused === null; step++) {
      const answer = await log(server, run_id, step)
      if (answer.status === 200) acknowledged.push({ kind: 'metric', run: run_id, step })
      else refused = answer
    }
    expect(refused).toMatchObject({ status: 507, body: { message: expect.stringContaining('no space is left') } })
    expect((await server.get(`${MLFLOW}/runs/get?run_id=${run_id}`)).status).toBe(200)
    expect((await server.get('/health/live')).status).toBe(200)
    rmSync(ballast)
    expect((await log(server, run_id, 5000)).status).toBe(200)
    acknowledged.push({ kind: 'metric', run: run_id, step: 5000 })
    expect((await put(server, artifact_uri, 'large.bin', 1_000_000)).status).toBe(200)
    await server.stop()
    await checkStore(home, acknowledged)
  })

  test('whose folder of blobs has become read-only says so, and writes again once it is writable', async () => {
    disk = smallDisk(16)!
    const home = path.join(disk.folder, 'home')
    server = await startServing(['serve', '--home', home, '--create-home', '--no-auth'])
    const { run_id, artifact_uri } = await newRun(server)
    const writable = disk.readOnly('home/blobs')
    try {
      const refused = await put(server, artifact_uri, 'model.bin', 10_000)
      expect(refused).toMatchObject({ status: 503, body: { message: expect.stringContaining('can only be read') } })
      expect((await log(server, run_id, 1)).status).toBe(200)
    } finally {
      writable()
    }
    expect((await put(server, artifact_uri, 'model.bin', 10_000)).status).toBe(200)
  })

  test('is not started on a folder that is read-only, and the command says why', async () => {
    disk = smallDisk(16)!
    const home = path.join(disk.folder, 'home')
    server = await startServing(['serve', '--home', home, '--create-home'])
    await server.stop()
    const writable = disk.readOnly('home')
    try {
      const { status, stderr } = await bellwether(['serve', '--home', home, '--port', '0', '--json'])
      expect(status).toBe(2)
      expect(JSON.parse(stderr.trim().split('\n').at(-1)!)).toMatchObject({ error: 'HOME_READ_ONLY' })
    } finally {
      writable()
    }
    expect(existsSync(path.join(home, 'bellwether.db'))).toBe(true)
  })
})

describe('a server whose PostgreSQL is gone', () => {
  const homes = postgresHomes()

  test('says so at every route, and goes on once it is back, without a restart', async () => {
    const { place, remove } = await homes.untouched()
    try {
      server = await startServing(['serve', '--home', place, '--create-home', '--no-auth'])
      const { run_id } = await newRun(server)
      expect((await log(server, run_id, 1)).status).toBe(200)
      await homes.server().stop()
      try {
        for (let attempt = 0; attempt < 3; attempt++) {
          const lost = await log(server, run_id, 2)
          expect(lost).toMatchObject({ status: 503, body: { error_code: 'TEMPORARILY_UNAVAILABLE' } })
          expect(lost.body.message).not.toContain('only-for-tests')
          expect((await server.get<ErrorBody>('/api/v1/runs')).body).toMatchObject({ error: 'DATABASE_UNREACHABLE' })
        }
        expect((await server.get('/health/live')).status).toBe(200)
      } finally {
        await homes.server().start()
      }
      await expect.poll(async () => (await log(server!, run_id, 3)).status, { timeout: 60_000 }).toBe(200)
      const acknowledged: Acknowledged[] = [1, 3].map((step) => ({ kind: 'metric', run: run_id, step }))
      const { stderr } = await server.stop()
      expect(stderr).not.toContain('only-for-tests')
      await checkStore(place, acknowledged)
    } finally {
      await remove()
    }
  })
})
