import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { BellwetherError } from '../errors.ts'
import { type Home, openHome } from '../store/open-home.ts'
import type { ModelVersion } from '../track/model-registry.ts'
import { TrafficPlan } from '../track/traffic-plan.ts'
import { createModelCache, type LoadFailure, type ModelCache } from './model-cache.ts'
import type { Scorer } from './scorer.ts'

let folder: string
let home: Home
/** Another process, as far as the store can tell. */
let elsewhere: Home

beforeEach(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'bellwether-cache-'))
  home = await openHome(folder)
  elsewhere = await openHome(folder)
})

afterEach(async () => {
  await home.close()
  await elsewhere.close()
  await rm(folder, { recursive: true, force: true })
})

const DATASET = `sha256:${'a'.repeat(64)}`

async function register(name: string, aliases: readonly string[] = []): Promise<ModelVersion> {
  const experiment = await home.tracking.ensureExperiment(name, 1)
  const run = await home.tracking.createRun({ experimentId: experiment.id, name: 'run', startTime: 1 })
  const blob = await home.blobs.put(Buffer.from('{}'))
  await home.datasets.putDataset({
    id: DATASET,
    name,
    nRows: 1,
    nRejected: 0,
    schema: { columns: [] },
    profile: {},
    source: 'made here',
    blob,
    rejectsBlob: null,
    createdTime: 1,
  })
  return home.models.createVersion({
    model: name,
    runId: run.id,
    datasetId: DATASET,
    files: [{ path: 'manifest.json', hash: blob, sizeBytes: 2 }],
    metrics: {},
    estimator: 'baseline',
    aliases,
    actor: 'test',
    reason: 'test',
    now: 1,
  })
}

/** A cache over the real registry; what is loaded is a stand-in that can be told apart. */
function cacheOf(
  options: { readonly broken?: Set<number>; readonly pollMs?: number; readonly slow?: Map<number, Promise<void>> } = {},
) {
  const loads: number[] = []
  const failures: LoadFailure[] = []
  const time = { now: 0 }
  const cache: ModelCache = createModelCache({
    models: home.models,
    clock: () => time.now,
    pollMs: options.pollMs ?? 250,
    load: async ({ version }) => {
      loads.push(version)
      await options.slow?.get(version)
      if (options.broken?.has(version)) throw new BellwetherError('BLOB_CORRUPT', 'the file is not what it was')
      return { version } as unknown as Scorer
    },
    swapWaitMs: 20,
    onFailure: (failure) => failures.push(failure),
  })
  return { cache, loads, failures, time }
}

const promote = (store: Home, version: number, alias = 'champion') =>
  store.models.setAlias({ model: 'risk', alias, version, actor: 'test', reason: 'test', now: 2 })

