import { createHash } from 'node:crypto'
import { appendFileSync, readFileSync, writeFileSync } from 'node:fs'
import { readdir, readFile } from 'node:fs/promises'
import path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { DuckDBInstance } from '@duckdb/node-api'
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import type { ErasureReport } from '../../src/pipeline/erasure/erase-person.ts'
import type { RunResult } from '../../src/pipeline/execute-run.ts'
import { openHome } from '../../src/store/open-home.ts'
import type { TransferResult } from '../../src/store/transfer/transfer-home.ts'
import type { DatasetVersion } from '../../src/track/dataset-store.ts'
import type { LedgerEntry } from '../../src/track/model-registry.ts'
import type { Run } from '../../src/track/tracking-store.ts'
import { bellwether, startBellwether, temporaryFolder } from '../support/cli.ts'
import { makePupils, writePupilsProject } from '../support/pupils.ts'
import { startServing } from '../support/served.ts'

const { folder, remove } = temporaryFolder()
afterAll(remove)
vi.setConfig({ testTimeout: 600_000, hookTimeout: 600_000 })

/** Distinctive, so that its bytes are found wherever they are. */
const PERSON = 'Q7731-XYLEM'
const OTHER = 'P00002'

/** Everything under a home, once as its bytes and once as what they stand for. */
async function textsOf(home: string): Promise<Map<string, string>> {
  const texts = new Map<string, string>()
  for (const entry of await readdir(home, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile()) continue
    const file = path.join(entry.parentPath, entry.name)
    texts.set(path.relative(home, file), (await readFile(file)).toString('latin1'))
  }
  const opened = await openHome(home)
  const duckdb = await (await DuckDBInstance.create(':memory:')).connect()
  try {
    for await (const { hash } of opened.blobs.list()) {
      const bytes = Buffer.from(await opened.blobs.get(hash))
      texts.set(hash, bytes.toString('latin1'))
      if (bytes.subarray(0, 4).toString() !== 'PAR1') continue
      const rows = await opened.blobs.withFile(hash, (file) =>
        duckdb.runAndReadAll(`SELECT * FROM read_parquet('${file}')`),
      )
      texts.set(`${hash} rows`, JSON.stringify(rows.getRowsJson()))
    }
    const { stdout } = await bellwether(['predictions', 'list', '--limit', '1000', '--home', home, '--json'])
    texts.set('predictions', stdout)
  } finally {
    duckdb.closeSync()
    await opened.close()
  }
  return texts
}

const holding = async (home: string, text: string) =>
  [...(await textsOf(home))].filter(([, content]) => content.includes(text)).map(([name]) => name)

async function json<T>(status: number, ...args: string[]): Promise<T> {
  const result = await bellwether([...args, '--json'], { timeoutMs: 300_000 })
  expect(result.status, result.stderr).toBe(status)
  return JSON.parse(status === 2 ? result.stderr.trim().split('\n').at(-1)! : result.stdout) as T
}

