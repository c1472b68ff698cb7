import { mkdtemp, readdir, rm } from 'node:fs/promises'
import os from 'node:os'
import path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { DATABASE_FILE, openHome } from './open-home.ts'
import { loadSqlite } from './sqlite/load-sqlite.ts'
import type { Acknowledged } from './testing/kill-writer-script.ts'
import { finished, startScript } from './testing/run-script.ts'

/** How many times the writer is killed; the soak lane asks for more. */
const KILLS = Number(process.env.BELLWETHER_KILLS ?? 15)

/** The writer is let do something at least this long after it has opened the home, in most rounds; in some it is killed while it opens. */
const MAX_DELAY_MS = 250

test(
  `after kill -9 at ${KILLS} random instants everything acknowledged is there and nothing is registered by halves`,
  async () => {
    const folder = await mkdtemp(path.join(os.tmpdir(), 'bellwether-kill-'))
    const acknowledged: Acknowledged[] = []
    for (let round = 0; round < KILLS; round++) {
      const child = startScript('./kill-writer-script.ts', [folder])
      const result = finished(child)
      // Every third writer is killed from its start on: while it loads, makes the home, or opens it.
      if (round % 3 !== 0) await new Promise((resolve) => child.stdout.once('data', resolve))
      await sleep(Math.random() * MAX_DELAY_MS)
      child.kill('SIGKILL')
      const { signal, stdout, stderr } = await result
      expect({ signal, stderr }).toEqual({ signal: 'SIGKILL', stderr: '' })
      acknowledged.push(
        ...stdout
          .split('\n')
          .slice(0, -1)
          .map((line) => JSON.parse(line) as Acknowledged),
      )
      await checkHome(folder, acknowledged)
    }
    expect(new Set(acknowledged.map(({ kind }) => kind)).size).toBe(6)
    await rm(folder, { recursive: true })
  },
  60_000 + KILLS * 4000,
)

async function checkHome(folder: string, acknowledged: readonly Acknowledged[]): Promise<void> {
  const before = await readdir(folder)
  if (!before.includes(DATABASE_FILE)) {
    expect(acknowledged).toEqual([]) // killed before the home was made: then nothing was promised
    return
  }
  const home = await openHome(folder, { create: false })
  try {
    for (const what of acknowledged) {
      switch (what.kind) {
        case 'blob':
          await home.blobs.get(what.hash)
          break
        case 'dataset':
          expect((await home.datasets.dataset(what.id)).blob).toBe(what.id)
          break
        case 'run':
          expect(await home.tracking.metricHistory(what.id, 'loss')).toHaveLength(what.metrics)
          break
        case 'finished':
          expect(await home.tracking.run(what.id)).toMatchObject({
            status: 'FINISHED',
            datasets: [{ context: 'training' }],
          })
          break
        case 'version':
          expect((await home.models.version('load', what.version)).version).toBe(what.version)
          break
        case 'alias':
          expect(await home.models.revision()).toBeGreaterThanOrEqual(what.revision)
      }
    }
    const ledger = await home.models.verifyLedger()
    expect(ledger).toEqual({ entries: await home.models.revision(), brokenAt: null })
    for (const { name, latestVersion, aliases } of await home.models.models()) {
      const versions = await home.models.versions(name)
      // No gaps, no twins, none without its files, its run, its dataset and its entry in the ledger.
      expect(versions.map(({ version }) => version)).toEqual(
        Array.from({ length: latestVersion }, (_, index) => latestVersion - index),
      )
      const history = await home.models.history(name)
      expect(history.filter(({ action }) => action === 'version-created').map(({ to }) => to)).toEqual(
        versions.map(({ version }) => version).reverse(),
      )
      for (const version of versions) {
        expect(version.files).toHaveLength(3)
        for (const { hash, sizeBytes } of version.files) expect(await home.blobs.get(hash)).toHaveLength(sizeBytes)
        expect(version.metrics).toEqual({ loss: 0.05 })
        expect((await home.tracking.run(version.runId)).status).toBe('FINISHED')
        await home.datasets.dataset(version.datasetId)
      }
      // The aliases are what the ledger says that they are.
      const last = new Map(history.filter(({ alias }) => alias !== null).map(({ alias, to }) => [alias, to]))
      expect(aliases).toEqual(Object.fromEntries(last))
    }
  } finally {
    await home.close()
  }
  const { DatabaseSync } = loadSqlite()
  const database = new DatabaseSync(path.join(folder, DATABASE_FILE), { readOnly: true })
  expect(database.prepare('PRAGMA integrity_check').all()).toEqual([{ integrity_check: 'ok' }])
  expect(database.prepare('PRAGMA foreign_key_check').all()).toEqual([])
  database.close()
}
