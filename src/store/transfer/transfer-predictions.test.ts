import { mkdtemp, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises'
import os from 'node:os'
import path from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { FilePredictionLog } from '../prediction-log/file-prediction-log.ts'
import { transferPredictions } from './transfer-predictions.ts'

const quietly = () => undefined
let root = ''
const home = (name: string) => ({ folder: path.join(root, name) })
const logOf = (name: string) => path.join(root, name, 'predictions')

beforeEach(async () => {
  root = await mkdtemp(path.join(os.tmpdir(), 'bellwether-transfer-log-'))
})
afterEach(() => rm(root, { recursive: true }))

async function withLog<T>(name: string, use: (log: FilePredictionLog) => Promise<T>): Promise<T> {
  const log = await FilePredictionLog.open(logOf(name), { clock: () => Date.UTC(2026, 10, 21, 12) })
  try {
    return await use(log)
  } finally {
    await log.close()
  }
}

/** Entries of a person in so many models, and with them so many files. */
const fill = (name: string, models: number) =>
  withLog(name, async (log) => {
    for (let i = 0; i < models; i++)
      await log.keep([
        {
          ...{ id: `id-${i}`, time: 1, model: `m${i}`, version: 1, alias: null, key: null, request: 'r', latencyMs: 1 },
          ...{ features: {}, answer: { value: i }, person: log.personKey('P1') },
        },
      ])
  })

async function idsOf(name: string, identifier: string): Promise<string[]> {
  return withLog(name, async (log) => {
    const found: string[] = []
    for await (const { id } of log.entries({ person: log.personKey(identifier) })) found.push(id)
    return found.sort()
  })
}

test('a log is found whole in the other home, by the same persons, and copying it again copies nothing', async () => {
  await fill('one', 3)
  const first = await transferPredictions(home('one'), home('two'), false, quietly)
  expect(first).toEqual({ segments: 3, segmentsCopied: 3, bytes: expect.any(Number) })
  expect(await idsOf('two', 'P1')).toEqual(['id-0', 'id-1', 'id-2'])
  expect(await transferPredictions(home('one'), home('two'), false, quietly)).toEqual({ ...first, segmentsCopied: 0 })
})

test('a home without a log gives none, and a home that is its own target stays as it is', async () => {
  expect(await transferPredictions(home('one'), home('two'), false, quietly)).toMatchObject({ segments: 0 })
  expect(await readdir(root)).toEqual([])
  await fill('one', 1)
  expect(await transferPredictions(home('one'), home('one'), false, quietly)).toMatchObject({ segments: 0 })
})

test('a copy that was broken off goes on; a file that is damaged in the target is copied again', async () => {
  await fill('one', 3)
  await transferPredictions(home('one'), home('two'), false, quietly)
  const day = path.join(logOf('two'), '2026-11-21')
  const [damaged, missing] = await readdir(day)
  await writeFile(path.join(day, damaged!), 'torn')
  await rm(path.join(day, missing!))
  await rm(path.join(logOf('two'), 'secret'))
  expect(await transferPredictions(home('one'), home('two'), false, quietly)).toMatchObject({ segmentsCopied: 2 })
  expect(await idsOf('two', 'P1')).toHaveLength(3)
})

test('a file that a killed writer left open is ended in the target', async () => {
  await fill('one', 1)
  const day = path.join(logOf('one'), '2026-11-21')
  const [name] = await readdir(day)
  await rename(path.join(day, name!), path.join(day, `${name}.open`))
  await transferPredictions(home('one'), home('two'), false, quietly)
  expect(await readdir(path.join(logOf('two'), '2026-11-21'))).toEqual([name])
  expect(await idsOf('two', 'P1')).toEqual(['id-0'])
})

test('a home whose log has another secret is refused before anything is copied', async () => {
  await fill('one', 1)
  await withLog('two', async () => {})
  const secret = await readFile(path.join(logOf('two'), 'secret'))
  const copying = transferPredictions(home('one'), home('two'), false, quietly)
  await expect(copying).rejects.toMatchObject({ code: 'TRANSFER_OTHER_SECRET' })
  expect(await readdir(logOf('two'))).toEqual(['secret'])
  expect(await readFile(path.join(logOf('two'), 'secret'))).toEqual(secret)
})

test('what was erased in a home that went on by itself does not come back', async () => {
  await fill('one', 2)
  await transferPredictions(home('one'), home('two'), false, quietly)
  await withLog('two', (log) => log.erase({ person: log.personKey('P1') }))
  expect(await transferPredictions(home('one'), home('two'), true, quietly)).toMatchObject({ segmentsCopied: 0 })
  expect(await idsOf('two', 'P1')).toEqual([])
})
