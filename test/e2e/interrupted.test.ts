import type { ChildProcess } from 'node:child_process'
import { existsSync, readdirSync } from 'node:fs'
import path from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, describe, expect, test } from 'vitest'
import { readPackage } from '../../src/packaging/read-package.ts'
import type { RunResult } from '../../src/pipeline/execute-run.ts'
import { openHome } from '../../src/store/open-home.ts'
import { bellwether, startBellwether, temporaryFolder } from '../support/cli.ts'
import { makePupils, writePupilsProject } from '../support/pupils.ts'

const { folder, remove } = temporaryFolder()
afterAll(remove)

/** A running command, its standard error so far, and its end. */
function running(args: readonly string[]) {
  const child = startBellwether(args)
  const output = { stdout: '', stderr: '' }
  child.stdout.on('data', (chunk) => {
    output.stdout += chunk
  })
  child.stderr.on('data', (chunk) => {
    output.stderr += chunk
  })
  const ended = new Promise<{ status: number | null; signal: NodeJS.Signals | null }>((resolve) =>
    child.on('close', (status, signal) => resolve({ status, signal })),
  )
  return { child, output, ended }
}

/** Resolves when it wrote that, or when it has ended. */
async function wrote(run: ReturnType<typeof running>, words: RegExp): Promise<void> {
  let over = false
  void run.ended.then(() => {
    over = true
  })
  while (!over && !words.test(run.output.stderr)) await sleep(5)
}

const threadsOf = ({ pid }: ChildProcess) => readdirSync(`/proc/${pid}/task`).length

