import { mkdir, mkdtemp, rm } from 'node:fs/promises'
import os from 'node:os'
import path from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { DataOptions } from '../data/data-options.ts'
import { withDuckDb } from '../data/duckdb.ts'
import { loadDataset } from '../data/load-dataset.ts'
import { writeFileWhole } from '../data/write-file-whole.ts'
import { erasePerson, type PersonLog } from '../pipeline/erasure/erase-person.ts'
import { expireData } from '../pipeline/erasure/expire-data.ts'
import { keepDataset } from '../pipeline/keep-dataset.ts'
import { keepFiles } from '../pipeline/keep-files.ts'
import { parseKeyRing } from '../security/at-rest/key-ring.ts'
import { type Home, openHome } from './open-home.ts'

const PERSON = 'Q7731-XYLEM'
const DAY_MS = 24 * 60 * 60 * 1000

describe('erasing a person', () => {
  let folder: string
  let home: Home
  beforeEach(async () => {
    folder = await mkdtemp(path.join(os.tmpdir(), 'bellwether-erase-'))
    home = await openHome(path.join(folder, 'home'), { ring: parseKeyRing(['ab'.repeat(32)], 'test') })
  })
  afterEach(async () => {
    await home.close()
    await rm(folder, { recursive: true })
  })

  /** Keeps a table as a run does. @returns its id */
  async function keep(rows: readonly string[], id: string | null = 'student', retentionDays?: number, at = 0) {
    const file = path.join(folder, 'table.csv')
    await writeFileWhole(file, Buffer.from(`student,score\n${rows.map((row) => `${row}\n`).join('')}`))
    const data = DataOptions.parse({ id, ...(retentionDays === undefined ? {} : { retentionDays }) })
    const dataset = await loadDataset({ file, options: data })
    await keepDataset({ dataset, options: { name: 'grades', data }, project: { folder } }, { ...home, clock: () => at })
    return dataset.id
  }
  const log = (predictions = 0): PersonLog => ({
    personKey: (identifier) => `key of ${identifier.trim().length}`,
    count: async () => predictions,
    erase: async () => predictions,
  })
  const deps = (more: object = {}) => ({ ...home, log: log(), clock: () => 9000, actor: 'ana', ...more })
  const blobsThere = async () => {
    let count = 0
    for await (const _ of home.blobs.list()) count++
    return count
  }

  test('that ends between its transaction and the destruction is finished by the next', async () => {
    const id = await keep([`${PERSON},1`, 'B2,2', 'C3,3'])
    const { blob } = await home.datasets.dataset(id)
    const killed = { ...home.blobs, delete: () => Promise.reject(new Error('killed')) }
    const blobs = new Proxy(home.blobs, {
      get: (target, name) => (name === 'delete' ? killed.delete : Reflect.get(target, name).bind?.(target)),
    })
    await expect(erasePerson({ identifier: PERSON }, deps({ blobs }))).rejects.toThrow('killed')
    expect(await home.blobs.has(blob)).toBe(true)
    expect((await home.datasets.dataset(id)).erased).toBeDefined()
    const report = await erasePerson({ identifier: PERSON }, deps())
    expect([report.datasets, report.destroyed]).toEqual([[], 1])
    expect(await home.blobs.has(blob)).toBe(false)
    expect(await home.erasures.toDestroy()).toEqual([])
  })

  test('whom nobody knows changes nothing and leaves no tombstone', async () => {
    await keep(['B2,2', 'C3,3'])
    const before = await home.models.verifyLedger()
    const report = await erasePerson({ identifier: PERSON }, deps())
    expect(report).toMatchObject({ datasets: [], rejects: [], predictions: 0, destroyed: 0, columns: ['student'] })
    expect(await home.models.verifyLedger()).toEqual(before)
    expect(await home.erasures.erasedPersons()).toEqual(new Set())
  })

  test('whose predictions alone are kept leaves a tombstone too', async () => {
    await keep(['B2,2', 'C3,3'])
    const report = await erasePerson({ identifier: PERSON }, deps({ log: log(4) }))
    expect(report).toMatchObject({ datasets: [], predictions: 4 })
    expect((await home.models.verifyLedger()).entries).toBe(1)
  })

  test('takes a column that is named where no project names one, and says so where none is', async () => {
    const id = await keep([`${PERSON},1`, 'B2,2'], null)
    await expect(erasePerson({ identifier: PERSON }, deps())).rejects.toMatchObject({ code: 'ID_COLUMN_UNKNOWN' })
    const missed = await erasePerson({ identifier: PERSON, columns: ['pupil'], dryRun: true }, deps())
    expect(missed.notSearched).toEqual([{ id, name: 'grades' }])
    const report = await erasePerson({ identifier: ` ${PERSON} `, columns: ['student'] }, deps())
    expect(report.datasets.map(({ rows }) => rows)).toEqual([1])
    expect(report.notSearched).toEqual([])
  })

  test('where two versions come to have the same rows, both have one successor', async () => {
    const [one, two] = [await keep([`${PERSON},1`, 'B2,2', 'C3,3']), await keep(['B2,2', `${PERSON},7`, 'C3,3'])]
    const { datasets } = await erasePerson({ identifier: PERSON }, deps())
    expect(datasets.map(({ id }) => id)).toEqual([one, two])
    expect(new Set(datasets.map(({ successor }) => successor)).size).toBe(1)
    expect(await blobsThere()).toBe(1)
  })

  test('whose successor is a version that had lost its rows brings those back', async () => {
    const without = await keep(['B2,2', 'C3,3'], 'student', 30, 0)
    await expireData({}, { ...deps(), clock: () => 30 * DAY_MS })
    await keep([`${PERSON},1`, 'B2,2', 'C3,3'], 'student', undefined, 31 * DAY_MS)
    const { datasets } = await erasePerson({ identifier: PERSON }, { ...deps(), clock: () => 32 * DAY_MS })
    expect(datasets.map(({ successor }) => successor)).toEqual([without])
    const { blob, erased } = await home.datasets.dataset(without)
    expect([await home.blobs.has(blob), erased]).toEqual([true, undefined])
  })

  test('who is in files that were added as they are is told, and the files stay', async () => {
    await keep(['B2,2', 'C3,3'])
    const tree = path.join(folder, 'tree')
    await mkdir(tree)
    const csv = `student,score\n ${PERSON} ,1\nB2,2\n${PERSON},3\n`
    await writeFileWhole(path.join(tree, 'one.csv'), Buffer.from(csv))
    await writeFileWhole(path.join(tree, 'copy.CSV'), Buffer.from(csv))
    await writeFileWhole(path.join(tree, 'two.jsonl'), Buffer.from(`{"student":"${PERSON}"}\n{"student":"B2"}\n`))
    await withDuckDb((connection) =>
      connection.run(`COPY (SELECT '${PERSON}' AS student) TO '${tree}/three.parquet' (FORMAT parquet)`),
    )
    await writeFileWhole(path.join(tree, 'none.csv'), Buffer.from('student,score\nB2,2\n'))
    await writeFileWhole(path.join(tree, 'other.csv'), Buffer.from(`name\n${PERSON}\n`))
    await writeFileWhole(path.join(tree, 'letter.txt'), Buffer.from(PERSON))
    await writeFileWhole(path.join(tree, 'broken.parquet'), Buffer.from(PERSON))
    await keepFiles([tree], { name: 'tree', source: 'tree' }, { ...home, indexFolder: null, clock: () => 1 })
    for (const dryRun of [true, false]) {
      const { files, filesNotSearched, notSearched } = await erasePerson({ identifier: PERSON, dryRun }, deps())
      expect(files.map(({ name, path: file, rows }) => [name, file, rows]).sort()).toEqual([
        ['tree', 'copy.CSV', 2],
        ['tree', 'one.csv', 2],
        ['tree', 'three.parquet', 1],
        ['tree', 'two.jsonl', 1],
      ])
      expect(filesNotSearched).toEqual([{ id: files[0]!.id, name: 'tree', nFiles: 3 }])
      expect(notSearched).toEqual([])
    }
  })

  test('rows whose time is over are destroyed, and those without a limit stay', async () => {
    const short = await keep(['A1,1', 'B2,2'], 'student', 30, 0)
    const long = await keep(['A1,1', 'B2,9'], 'student', undefined, 0)
    const late = { ...deps(), clock: () => 30 * DAY_MS }
    expect((await expireData({}, deps())).datasets).toEqual([])
    const would = await expireData({ dryRun: true }, late)
    expect(would).toEqual({ datasets: [{ id: short, name: 'grades', rows: 2 }], destroyed: 0 })
    expect((await expireData({}, late)).destroyed).toBe(1)
    expect((await home.datasets.dataset(short)).erased).toEqual({ time: 30 * DAY_MS, successor: null })
    expect((await home.datasets.dataset(long)).erased).toBeUndefined()
    expect(await blobsThere()).toBe(1)
    await keep(['A1,1', 'B2,2'], 'student', 30, 31 * DAY_MS)
    expect((await home.datasets.dataset(short)).erased).toBeUndefined()
    expect(await home.erasures.expired(40 * DAY_MS)).toEqual([])
  })
})
