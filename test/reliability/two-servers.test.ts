import { mkdtemp, rm } from 'node:fs/promises'
import os from 'node:os'
import path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { describe, expect, test } from 'vitest'
import { postgresHomes } from '../support/postgres-home.ts'
import { startServing } from '../support/served.ts'
import { checkStore } from './check-store.ts'
import { type Acknowledged, prepare, write } from './writers.ts'

const SERVERS = 2
const WRITERS_EACH = 16
/** All writers together; each goes through all kinds of writes at least once. */
const WRITES = 700

const homes = postgresHomes()

/** Two servers over one store, with 16 clients each, all of which log to one run and register versions of one model. */
async function writeAtOnce(place: string): Promise<void> {
  const servers = []
  const acknowledged: Acknowledged[] = []
  const stop = new AbortController()
  try {
    for (let i = 0; i < SERVERS; i++)
      servers.push(await startServing(['serve', '--home', place, '--create-home', '--no-auth']))
    const model = 'contended'
    const sharedRun = await prepare(servers[0]!.url, model)
    const writing = servers.flatMap(({ url }, server) =>
      Array.from({ length: WRITERS_EACH }, (_, writer) =>
        write(`s${server}w${writer}`, { url, signal: stop.signal, model, sharedRun, acknowledged }),
      ),
    )
    const all = Promise.all(writing)
    const enough = async () => {
      while (acknowledged.length < WRITES) await sleep(10)
    }
    await Promise.race([enough(), all])
    stop.abort()
    await all
    // Nobody was cut off: each writer ended by itself, and each server goes on.
    for (const { url } of servers) expect((await fetch(`${url}/health/live`)).status).toBe(200)
  } finally {
    stop.abort()
    for (const server of servers) await server.stop()
  }
  await checkStore(place, acknowledged)
  const versions = acknowledged.flatMap((what) => (what.kind === 'version' ? what.version : []))
  expect(versions.toSorted((a, b) => a - b)).toEqual(Array.from({ length: versions.length }, (_, index) => index + 1))
  expect(versions.length).toBeGreaterThanOrEqual(SERVERS * WRITERS_EACH)
}

describe(`two servers over one store and ${SERVERS * WRITERS_EACH} clients that write at once lose no update, and version numbers have neither gaps nor twins`, () => {
  test('on SQLite', { timeout: 600_000 }, async () => {
    const folder = await mkdtemp(path.join(os.tmpdir(), 'bellwether-two-servers-'))
    try {
      await writeAtOnce(path.join(folder, 'home'))
    } finally {
      await rm(folder, { recursive: true, force: true })
    }
  })

  test('on PostgreSQL', { timeout: 600_000 }, async () => {
    const { place, remove } = await homes.untouched()
    try {
      await writeAtOnce(place)
    } finally {
      await remove()
    }
  })
})
