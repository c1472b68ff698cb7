import fc from 'fast-check'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { Metric, Run, TrackingStore } from '../tracking-store.ts'
import { bytesOf, type OpenStores, someDataset } from './open-stores.ts'

/** What every tracking store does, whatever it keeps its rows in. `open` gives empty stores. */
export function runTrackingStoreContract(name: string, open: () => Promise<OpenStores>): void {
  describe(`${name}: tracking store`, () => {
    let stores: OpenStores
    let tracking: TrackingStore
    beforeEach(async () => {
      stores = await open()
      tracking = stores.tracking
    })
    afterEach(() => stores.close())

    const start = async (
      overrides: { experiment?: string; startTime?: number; tags?: Record<string, string>; parentRunId?: string } = {},
    ): Promise<Run> => {
      const { experiment = 'grades', ...rest } = overrides
      const { id } = await tracking.ensureExperiment(experiment, 1)
      return tracking.createRun({ experimentId: id, name: 'a run', startTime: 100, ...rest })
    }
    const metric = (key: string, value: number, step = 0, timestamp = 0): Metric => ({ key, value, step, timestamp })

    describe('experiments', () => {
      test('one name is one experiment, made once', async () => {
        const [first, second] = await Promise.all([
          tracking.ensureExperiment('grades', 1),
          tracking.ensureExperiment('grades', 2),
        ])
        expect(second).toEqual(first)
        expect(await tracking.experiments()).toEqual([first])
      })

      test('are listed in the order they were made', async () => {
        for (const one of ['b', 'a', 'c']) await tracking.ensureExperiment(one, 1)
        expect((await tracking.experiments()).map((one) => one.name)).toEqual(['b', 'a', 'c'])
      })

      test('a name outside the grammar is refused', async () => {
        await expect(tracking.ensureExperiment('../etc', 1)).rejects.toMatchObject({ code: 'INVALID_NAME' })
        expect(await tracking.experiments()).toEqual([])
      })
    })

    describe('runs', () => {
      test('a new run is RUNNING, with an id like MLflow gives', async () => {
        const run = await start({ tags: { note: 'é' } })
        expect(run).toMatchObject({
          name: 'a run',
          status: 'RUNNING',
          startTime: 100,
          endTime: null,
          parentRunId: null,
          tags: { note: 'é' },
          params: {},
          metrics: {},
        })
        expect(run.id).toMatch(/^[0-9a-f]{32}$/)
        expect(await tracking.run(run.id)).toEqual({ ...run, artifacts: [], datasets: [] })
      })

      test('an experiment or a parent that is not there is refused', async () => {
        await expect(tracking.createRun({ experimentId: '999', name: 'r', startTime: 1 })).rejects.toMatchObject({
          code: 'EXPERIMENT_NOT_FOUND',
        })
        await expect(start({ parentRunId: 'f'.repeat(32) })).rejects.toMatchObject({ code: 'RUN_NOT_FOUND' })
        expect(await tracking.runs({})).toEqual([])
      })

      test('is found by the first six digits of its id, not by fewer', async () => {
        const run = await start()
        expect((await tracking.run(run.id.slice(0, 6))).id).toBe(run.id)
        await expect(tracking.run(run.id.slice(0, 5))).rejects.toMatchObject({ code: 'RUN_NOT_FOUND' })
        for (const wrong of ['', '%', `${run.id}0`, 'zzzzzz', '______'])
          await expect(tracking.run(wrong)).rejects.toMatchObject({ code: 'RUN_NOT_FOUND' })
      })

      test('are listed newest first, and of equal times the later made first', async () => {
        const [old, one, two, recent] = [
          await start({ startTime: 1 }),
          await start({ startTime: 5 }),
          await start({ startTime: 5 }),
          await start({ startTime: 9 }),
        ]
        const ids = (runs: readonly Run[]) => runs.map((run) => run.id)
        expect(ids(await tracking.runs({}))).toEqual(ids([recent, two, one, old]))
        expect(ids(await tracking.runs({ limit: 2 }))).toEqual(ids([recent, two]))
        expect(await tracking.runs({ limit: 0 })).toEqual([])
      })

      test('are filtered by experiment, parent and status', async () => {
        const parent = await start()
        const child = await start({ parentRunId: parent.id, startTime: 101 })
        const other = await start({ experiment: 'other', startTime: 102 })
        await tracking.finishRun(child.id, 'FAILED', 200)
        const ids = async (query: Parameters<TrackingStore['runs']>[0]) =>
          (await tracking.runs(query)).map((run) => run.id)
        expect(await ids({ experiment: 'grades' })).toEqual([child.id, parent.id])
        expect(await ids({ experiment: other.experimentId })).toEqual([other.id])
        expect(await ids({ experiment: 'nowhere' })).toEqual([])
        expect(await ids({ parentRunId: null })).toEqual([other.id, parent.id])
        expect(await ids({ parentRunId: parent.id })).toEqual([child.id])
        expect(await ids({ status: 'FAILED' })).toEqual([child.id])
        expect(await ids({ experiment: 'grades', parentRunId: null, status: 'RUNNING' })).toEqual([parent.id])
      })

      test('a list longer than a page of the database carries every run its own data', async () => {
        const { id } = await tracking.ensureExperiment('grades', 1)
        for (let i = 0; i < 130; i++) {
          await tracking.recordRun({
            experimentId: id,
            name: `r${i}`,
            startTime: i,
            status: 'FINISHED',
            endTime: i,
            params: { i: `${i}` },
            metrics: [metric('m', i)],
            tags: { t: `${i}` },
          })
        }
        const runs = await tracking.runs({})
        expect(runs.map((run) => [run.name, run.params.i, run.metrics.m, run.tags.t])).toEqual(
          Array.from({ length: 130 }, (_, index) => 129 - index).map((i) => [`r${i}`, `${i}`, i, `${i}`]),
        )
      })

      test('a finished run is never written again', async () => {
        const run = await start()
        const hash = await stores.blobs.put(bytesOf('x'))
        await tracking.finishRun(run.id, 'FINISHED', 200)
        const refused = { code: 'RUN_FINISHED' }
        await expect(tracking.logBatch(run.id, { tags: { a: '1' } })).rejects.toMatchObject(refused)
        await expect(
          tracking.logArtifact(run.id, { path: 'x', hash, sizeBytes: 1, mediaType: 'text/plain' }),
        ).rejects.toMatchObject(refused)
        await expect(tracking.logDataset(run.id, `sha256:${'0'.repeat(64)}`, 'training')).rejects.toMatchObject(refused)
        await expect(tracking.finishRun(run.id, 'FAILED', 200)).rejects.toMatchObject(refused)
        expect(await tracking.run(run.id)).toEqual({
          ...run,
          status: 'FINISHED',
          endTime: 200,
          artifacts: [],
          datasets: [],
        })
      })

      test('the same end told twice is no error', async () => {
        const run = await start()
        await tracking.finishRun(run.id, 'FINISHED', 200)
        await tracking.finishRun(run.id, 'FINISHED', 200)
        expect((await tracking.run(run.id)).endTime).toBe(200)
      })

      test('a run that is not there is named', async () => {
        const missing = 'f'.repeat(32)
        const code = { code: 'RUN_NOT_FOUND' }
        await expect(tracking.run(missing)).rejects.toMatchObject(code)
        await expect(tracking.logBatch(missing, {})).rejects.toMatchObject(code)
        await expect(tracking.finishRun(missing, 'FAILED', 1)).rejects.toMatchObject(code)
        await expect(tracking.metricHistory(missing, 'm')).rejects.toMatchObject(code)
      })
    })

    describe('params, tags and metrics', () => {
      test('a param is written once; the same value again is fine', async () => {
        const run = await start()
        await tracking.logBatch(run.id, { params: { depth: '3' } })
        await tracking.logBatch(run.id, { params: { depth: '3', trees: '100' } })
        await expect(tracking.logBatch(run.id, { params: { depth: '4' } })).rejects.toMatchObject({
          code: 'PARAM_CHANGED',
        })
        expect((await tracking.run(run.id)).params).toEqual({ depth: '3', trees: '100' })
      })

      test('a tag that is set again has the newer value', async () => {
        const run = await start({ tags: { stage: 'a' } })
        await tracking.logBatch(run.id, { tags: { stage: 'b' } })
        expect((await tracking.run(run.id)).tags).toEqual({ stage: 'b' })
      })

      test('a batch with one fault changes nothing', async () => {
        const run = await start()
        await tracking.logBatch(run.id, { params: { depth: '3' } })
        const before = await tracking.run(run.id)
        await expect(
          tracking.logBatch(run.id, { tags: { t: '1' }, metrics: [metric('m', 1)], params: { new: '1', depth: '4' } }),
        ).rejects.toMatchObject({ code: 'PARAM_CHANGED' })
        await expect(
          tracking.logBatch(run.id, { tags: { t: '1' }, metrics: [metric('m', 1), metric('m', 1, 0.5)] }),
        ).rejects.toMatchObject({ code: 'INVALID_INPUT' })
        await expect(tracking.logBatch(run.id, { tags: { t: '1' }, metrics: [metric('', 1)] })).rejects.toMatchObject({
          code: 'INVALID_NAME',
        })
        expect(await tracking.run(run.id)).toEqual(before)
        expect(await tracking.metricHistory(run.id, 'm')).toEqual([])
      })

      test('a history comes in step order, whatever the order it was logged in', async () => {
        const run = await start()
        const points = [
          metric('m', 0.3, 2, 30),
          metric('m', 0.1, 0, 50),
          metric('m', 0.25, 1, 20),
          metric('m', 0.2, 1, 10),
        ]
        await tracking.logBatch(run.id, { metrics: points.slice(0, 2) })
        await tracking.logBatch(run.id, { metrics: points.slice(2) })
        expect(await tracking.metricHistory(run.id, 'm')).toEqual([points[1], points[3], points[2], points[0]])
        expect(await tracking.metricHistory(run.id, 'other')).toEqual([])
      })

      test('the value shown is that of the largest step, then the newest, then the largest', async () => {
        const points = fc.array(
          fc.record({
            value: fc.oneof(
              fc.constantFrom(Number.NaN, Number.POSITIVE_INFINITY, -1, 0, 1),
              fc.double({ noNaN: true }),
            ),
            step: fc.nat(2),
            timestamp: fc.nat(2),
          }),
          {
            minLength: 1,
            maxLength: 12,
          },
        )
        const rank = (value: number) => (Number.isNaN(value) ? Number.NEGATIVE_INFINITY : value)
        await fc.assert(
          fc.asyncProperty(points, async (all) => {
            const run = await start()
            for (const point of all) await tracking.logBatch(run.id, { metrics: [{ key: 'm', ...point }] })
            const best = all
              .toSorted(
                (a, b) => a.step - b.step || a.timestamp - b.timestamp || (rank(a.value) < rank(b.value) ? -1 : 1),
              )
              .at(-1)!
            const shown = (await tracking.run(run.id)).metrics.m
            expect(shown! + 0).toBe(best.value + 0) // 0 and -0 are one value to a database
          }),
          { numRuns: 20 },
        )
      })

      test('NaN and the infinities come back as they were', async () => {
        const run = await start()
        const values = [Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, Number.MIN_VALUE, 0.1 + 0.2]
        await tracking.logBatch(run.id, { metrics: values.map((value, step) => metric('m', value, step)) })
        expect((await tracking.metricHistory(run.id, 'm')).map(({ value }) => value)).toEqual(values)
      })

      test('the same point logged twice, as after a lost answer, is one point; two values of one instant are two', async () => {
        const run = await start()
        const batch = { metrics: [metric('m', 1, 0, 5), metric('m', Number.NaN, 0, 5), metric('m', 2, 0, 5)] }
        await tracking.logBatch(run.id, batch)
        await tracking.logBatch(run.id, batch)
        expect((await tracking.metricHistory(run.id, 'm')).map(({ value }) => value)).toEqual([1, Number.NaN, 2])
      })

      test('keys that are names of every object are keys like others', async () => {
        const run = await start()
        const params = JSON.parse('{"__proto__":"1","constructor":"2","toString":"3"}') as Record<string, string>
        await tracking.logBatch(run.id, { params })
        expect(Object.entries((await tracking.run(run.id)).params).sort()).toEqual(Object.entries(params).sort())
      })
    })

    describe('recordRun', () => {
      test('writes a finished run with its data at once', async () => {
        const { id: experimentId } = await tracking.ensureExperiment('grades', 1)
        const parent = await start()
        const dataset = await someDataset(stores, 'abc123')
        await stores.datasets.putDataset(dataset)
        const hash = await stores.blobs.put(bytesOf('predictions'))
        const artifact = { path: 'out-of-fold.f64', hash, sizeBytes: 11, mediaType: 'application/octet-stream' }
        const run = await tracking.recordRun({
          experimentId,
          name: 'trial 3',
          startTime: 100,
          endTime: 150,
          status: 'FINISHED',
          parentRunId: parent.id,
          params: { depth: '3' },
          metrics: [metric('f1_macro', 0.7), metric('f1_macro', 0.8, 1)],
          tags: { kind: 'trial' },
          datasets: [{ id: dataset.id, context: 'training' }],
          artifacts: [artifact],
        })
        expect(run).toMatchObject({
          status: 'FINISHED',
          endTime: 150,
          parentRunId: parent.id,
          params: { depth: '3' },
          metrics: { f1_macro: 0.8 },
          tags: { kind: 'trial' },
        })
        const datasets = [{ id: dataset.id, context: 'training' }]
        expect(await tracking.run(run.id)).toEqual({ ...run, artifacts: [artifact], datasets })
      })

      test('writes nothing when a part of it is wrong', async () => {
        const { id: experimentId } = await tracking.ensureExperiment('grades', 1)
        const run = { experimentId, name: 'trial', startTime: 1, endTime: 2, status: 'FINISHED' } as const
        await expect(tracking.recordRun({ ...run, params: { '': 'x' } })).rejects.toMatchObject({
          code: 'INVALID_NAME',
        })
        const unknown = [{ id: `sha256:${'0'.repeat(64)}`, context: 'training' }] as const
        await expect(tracking.recordRun({ ...run, datasets: unknown })).rejects.toMatchObject({
          code: 'DATASET_NOT_FOUND',
        })
        const lost = { path: 'a', hash: `sha256:${'0'.repeat(64)}`, sizeBytes: 1, mediaType: 'text/plain' }
        await expect(tracking.recordRun({ ...run, artifacts: [lost] })).rejects.toMatchObject({
          code: 'BLOB_NOT_FOUND',
        })
        await expect(tracking.recordRun({ ...run, artifacts: [{ ...lost, path: '../a' }] })).rejects.toMatchObject({
          code: 'INVALID_INPUT',
        })
        expect(await tracking.runs({})).toEqual([])
      })
    })

    describe('artifacts and datasets', () => {
      test('are part of the run, in the order of their names', async () => {
        const run = await start()
        const [a, b] = [await stores.blobs.put(bytesOf('a')), await stores.blobs.put(bytesOf('bb'))]
        const dataset = await someDataset(stores, 'abc123')
        await stores.datasets.putDataset(dataset)
        await tracking.logArtifact(run.id, {
          path: 'figures/roc.svg',
          hash: a,
          sizeBytes: 1,
          mediaType: 'image/svg+xml',
        })
        await tracking.logArtifact(run.id, {
          path: 'figures/calibration.svg',
          hash: b,
          sizeBytes: 2,
          mediaType: 'image/svg+xml',
        })
        for (const context of ['training', 'test', 'test'] as const)
          await tracking.logDataset(run.id, dataset.id, context)
        const detail = await tracking.run(run.id)
        expect(detail.artifacts).toEqual([
          { path: 'figures/calibration.svg', hash: b, sizeBytes: 2, mediaType: 'image/svg+xml' },
          { path: 'figures/roc.svg', hash: a, sizeBytes: 1, mediaType: 'image/svg+xml' },
        ])
        expect(detail.datasets).toEqual([
          { id: dataset.id, context: 'test' },
          { id: dataset.id, context: 'training' },
        ])
      })

      test('an artifact that is logged again has the newer content', async () => {
        const run = await start()
        const [a, b] = [await stores.blobs.put(bytesOf('a')), await stores.blobs.put(bytesOf('bb'))]
        await tracking.logArtifact(run.id, { path: 'x', hash: a, sizeBytes: 1, mediaType: 'text/plain' })
        await tracking.logArtifact(run.id, { path: 'x', hash: b, sizeBytes: 2, mediaType: 'text/html' })
        expect((await tracking.run(run.id)).artifacts).toEqual([
          { path: 'x', hash: b, sizeBytes: 2, mediaType: 'text/html' },
        ])
      })

      test('an artifact without its content, or a dataset that is not there, is refused', async () => {
        const run = await start()
        const nothing = `sha256:${'0'.repeat(64)}`
        await expect(
          tracking.logArtifact(run.id, { path: 'x', hash: nothing, sizeBytes: 1, mediaType: 'a/b' }),
        ).rejects.toMatchObject({ code: 'BLOB_NOT_FOUND' })
        await expect(tracking.logDataset(run.id, nothing, 'training')).rejects.toMatchObject({
          code: 'DATASET_NOT_FOUND',
        })
      })

      test.each(['', '/etc/passwd', '../x', 'a/../b', 'a//b', 'a/', './a', 'a\\b', 'a\u0000'])(
        '%j is no path of an artifact',
        async (path) => {
          const run = await start()
          const hash = await stores.blobs.put(bytesOf('a'))
          await expect(
            tracking.logArtifact(run.id, { path, hash, sizeBytes: 1, mediaType: 'a/b' }),
          ).rejects.toMatchObject({ code: 'INVALID_INPUT' })
        },
      )
    })

    describe('reapRuns', () => {
      test('ends the runs of processes that are gone, and no others', async () => {
        const dead = await start({ tags: { 'bellwether.process': 'host:1' } })
        const alive = await start({ tags: { 'bellwether.process': 'host:2' } })
        const foreign = await start()
        const done = await start({ tags: { 'bellwether.process': 'host:1' } })
        await tracking.finishRun(done.id, 'FINISHED', 150)
        expect(await tracking.reapRuns((process) => process === 'host:2', 300)).toBe(1)
        expect(await tracking.run(dead.id)).toMatchObject({ status: 'KILLED', endTime: 300 })
        for (const run of [alive, foreign]) expect(await tracking.run(run.id)).toMatchObject({ status: 'RUNNING' })
        expect(await tracking.run(done.id)).toMatchObject({ status: 'FINISHED', endTime: 150 })
        expect(await tracking.reapRuns((process) => process === 'host:2', 400)).toBe(0)
      })
    })

    test('fifty calls at once lose nothing', async () => {
      const run = await start()
      await Promise.all(
        Array.from({ length: 50 }, (_, i) =>
          tracking.logBatch(run.id, { params: { [`p${i}`]: `${i}` }, metrics: [metric('m', i, i)] }),
        ),
      )
      const detail = await tracking.run(run.id)
      expect(Object.keys(detail.params)).toHaveLength(50)
      expect(await tracking.metricHistory(run.id, 'm')).toHaveLength(50)
      expect(detail.metrics.m).toBe(49)
    })
  })
}