describe('Ctrl-C', () => {
  const project = path.join(folder, 'long')
  const home = path.join(folder, 'stopped')
  writePupilsProject(project, makePupils(1500), 'search: { trials: 200, folds: 5 }\n')

  test('during the search ends with status 130, keeps the finished trials and makes no version', async () => {
    const run = running(['run', project, '--home', home, '--threads', '2', '--json'])
    await wrote(run, /search +[1-9]\d+\/\d+ fits/)
    run.child.kill('SIGINT')
    const asked = performance.now()
    expect(await run.ended).toEqual({ status: 130, signal: null })
    expect(performance.now() - asked).toBeLessThan(5000)
    expect(run.output.stdout).toBe('')
    const error = JSON.parse(run.output.stderr.trim().split('\n').at(-1)!) as { error: string; message: string }
    expect(error).toMatchObject({ error: 'CANCELLED', hint: expect.any(String) })

    const stores = await openHome(home, { readOnly: true })
    try {
      const [stopped, ...others] = await stores.tracking.runs({ parentRunId: null })
      expect(others).toEqual([])
      expect(stopped).toMatchObject({ status: 'KILLED', endTime: expect.any(Number) })
      const trials = await stores.tracking.runs({ parentRunId: stopped!.id })
      expect(error.message).toContain(`${trials.length} finished trials`)
      expect(trials.length).toBeGreaterThan(0)
      expect(trials.length).toBeLessThan(600)
      for (const trial of trials) {
        expect(trial.status).toBe('FINISHED')
        expect(trial.metrics['cv.f1_macro']).toBeTypeOf('number')
      }
      expect(await stores.models.models()).toEqual([])
      expect(await stores.models.verifyLedger()).toEqual({ entries: 0, brokenAt: null })
    } finally {
      await stores.close()
    }
  })

  test.skipIf(process.platform !== 'linux')('ends the worker threads with the process', async () => {
    const run = running(['run', project, '--home', path.join(folder, 'threads'), '--threads', '2'])
    await wrote(run, /search +\d+\/\d+ fits/)
    const { pid } = run.child
    expect(threadsOf(run.child)).toBeGreaterThan(2)
    run.child.kill('SIGINT')
    await run.ended
    expect(existsSync(`/proc/${pid}`)).toBe(false)
  })

  test('before anything is written leaves nothing behind', async () => {
    const early = path.join(folder, 'early')
    const run = running(['run', project, '--home', early])
    await sleep(60)
    run.child.kill('SIGINT')
    const { status, signal } = await run.ended
    expect([130, 'SIGINT']).toContain(status ?? signal)
    expect(existsSync(early)).toBe(false)
  })

  test('stops a server that answers nothing at the time with status 0', async () => {
    const small = writePupilsProject(path.join(folder, 'served'), makePupils(100), 'models: [baseline]\n')
    expect((await bellwether(['run', small])).status).toBe(0)
    const run = running(['serve', '--home', path.join(small, '.bellwether'), '--port', '0'])
    await wrote(run, /http:\/\//)
    run.child.kill('SIGINT')
    expect(await run.ended).toEqual({ status: 0, signal: null })
  })
})

/** How many times a run is killed; the soak lane asks for more. */
const KILLS = Number(process.env.BELLWETHER_KILLS ?? 8)

describe(`kill -9 at ${KILLS} random instants of a run`, () => {
  const project = path.join(folder, 'killed')
  const home = path.join(folder, 'killed-home')
  writePupilsProject(project, makePupils(200), 'search: { trials: 2, folds: 3 }\n')
  const args = ['run', project, '--home', home, '--threads', '2', '--json']

  test(
    'leaves nothing registered by halves, and the next run works',
    async () => {
      const from = performance.now()
      expect((await bellwether(args)).status).toBe(0)
      const wholeMs = performance.now() - from

      let died = 0
      for (let round = 0; round < KILLS; round++) {
        const run = running(args)
        // Every other round aims at the end, where files, version, alias and ledger are written.
        const aimed = round % 2 === 1
        if (aimed) await wrote(run, /^(?:figures|register) /m)
        const delayMs = Math.random() * (aimed ? wholeMs / 8 : wholeMs)
        await sleep(delayMs)
        run.child.kill('SIGKILL')
        const { signal } = await run.ended
        if (signal === 'SIGKILL') died++
        await checkHome(home, `round ${round}, killed after ${aimed ? 'the first figure and ' : ''}${delayMs} ms`)
      }
      expect(died).toBeGreaterThan(0)

      const before = await checkHome(home, 'after all')
      const next = await bellwether(args)
      expect(next.status, next.stderr).toBe(0)
      const result = JSON.parse(next.stdout) as RunResult
      expect(result.model).toEqual({ name: 'pupils', version: before.versions + 1, aliases: ['champion'] })
      const after = await checkHome(home, 'after the next run')
      expect(after.runs).toBe(before.runs + 1)
      expect(after.running).toBe(0)
      expect(after.killed).toBe(before.killed + before.running)
    },
    60_000 + KILLS * 10_000,
  )
})

/** Whatever happened: what the home says is there is there, whole. @returns what is in it */
async function checkHome(home: string, when: string) {
  const database = new DatabaseSync(path.join(home, 'bellwether.db'))
  try {
    expect(database.prepare('PRAGMA integrity_check').all(), when).toEqual([{ integrity_check: 'ok' }])
    expect(database.prepare('PRAGMA foreign_key_check').all(), when).toEqual([])
  } finally {
    database.close()
  }
  const stores = await openHome(home)
  try {
    const { entries, brokenAt } = await stores.models.verifyLedger()
    expect(brokenAt, when).toBeNull()
    let versions = 0
    for (const { name, aliases } of await stores.models.models()) {
      const all = await stores.models.versions(name)
      versions += all.length
      expect(all.map(({ version }) => version).sort((a, b) => a - b)).toEqual(all.map((_, i) => i + 1))
      expect(aliases['champion'], when).toBe(all.length)
      for (const version of all) {
        const { manifest } = await readPackage(stores.blobs, version.files)
        const run = await stores.tracking.run(version.runId)
        expect(run.status, when).toBe('FINISHED')
        expect(manifest.dataset.id).toBe(version.datasetId)
        for (const { hash } of run.artifacts) expect((await stores.blobs.get(hash)).length).toBeGreaterThan(0)
        const dataset = await stores.datasets.dataset(version.datasetId)
        expect((await stores.blobs.get(dataset.blob)).length).toBeGreaterThan(0)
      }
      // Each version came with its alias: two entries, or none.
      expect(entries, when).toBe(2 * all.length)
    }
    const runs = await stores.tracking.runs({ parentRunId: null })
    for (const { id, status } of runs) {
      expect(['RUNNING', 'FINISHED', 'KILLED'], when).toContain(status)
      for (const trial of await stores.tracking.runs({ parentRunId: id })) {
        expect(trial.status, when).toBe('FINISHED')
        expect(trial.metrics['cv.f1_macro'], when).toBeTypeOf('number')
      }
    }
    const count = (wanted: string) => runs.filter(({ status }) => status === wanted).length
    return { versions, runs: runs.length, running: count('RUNNING'), killed: count('KILLED') }
  } finally {
    await stores.close()
  }
}