describe('the model cache', () => {
  test('loads a version once, however many ask for it at the same time', async () => {
    await register('risk', ['champion'])
    const { cache, loads } = cacheOf()
    const all = await Promise.all(Array.from({ length: 5 }, () => cache.resolve('risk', { alias: 'champion' })))
    expect(loads).toEqual([1])
    expect(new Set(all.map(({ scorer }) => scorer)).size).toBe(1)
    expect(all[0]).toMatchObject({ name: 'risk', version: 1, alias: 'champion' })
    expect(await cache.resolve('risk', { version: 1 })).toMatchObject({ version: 1, alias: null })
    expect(loads).toEqual([1])
  })

  test('an alias moved by another process is seen at the first request after the poll time, and not looked for before', async () => {
    await register('risk', ['champion'])
    await register('risk')
    const { cache, time } = cacheOf()
    expect((await cache.resolve('risk', { alias: 'champion' })).version).toBe(1)
    await promote(elsewhere, 2)
    time.now = 249
    expect((await cache.resolve('risk', { alias: 'champion' })).version).toBe(1)
    time.now = 250
    expect((await cache.resolve('risk', { alias: 'champion' })).version).toBe(2)
  })

  test('a change made through this process is seen at once', async () => {
    await register('risk', ['champion'])
    await register('risk')
    const { cache } = cacheOf({ pollMs: 1e9 })
    await cache.resolve('risk', { alias: 'champion' })
    await promote(home, 2)
    await cache.refresh()
    expect((await cache.resolve('risk', { alias: 'champion' })).version).toBe(2)
  })

  test('when the new version cannot be loaded the old one goes on answering, and the failure is told and tried again later', async () => {
    await register('risk', ['champion'])
    await register('risk')
    const broken = new Set([2])
    const { cache, failures, loads, time } = cacheOf({ broken, pollMs: 0 })
    await cache.resolve('risk', { alias: 'champion' })
    await promote(elsewhere, 2)
    expect((await cache.resolve('risk', { alias: 'champion' })).version).toBe(1)
    expect((await cache.resolve('risk', { alias: 'champion' })).version).toBe(1)
    expect(loads).toEqual([1, 2])
    expect(failures).toMatchObject([{ model: 'risk', version: 2, error: { code: 'BLOB_CORRUPT' } }])
    expect(cache.failures()).toHaveLength(1)
    broken.clear()
    time.now = 5_000
    expect((await cache.resolve('risk', { alias: 'champion' })).version).toBe(2)
    expect(cache.failures()).toEqual([])
  })

  test('while the new version takes long to load the old one answers, and the new one as soon as it is there', async () => {
    await register('risk', ['champion'])
    await register('risk')
    const gate = Promise.withResolvers<void>()
    const { cache, loads } = cacheOf({ pollMs: 0, slow: new Map([[2, gate.promise]]) })
    await cache.resolve('risk', { alias: 'champion' })
    await promote(elsewhere, 2)
    const during = await Promise.all(Array.from({ length: 5 }, () => cache.resolve('risk', { alias: 'champion' })))
    expect(during.map(({ version }) => version)).toEqual([1, 1, 1, 1, 1])
    gate.resolve()
    await gate.promise
    expect((await cache.resolve('risk', { alias: 'champion' })).version).toBe(2)
    expect(loads).toEqual([1, 2])
  })

  test('knows the plan of traffic as the registry has it, from the same look', async () => {
    await register('risk', ['champion', 'challenger'])
    const { cache } = cacheOf({ pollMs: 0 })
    await cache.resolve('risk', { alias: 'champion' })
    expect(cache.trafficOf('risk')).toBeNull()
    const plan = TrafficPlan.parse({ weights: { champion: 60, challenger: 40 } })
    await elsewhere.models.setTraffic({ model: 'risk', plan, actor: 'test', reason: 'test', now: 3 })
    await cache.resolve('risk', { alias: 'champion' })
    expect(cache.trafficOf('risk')).toEqual(plan)
    expect(cache.trafficOf('__proto__')).toBeNull()
  })

  test('a version that cannot be loaded and has no predecessor is MODEL_UNAVAILABLE', async () => {
    await register('risk', ['champion'])
    const { cache } = cacheOf({ broken: new Set([1]) })
    await expect(cache.resolve('risk', { alias: 'champion' })).rejects.toMatchObject({ code: 'MODEL_UNAVAILABLE' })
    await expect(cache.resolve('risk', { version: 1 })).rejects.toMatchObject({ code: 'MODEL_UNAVAILABLE' })
  })

  test.each([
    ['nothing', { alias: 'champion' }, 'MODEL_NOT_FOUND'],
    ['risk', { alias: 'challenger' }, 'ALIAS_NOT_FOUND'],
    ['risk', { alias: 'constructor' }, 'ALIAS_NOT_FOUND'],
    ['risk', { version: 9 }, 'VERSION_NOT_FOUND'],
    ['__proto__', { version: 1 }, 'MODEL_NOT_FOUND'],
  ])('%s with %j is %s', async (name, which, code) => {
    await register('risk', ['champion'])
    const { cache } = cacheOf()
    await expect(cache.resolve(name, which)).rejects.toMatchObject({ code })
  })

  test('keeps what aliases serve and only a few others in memory', async () => {
    for (let i = 0; i < 8; i++) await register('risk', i === 0 ? ['champion'] : [])
    const { cache, loads } = cacheOf()
    await cache.resolve('risk', { alias: 'champion' })
    for (let version = 2; version <= 8; version++) await cache.resolve('risk', { version })
    await cache.resolve('risk', { alias: 'champion' })
    await cache.resolve('risk', { version: 8 })
    expect(loads).toEqual([1, 2, 3, 4, 5, 6, 7, 8])
    await cache.resolve('risk', { version: 2 })
    expect(loads.at(-1)).toBe(2)
    expect(loads).toHaveLength(9)
  })

  test('goes on answering with what it has when the registry does not answer', async () => {
    await register('risk', ['champion'])
    const { cache, time } = cacheOf()
    await cache.resolve('risk', { alias: 'champion' })
    await home.close()
    time.now = 1_000
    expect((await cache.resolve('risk', { alias: 'champion' })).version).toBe(1)
  })
})