describe('a person who is erased', () => {
  const home = path.join(folder, 'home')
  const pupils = makePupils(200).map((pupil, i) => (i === 5 ? { ...pupil, 'student id': PERSON, age: 31 } : pupil))
  const project = writePupilsProject(
    path.join(folder, 'pupils'),
    pupils,
    `  columns: { age: { min: 10, max: 40 } }\nmodels: [baseline, logistic-regression]\nsearch: { trials: 1, folds: 2 }\n`,
  )
  const csv = path.join(project, 'pupils.csv')
  let first: RunResult
  let second: RunResult

  beforeAll(async () => {
    // A second row of the same person is rejected, and so is one of somebody else, and a line that is no row.
    appendFileSync(csv, `${PERSON},99,12,33,town,true,2024-09-03,quiet,pass\n`)
    appendFileSync(csv, `P00999,98,12,33,town,true,2024-09-03,quiet,pass\n${PERSON},17,broken\n`)
    first = await json(0, 'run', project, '--home', home)
    // A later version, in which the person still is, and one without.
    appendFileSync(csv, `P01000,20,12,33,town,true,2024-09-03,quiet,pass\n`)
    second = await json(0, 'run', project, '--home', home)
    const server = await startServing(['serve', '--home', home])
    const example = { ...pupils[5], outcome: undefined, age: 20 }
    for (const id of [PERSON, PERSON, OTHER])
      await server.post('/api/v1/models/pupils/predict', { records: [{ ...example, 'student id': id }] })
    await server.stop()
  })

  test('would be found everywhere by a dry run, which changes nothing', async () => {
    // Commands leave lines in the log of the home.
    const withoutLogs = async () => [...(await textsOf(home))].filter(([name]) => !name.startsWith('logs'))
    const before = await withoutLogs()
    const report = await json<ErasureReport>(0, 'erase', '--id', PERSON, '--dry-run', '--home', home)
    expect(report).toMatchObject({
      dryRun: true,
      columns: ['student id'],
      predictions: 2,
      destroyed: 0,
      notSearched: [],
      runs: expect.any(Number),
    })
    expect(report.datasets.map(({ id, rows, successor }) => [id, rows, successor])).toEqual([
      [first.dataset.id, 1, null],
      [second.dataset.id, 1, null],
    ])
    expect(report.rejects.map(({ rows }) => rows)).toEqual([2, 2])
    expect(report.models.map(({ model, version }) => `${model}/${version}`)).toEqual(['pupils/1', 'pupils/2'])
    expect(JSON.stringify(report)).not.toContain(PERSON)
    expect(await withoutLogs()).toEqual(before)
    expect((await holding(home, PERSON)).length).toBeGreaterThan(0)
  })

  test('is erased from a home that was moved, predictions and all, under the same key', async () => {
    const moved = path.join(folder, 'moved')
    const { predictions } = await json<TransferResult>(0, 'migrate', '--from', home, '--to', moved)
    expect(predictions).toMatchObject({ segments: 1, segmentsCopied: 1 })
    const there = await json<ErasureReport>(0, 'erase', '--id', PERSON, '--home', moved)
    const here = await json<ErasureReport>(0, 'erase', '--id', PERSON, '--dry-run', '--home', home)
    expect([there.predictions, there.person]).toEqual([2, here.person])
    expect(await holding(moved, PERSON)).toEqual([])
    expect(await json(0, 'predictions', 'list', '--home', moved)).toMatchObject({ predictions: [{}] })
    // What was moved and erased does not come back by moving again.
    expect((await json<{ error: string }>(2, 'migrate', '--from', home, '--to', moved)).error).toBe(
      'TRANSFER_NOT_EMPTY',
    )
    expect(
      (await json<{ predictions: unknown[] }>(0, 'predictions', 'list', '--home', moved)).predictions,
    ).toHaveLength(1)
  })

  test('is in no file of the home afterwards, and everybody else is', async () => {
    const report = await json<ErasureReport>(0, 'erase', '--id', PERSON, '--home', home)
    expect(report).toMatchObject({ dryRun: false, predictions: 2 })
    expect(report.destroyed).toBeGreaterThanOrEqual(3)
    expect(await holding(home, PERSON)).toEqual([])
    expect((await holding(home, OTHER)).length).toBeGreaterThan(0)
    const [before, after] = await Promise.all([
      json<DatasetVersion>(0, 'data', 'show', first.dataset.id, '--home', home),
      json<DatasetVersion>(0, 'data', 'show', report.datasets[0]!.successor!, '--home', home),
    ])
    expect(before.erased).toEqual({ time: expect.any(Number), successor: after.id })
    expect([before.nRows, after.nRows, after.nRejected]).toEqual([200, 199, 1])
    // The only pupil of 31 is in no statistic any more.
    const ages = [before, after].map(({ schema }) => schema.columns.find(({ name }) => name === 'age')!.observed.max)
    expect(ages).toEqual([28, 28])
    const { stdout: rejects } = await bellwether(['data', 'show', after.id, '--rejects', '--home', home])
    expect(rejects).toContain('P00999')
    expect(await json(0, 'predictions', 'find', '--id', PERSON, '--home', home)).toMatchObject({ predictions: [] })
    expect(await json(0, 'ledger', 'verify', '--home', home)).toMatchObject({ brokenAt: null })
  })

  test('is in no model of a run that had read the rows before', async () => {
    const own = path.join(folder, 'race')
    const csvOfRace = readFileSync(csv, 'utf8')
    const slow = writePupilsProject(
      path.join(folder, 'race-project'),
      pupils,
      `models: [baseline, gradient-boosting]\nsearch: { trials: 12, folds: 5 }\n`,
    )
    writeFileSync(path.join(slow, 'pupils.csv'), csvOfRace)
    const child = startBellwether(['run', slow, '--home', own, '--json'])
    let told = ''
    child.stderr.on('data', (part) => {
      told += part
    })
    const ended = new Promise<number | null>((resolve) => child.on('close', resolve))
    const kept = async () => (await bellwether(['data', 'list', '--home', own, '--json'])).stdout.includes('sha256:')
    while (!(await kept())) expect(child.exitCode, told).toBeNull()
    child.kill('SIGSTOP')
    let report: ErasureReport | null = null
    for (let attempt = 0; report === null && attempt < 20; attempt++) {
      // Stopped while it wrote, it holds the database.
      const { status, stdout } = await bellwether(['erase', '--id', PERSON, '--home', own, '--json'])
      if (status === 0) report = JSON.parse(stdout) as ErasureReport
      else {
        child.kill('SIGCONT')
        await sleep(20)
        child.kill('SIGSTOP')
      }
    }
    expect(report?.datasets.map(({ rows }) => rows)).toEqual([2])
    expect(report?.models).toEqual([])
    child.kill('SIGCONT')
    expect(await ended, told).toBe(2)
    expect(told).toContain('TRAINING_DATA_ERASED')
    expect(told).not.toContain('--resume')
    const { runs } = await json<{ runs: Run[] }>(0, 'runs', 'list', '--home', own)
    expect(runs).toMatchObject([{ status: 'FAILED' }])
    expect(runs[0]!.tags['bellwether.error']).toMatch(
      /^TRAINING_DATA_ERASED at the stage "register": A person was erased/,
    )
    expect(await json(0, 'models', 'list', '--home', own)).toMatchObject({ models: [] })
  })

  test('leaves a tombstone in the ledger of each model that learnt from them, without their name', async () => {
    const { entries } = await json<{ entries: LedgerEntry[] }>(0, 'models', 'history', 'pupils', '--home', home)
    const tombstones = entries.filter(({ action }) => action === 'person-erased')
    expect(tombstones).toHaveLength(1)
    expect(tombstones[0]!.reason).toMatch(/^person [\w-]{32} was in what version 1, 2 learnt from$/)
    expect(tombstones[0]!.reason).not.toContain(createHash('sha256').update(PERSON).digest('hex').slice(0, 16))
  })

  test('the successor is the version that the source gives without them', async () => {
    const without = writePupilsProject(
      path.join(folder, 'without'),
      pupils.filter((pupil) => pupil['student id'] !== PERSON),
    )
    writeFileSync(path.join(without, 'bellwether.yaml'), readFileSync(path.join(project, 'bellwether.yaml')))
    const own = path.join(folder, 'without-home')
    const { id } = await json<{ id: string }>(0, 'data', 'add', without, '--home', own)
    const [, older] = await json<{ datasets: DatasetVersion[] }>(0, 'data', 'list', '--home', home).then(
      ({ datasets }) => datasets.filter(({ erased }) => !erased).sort((a, b) => b.nRows - a.nRows),
    )
    expect(older!.id).toBe(id)
  })

  test('does not come back with a source that still has them, unless let in again', async () => {
    const kept = readFileSync(csv, 'utf8')
    const same = await json<{ error: string; message: string }>(2, 'data', 'add', project, '--home', home)
    expect([same.error, same.message]).toEqual([
      'PERSON_ERASED',
      'The table has 2 rows of 1 person who was erased from this home; nothing was kept.',
    ])
    expect((await json<{ error: string }>(2, 'run', project, '--home', home)).error).toBe('PERSON_ERASED')
    expect(await holding(home, PERSON)).toEqual([])
    writeFileSync(
      csv,
      kept
        .split('\n')
        .filter((line) => !line.includes(PERSON))
        .join('\n'),
    )
    await json(0, 'data', 'add', project, '--home', home)
    writeFileSync(csv, `${kept}P01001,20,12,33,town,true,2024-09-03,quiet,pass\n`)
    expect(await json(0, 'erase', '--id', PERSON, '--readmit', '--home', home)).toEqual({ readmitted: true })
    await json(0, 'data', 'add', project, '--home', home)
    expect((await holding(home, PERSON)).length).toBeGreaterThan(0)
  })

  test('is erased through a server too, which has the prediction log open', async () => {
    const server = await startServing(['serve', '--home', home])
    try {
      const record = { ...pupils[5], outcome: undefined, age: 20 }
      await server.post('/api/v1/models/pupils/predict', { records: [record] })
      const asked = { identifier: PERSON, dryRun: true }
      const would = await server.post<ErasureReport>('/api/v1/erasures', asked)
      expect([would.status, would.body.datasets.length]).toEqual([200, 1])
      const done = await server.post<ErasureReport>('/api/v1/erasures', { identifier: PERSON })
      expect(done.body).toMatchObject({ dryRun: false, predictions: 1, person: would.body.person })
      expect(done.body.datasets.map(({ rows }) => rows)).toEqual([1])
      const bad = await server.post<{ error: string }>('/api/v1/erasures', { identifier: 'a\n--readmit' })
      expect([bad.status, bad.body.error]).toEqual([400, 'INVALID_INPUT'])
    } finally {
      const { stderr } = await server.stop()
      expect(stderr).not.toContain(PERSON)
    }
    expect(await holding(home, PERSON)).toEqual([])
    const opened = await openHome(home)
    const actors = await opened.database.read((sql) =>
      sql.all<{ actor: string }>(
        "SELECT actor FROM ledger WHERE action = 'person-erased' ORDER BY sequence DESC LIMIT 1",
      ),
    )
    await opened.close()
    expect(actors).toEqual([{ actor: 'api:loopback' }])
  })

  test('is erased again, and a version whose rows are gone says so to whoever needs them', async () => {
    const again = await json<ErasureReport>(0, 'erase', '--id', PERSON, '--home', home)
    expect([again.datasets, again.models]).toEqual([[], []])
    const gone = await json<{ error: string; message: string }>(2, 'runs', 'reproduce', first.runId, '--home', home)
    expect(gone.error).toBe('DATASET_ERASED')
    expect(gone.message).toMatch(/because a person was erased; sha256:/)
    const nobody = await json<ErasureReport>(0, 'erase', '--id', 'nobody', '--home', home)
    expect(nobody).toMatchObject({ datasets: [], rejects: [], predictions: 0, models: [] })
  })
})
