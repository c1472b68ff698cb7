import { mkdtemp, rm } from 'node:fs/promises'
import os from 'node:os'
import path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { describe, expect, test } from 'vitest'
import { postgresHomes } from '../support/postgres-home.ts'
import { startServing } from '../support/served.ts'
import { checkStore } from './check-store.ts'
import { type Acknowledged, prepare, write } from './writers.ts'

/** How many times the server is killed; the soak lane asks for more. */
const KILLS = Number(process.env['BELLWETHER_KILLS'] ?? 6)
const WRITERS = 8
/** It is killed when it has acknowledged at most so many writes in a round; every writer has been through all kinds by then. */
const MAX_WRITES = 250

const homes = postgresHomes()

/** Kills a server at a random instant of its work, again and again over the same store, and looks at the store after each. */
async function killAgainAndAgain(place: string): Promise<void> {
  const acknowledged: Acknowledged[] = []
  for (let round = 0; round < KILLS; round++) {
    const server = await startServing(['serve', '--home', place, '--create-home', '--no-auth'])
    const model = 'killed'
    const sharedRun = await prepare(server.url, model)
    acknowledged.push({ kind: 'run', run: sharedRun })
    const stop = new AbortController()
    const fresh: Acknowledged[] = []
    const writers = Array.from({ length: WRITERS }, (_, writer) =>
      write(`r${round}w${writer}`, {
        url: server.url,
        signal: stop.signal,
        model,
        sharedRun,
        acknowledged: fresh,
      }),
    )
    // A writer that is refused ends the test, and not only itself.
    const failed = Promise.all(writers).then(() => undefined)
    const writes = round === 0 ? MAX_WRITES : Math.random() * MAX_WRITES
    try {
      await Promise.race([untilWritten(fresh, writes, stop.signal), failed])
    } finally {
      process.kill(server.pid, 'SIGKILL')
      stop.abort()
    }
    await failed
    const { status } = await server.stop()
    expect(status).toBe(null)
    acknowledged.push(...fresh)
    // What earlier rounds wrote is looked at again at the end.
    await checkStore(place, fresh)
  }
  await checkStore(place, acknowledged)
  expect(new Set(acknowledged.map(({ kind }) => kind)).size).toBe(9)
}

/** And a moment more, so that the kill falls at any instant of the next write. */
async function untilWritten(acknowledged: readonly unknown[], writes: number, signal: AbortSignal): Promise<void> {
  while (acknowledged.length < writes && !signal.aborted) await sleep(1)
  await sleep(Math.random() * 30)
}

describe(`after kill -9 at ${KILLS} random instants of a server that ${WRITERS} clients write to, everything acknowledged is there and nothing by halves`, () => {
  test('on SQLite', { timeout: 120_000 + KILLS * 30_000 }, async () => {
    const folder = await mkdtemp(path.join(os.tmpdir(), 'bellwether-killed-'))
    try {
      await killAgainAndAgain(path.join(folder, 'home'))
    } finally {
      await rm(folder, { recursive: true, force: true })
    }
  })

  test('on PostgreSQL', { timeout: 120_000 + KILLS * 30_000 }, async () => {
    const { place, remove } = await homes.untouched()
    try {
      await killAgainAndAgain(place)
    } finally {
      await remove()
    }
  })
})
