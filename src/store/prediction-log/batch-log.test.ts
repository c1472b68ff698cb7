import { createHmac } from 'node:crypto'
import { mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises'
import os from 'node:os'
import path from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { openBatchLog } from '../../serve/batch/batch-log.ts'
import type { ServedModel } from '../../serve/model-cache.ts'
import { FilePredictionLog } from './file-prediction-log.ts'
import { readFrames } from './segment.ts'

const JOB = '0123456789abcdef'
let root = ''
beforeEach(async () => {
  root = path.join(await mkdtemp(path.join(os.tmpdir(), 'bellwether-batch-log-')), 'predictions')
})
afterEach(() => rm(path.dirname(root), { recursive: true }))

/** Of a version, what recording reads. */
function servedBy(predictionLog: object = {}): ServedModel {
  const project = { data: { id: 'Student' }, serving: { predictionLog } }
  const signature = { inputs: [{ name: 'Age' }], ignored: ['Student'] }
  return {
    name: 'risk',
    version: 1,
    alias: 'champion',
    scorer: { manifest: { project }, signature },
  } as unknown as ServedModel
}
const chunk = (...rows: number[]) => ({
  scored: rows.map((row, at) => ({
    ...{ row, at, record: { Age: 20, Student: ` S${row}` } },
    answer: { id: `${JOB}-${row}`, value: row, interval: null, warnings: [] },
  })),
})

async function attempt<T>(job: string, use: (log: FilePredictionLog) => Promise<T>): Promise<T> {
  const log = await FilePredictionLog.open(root, { clock: Date.now, job })
  try {
    return await use(log)
  } finally {
    await log.close()
  }
}
const recording = (log: FilePredictionLog, job = JOB, served = servedBy()) =>
  openBatchLog({ served, job, names: ['Age', 'Student'], log, clock: () => 5 })

async function idsIn(job?: string): Promise<string[]> {
  const ids: string[] = []
  await attempt('other', async (log) => {
    for await (const { id } of log.entries(job === undefined ? {} : { job })) ids.push(id)
  })
  return ids.sort()
}

test('a batch that is taken up again records only the rows that no attempt recorded before', async () => {
  await attempt(JOB, async (log) => (await recording(log))!.keep(chunk(1, 2, 9000), 3))
  await attempt(JOB, async (log) => (await recording(log))!.keep(chunk(2, 3, 9000, 9001), 3))
  expect(await idsIn()).toEqual([1, 2, 3, 9000, 9001].map((row) => `${JOB}-${row}`).sort())
  expect(await idsIn(JOB)).toHaveLength(5)
  expect(await idsIn('fedcba9876543210')).toEqual([])
})

test('an entry has the command line as its key, the batch as its request, and the person of the row', async () => {
  await attempt(JOB, async (log) => {
    const batch = (await recording(log))!
    expect(batch.carried).toEqual(['Student'])
    await batch.keep(chunk(7), 3)
    const found: unknown[] = []
    for await (const entry of log.entries({ person: log.personKey('S7') })) found.push(entry)
    const whence = { key: 'cli', request: `batch-${JOB}`, alias: 'champion', time: 5 }
    expect(found).toMatchObject([{ ...whence, features: { Age: 20 }, answer: { value: 7 } }])
  })
})

test('the lines of a batch are these bytes: whoever reads the log, now or years ago, finds the same', async () => {
  await mkdir(root)
  await writeFile(path.join(root, 'secret'), Buffer.alloc(32, 7))
  await attempt(JOB, async (log) => (await recording(log))!.keep(chunk(7, 8), 3.25678))
  const [day] = (await readdir(root)).filter((name) => name.startsWith('2'))
  const [name] = await readdir(path.join(root, day!))
  const found: string[] = []
  for await (const lines of readFrames(path.join(root, day!, name!), null)) found.push(...lines)
  const line = (row: number, person: string) =>
    `{"id":"${JOB}-${row}","time":5,"model":"risk","version":1,"alias":"champion","key":"cli","request":"batch-${JOB}",` +
    `"latencyMs":3.257,"features":{"Age":20},"answer":{"value":${row}},"person":"${person}"}`
  // HMAC-SHA-256 of the identifier, under that of `persons` under the secret.
  const persons = createHmac('sha256', Buffer.alloc(32, 7)).update('persons').digest()
  const keyOf = (text: string) => createHmac('sha256', persons).update(text).digest('base64url').slice(0, 32)
  expect(found).toEqual([line(7, keyOf('S7')), line(8, keyOf('S8'))])
  expect(keyOf('S7')).toBe('3AJ8dw1SfM5MxqkbJA2Z12UJa9Kdgi_R')
})

test('another batch does not see what this one recorded, and where a project keeps none there is no log', async () => {
  await attempt(JOB, async (log) => (await recording(log))!.keep(chunk(1), 3))
  await attempt('fedcba9876543210', async (log) => (await recording(log, 'fedcba9876543210'))!.keep(chunk(1), 3))
  expect(await idsIn()).toHaveLength(2)
  await attempt(JOB, async (log) => expect(await recording(log, JOB, servedBy({ enabled: false }))).toBeNull())
})

test('a disk that does not take entries stops the batch only where every prediction has to be kept', async () => {
  const day = path.join(root, new Date().toISOString().slice(0, 10))
  await attempt(JOB, async (log) => {
    await writeFile(day, 'a file where the folder of the day should be')
    const window = (await recording(log))!
    await window.keep(chunk(1, 2), 3)
    expect(window.lost).toBe(2)
    const strict = (await recording(log, JOB, servedBy({ durability: 'request' })))!
    await expect(strict.keep(chunk(1), 3)).rejects.toMatchObject({ code: 'PREDICTION_LOG_UNAVAILABLE' })
    await rm(day)
  })
})
