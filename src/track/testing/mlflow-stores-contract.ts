import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { DatasetInput, TrackedMetric } from '../mlflow-model.ts'
import type { OpenStores } from './open-stores.ts'

const metric = (key: string, value: number, step = 0, timestamp = 1): TrackedMetric => ({ key, value, step, timestamp })
const HASH = (digit: string) => `sha256:${digit.repeat(64)}`

/** What stores for MLflow's clients do, on whatever database. `open` gives empty ones. Searches of runs: mlflow-search-contract.ts. */
export function runMlflowStoresContract(name: string, open: () => Promise<OpenStores>): void {
  describe(`${name}: stores of MLflow's clients`, { timeout: 120_000 }, () => {
    let stores: OpenStores
    let mlflow: OpenStores['mlflow']
    beforeEach(async () => {
      stores = await open()
      mlflow = stores.mlflow
    })
    afterEach(() => stores.close())

    const newRun = async (more: { experimentId?: string; tags?: { key: string; value: string }[] } = {}) =>
      (
        await mlflow.runs.create({
          experimentId: more.experimentId ?? '0',
          userId: 'ana',
          name: null,
          startTime: 10,
          tags: more.tags ?? [],
        })
      ).info.id

    describe('experiments', () => {
      test('the first, Default, is there from the beginning, and a name is taken once', async () => {
        expect(await mlflow.experiments.byId('0')).toMatchObject({ name: 'Default', lifecycleStage: 'active' })
        await mlflow.experiments.create({ name: 'grades', tags: [{ key: 'k', value: 'v' }], now: 5 })
        await expect(mlflow.experiments.create({ name: 'grades', tags: [], now: 6 })).rejects.toMatchObject({
          code: 'ALREADY_EXISTS',
        })
        expect(await mlflow.experiments.byName('grades')).toMatchObject({ tags: [{ key: 'k', value: 'v' }] })
      })

      test('go with their runs, and come back with them', async () => {
        const id = await mlflow.experiments.create({ name: 'grades', tags: [], now: 5 })
        const run = await newRun({ experimentId: id })
        await mlflow.experiments.setLifecycle(id, 'deleted', 7)
        expect((await mlflow.runs.get(run)).info.lifecycleStage).toBe('deleted')
        await expect(newRun({ experimentId: id })).rejects.toMatchObject({ code: 'NOT_ACTIVE' })
        await expect(mlflow.experiments.rename(id, 'other', 8)).rejects.toMatchObject({ code: 'NOT_ACTIVE' })
        await mlflow.experiments.setLifecycle(id, 'active', 9)
        expect((await mlflow.runs.get(run)).info.lifecycleStage).toBe('active')
      })

      test('are found by filter and view, a page at a time', async () => {
        for (const label of ['a1', 'a2', 'b1'])
          await mlflow.experiments.create({ name: label, tags: [{ key: 'kind', value: label[0]! }], now: 5 })
        const search = { filter: "tags.kind = 'a' OR name = 'b1'", orderBy: ['name ASC'], viewType: 'ALL' as const }
        const first = await mlflow.experiments.search({ ...search, maxResults: 2 })
        const second = await mlflow.experiments.search({ ...search, maxResults: 2, pageToken: first.nextPageToken })
        expect([...first.items, ...second.items].map((one) => one.name)).toEqual(['a1', 'a2', 'b1'])
        expect(second.nextPageToken).toBeNull()
        await expect(
          mlflow.experiments.search({ ...search, filter: '', maxResults: 2, pageToken: first.nextPageToken }),
        ).rejects.toMatchObject({ code: 'PAGE_TOKEN_INVALID' })
      })
    })

    describe('runs', () => {
      test('get a name where none is given, which is their tag too, and end when they are over', async () => {
        const id = await newRun()
        const { info, tags } = await mlflow.runs.get(id)
        expect(info.name).toMatch(/^[a-z]+-[a-z]+-\d+$/)
        expect(tags).toEqual([{ key: 'mlflow.runName', value: info.name }])
        expect(info).toMatchObject({
          status: 'RUNNING',
          endTime: null,
          artifactUri: `mlflow-artifacts:/0/${id}/artifacts`,
        })
        await mlflow.runs.log(id, { tags: [{ key: 'mlflow.runName', value: 'renamed' }] })
        expect((await mlflow.runs.update(id, { status: 'FINISHED' }, 99)).endTime).toBe(99)
        expect(await mlflow.runs.update(id, { status: 'RUNNING' }, 100)).toMatchObject({
          name: 'renamed',
          endTime: null,
        })
      })

      test('a param is written once, a tag as often as it takes', async () => {
        const id = await newRun()
        await mlflow.runs.log(id, { params: [{ key: 'depth', value: '3' }], tags: [{ key: 't', value: '1' }] })
        await mlflow.runs.log(id, { params: [{ key: 'depth', value: '3' }], tags: [{ key: 't', value: '2' }] })
        await expect(mlflow.runs.log(id, { params: [{ key: 'depth', value: '4' }] })).rejects.toMatchObject({
          code: 'PARAM_CHANGED',
        })
        await mlflow.runs.deleteTag(id, 't')
        await expect(mlflow.runs.deleteTag(id, 't')).rejects.toMatchObject({ code: 'TAG_NOT_FOUND' })
        const run = await mlflow.runs.get(id)
        expect([run.params, run.tags.map(({ key }) => key)]).toEqual([
          [{ key: 'depth', value: '3' }],
          ['mlflow.runName'],
        ])
      })

      test('a param or tag with the character NUL, at which SQLite ends a text and which PostgreSQL has not, is refused', async () => {
        const id = await newRun()
        const one = { key: 'k', value: 'a\0b' }
        const refused = { code: 'INVALID_INPUT', message: expect.stringContaining('NUL') }
        await expect(mlflow.runs.log(id, { params: [one] })).rejects.toMatchObject(refused)
        await expect(mlflow.runs.log(id, { tags: [one] })).rejects.toMatchObject(refused)
        await expect(mlflow.experiments.setTag('0', one, 1)).rejects.toMatchObject(refused)
      })

      test('a batch is written as a whole or not at all', async () => {
        const id = await newRun()
        await mlflow.runs.log(id, { params: [{ key: 'b', value: '1' }] })
        await expect(
          mlflow.runs.log(id, {
            metrics: [metric('m', 1)],
            params: [
              { key: 'a', value: '1' },
              { key: 'b', value: '2' },
            ],
          }),
        ).rejects.toMatchObject({ code: 'PARAM_CHANGED' })
        expect(await mlflow.runs.get(id)).toMatchObject({ metrics: [], params: [{ key: 'b', value: '1' }] })
      })

      test('deleted ones take nothing more until they are restored', async () => {
        const id = await newRun()
        await mlflow.runs.setLifecycle(id, 'deleted')
        for (const write of [
          () => mlflow.runs.log(id, { tags: [{ key: 'a', value: 'b' }] }),
          () => mlflow.runs.update(id, { name: 'x' }, 1),
          () => mlflow.runs.logInputs(id, [], ['m-1']),
        ])
          await expect(write()).rejects.toMatchObject({ code: 'NOT_ACTIVE' })
        await mlflow.runs.setLifecycle(id, 'active')
        await mlflow.runs.log(id, { tags: [{ key: 'a', value: 'b' }] })
        await expect(mlflow.runs.get('0'.repeat(32))).rejects.toMatchObject({ code: 'RUN_NOT_FOUND' })
      })
    })

    describe('metrics', () => {
      test('the value that shows is that of the largest step, then the latest, whatever the order they came in', async () => {
        const id = await newRun()
        await mlflow.runs.log(id, { metrics: [metric('a', 3, 2, 1), metric('a', 1, 1, 9), metric('a', 2, 2, 5)] })
        await mlflow.runs.log(id, { metrics: [metric('n', Number.NaN), metric('p', Infinity), metric('m', -Infinity)] })
        const shown = Object.fromEntries((await mlflow.runs.get(id)).metrics.map(({ key, value }) => [key, value]))
        expect(shown).toEqual({ a: 2, n: Number.NaN, p: Infinity, m: -Infinity })
      })

      test('a history comes by time, then step, then as logged, in pages that neither shift nor repeat', async () => {
        const id = await newRun()
        const points = Array.from({ length: 25 }, (_, i) => metric('loss', i, i % 5, 100 - (i % 3)))
        await mlflow.runs.log(id, { metrics: points })
        const whole = await mlflow.runs.history(id, 'loss', { maxResults: null })
        expect(whole.items).toHaveLength(25)
        const sorted = [...points].sort((l, r) => l.timestamp - r.timestamp || l.step - r.step || l.value - r.value)
        expect(whole.items.map(({ value }) => value)).toEqual(sorted.map(({ value }) => value))
        const paged: number[] = []
        let pageToken: string | null = null
        do {
          const page: Awaited<ReturnType<typeof mlflow.runs.history>> = await mlflow.runs.history(id, 'loss', {
            maxResults: 7,
            pageToken,
          })
          paged.push(...page.items.map(({ value }) => value))
          pageToken = page.nextPageToken
          // What is logged meanwhile, before where the walk is, does not disturb it.
          if (paged.length === 7) await mlflow.runs.log(id, { metrics: [metric('loss', -1, 0, 1)] })
        } while (pageToken)
        expect(paged).toEqual(sorted.map(({ value }) => value))
      })

      test('of several runs in the order of their ids; steps that stand for all have the first and the last of each run', async () => {
        const ids = [await newRun(), await newRun()].sort()
        for (const id of ids)
          await mlflow.runs.log(id, {
            metrics: Array.from({ length: 100 }, (_, step) =>
              metric('loss', step, id === ids[0] ? step : step + 50, step),
            ),
          })
        const all = await mlflow.runs.historyOfRuns([...ids, 'f'.repeat(32)].reverse(), 'loss', 1000)
        expect(all.map(({ runId }) => runId)).toEqual([...Array(100).fill(ids[0]), ...Array(100).fill(ids[1])])
        expect(await mlflow.runs.historyOfRuns(ids, 'loss', 30)).toHaveLength(30)
        const few = await mlflow.runs.sampledHistory(ids, 'loss', null, 10)
        const steps = (id: string) => few.filter(({ runId }) => runId === id).map(({ step }) => step)
        expect([steps(ids[0]!)[0], steps(ids[0]!).at(-1)]).toEqual([0, 99])
        expect([steps(ids[1]!)[0], steps(ids[1]!).at(-1)]).toEqual([50, 149])
        expect(few.length).toBeLessThan(60)
        const within = await mlflow.runs.sampledHistory([ids[0]!], 'loss', { from: 10, to: 12 }, 10)
        expect(within.map(({ step }) => step)).toEqual([10, 11, 12])
      })

      test('a thousand are taken at once, and no more', async () => {
        const id = await newRun()
        const many = Array.from({ length: 1000 }, (_, i) => metric(`m${i % 50}`, i, i))
        await mlflow.runs.log(id, { metrics: many })
        expect((await mlflow.runs.get(id)).metrics).toHaveLength(50)
        await expect(mlflow.runs.log(id, { metrics: [...many, metric('x', 1)] })).rejects.toMatchObject({
          code: 'INVALID_INPUT',
        })
      })
    })

    test('datasets of runs are kept with their tags, once each, and are found by their experiment', async () => {
      const input: DatasetInput = {
        dataset: { name: 'iris', digest: 'abc', sourceType: 'local', source: '{}', schema: null, profile: '{"n": 1}' },
        tags: [{ key: 'mlflow.data.context', value: 'training' }],
      }
      const id = await newRun()
      await mlflow.runs.logInputs(id, [input], ['m-1'])
      await mlflow.runs.logInputs(id, [input, { ...input, dataset: { ...input.dataset, digest: 'def' }, tags: [] }], [])
      await mlflow.runs.logOutputs(id, [{ modelId: 'm-2', step: 4 }])
      const run = await mlflow.runs.get(id)
      expect(run.datasetInputs.map(({ dataset, tags }) => [dataset.digest, tags.length])).toEqual([
        ['abc', 1],
        ['def', 0],
      ])
      expect(run.datasetInputs[0]).toEqual(input)
      expect([run.modelInputs, run.modelOutputs]).toEqual([['m-1'], [{ modelId: 'm-2', step: 4 }]])
      const found = await mlflow.experiments.datasets(['0'], 10)
      expect(found.map(({ digest, context }) => [digest, context]).sort()).toEqual([
        ['abc', 'training'],
        ['def', null],
      ])
    })

    describe('logged models', () => {
      const newModel = (label: string, more: object = {}) =>
        mlflow.loggedModels.create({
          experimentId: '0',
          name: label,
          modelType: null,
          sourceRunId: null,
          params: [],
          tags: [],
          now: 5,
          ...more,
        })

      test('are pending until they are finished, and show the metrics that runs log for them', async () => {
        const run = await newRun()
        const model = await newModel('clf', { sourceRunId: run, params: [{ key: 'c', value: '1' }] })
        expect(model).toMatchObject({ status: 'LOGGED_MODEL_PENDING', id: expect.stringMatching(/^m-[0-9a-f]{32}$/) })
        await mlflow.runs.logOutputs(run, [{ modelId: model.id, step: 3 }])
        const data = { datasetName: 'iris', datasetDigest: 'abc' }
        await mlflow.runs.log(run, {
          metrics: [
            { ...metric('acc', 0.9, 1), modelId: model.id, ...data },
            metric('of step', 7, 3),
            metric('other', 1, 2),
          ],
        })
        await mlflow.loggedModels.finalize(model.id, 'LOGGED_MODEL_READY', 9)
        const got = await mlflow.loggedModels.get(model.id)
        expect(got).toMatchObject({ status: 'LOGGED_MODEL_READY', updatedTime: 9, params: [{ key: 'c', value: '1' }] })
        expect(got.metrics.map(({ key, value, runId }) => [key, value, runId])).toEqual([
          ['acc', 0.9, run],
          ['of step', 7, run],
        ])
        expect(got.metrics[0]).toMatchObject(data)
      })

      test('are found by what they are and what was measured, best first, and deleted ones are not', async () => {
        const run = await newRun()
        const ids: string[] = []
        for (const [i, label] of ['low', 'high', 'none', 'gone'].entries()) {
          const { id } = await newModel(label, { tags: [{ key: 'team', value: 'a' }], now: 5 + i })
          ids.push(id)
          if (label !== 'none') await mlflow.runs.log(run, { metrics: [{ ...metric('acc', i, i), modelId: id }] })
        }
        await mlflow.loggedModels.delete(ids[3]!, 20)
        const orderBy = [{ field: 'metrics.acc', ascending: false, datasetName: null, datasetDigest: null }]
        const search = { experimentIds: ['0'], filter: "tags.team = 'a'", maxResults: 2, orderBy }
        const first = await mlflow.loggedModels.search(search)
        const second = await mlflow.loggedModels.search({ ...search, pageToken: first.nextPageToken })
        expect([...first.items, ...second.items].map((one) => one.name)).toEqual(['high', 'low', 'none'])
        await expect(mlflow.loggedModels.get(ids[3]!)).rejects.toMatchObject({ code: 'LOGGED_MODEL_NOT_FOUND' })
        expect((await mlflow.loggedModels.get(ids[3]!, true)).name).toBe('gone')
      })

      test('take tags and params later, and give tags back', async () => {
        const { id } = await newModel('clf')
        await mlflow.loggedModels.setTags(id, [{ key: 'a', value: '1' }])
        await mlflow.loggedModels.setTags(id, [
          { key: 'a', value: '2' },
          { key: 'b', value: '3' },
        ])
        await mlflow.loggedModels.deleteTag(id, 'b')
        await mlflow.loggedModels.logParams(id, [{ key: 'p', value: 'q' }])
        expect(await mlflow.loggedModels.get(id)).toMatchObject({
          tags: [{ key: 'a', value: '2' }],
          params: [{ key: 'p', value: 'q' }],
        })
      })
    })

    describe('artifacts', () => {
      const artifact = (path: string, digit: string) => ({
        path,
        hash: HASH(digit),
        sizeBytes: 1,
        mediaType: 'text/plain',
      })

      test('lie in folders that nobody makes; the newer content of a path is the one', async () => {
        const run = await newRun()
        for (const root of [`0/${run}/artifacts`, '0/models/m-1/artifacts', 'anywhere']) {
          for (const [path, digit] of [
            ['a.txt', '1'],
            ['deep/er/b.txt', '2'],
            ['deep/c.txt', '3'],
            ['a.txt', '4'],
            ['deeper.txt', '5'],
          ] as const)
            await mlflow.artifacts.put(artifact(`${root}/${path}`, digit))
          expect((await mlflow.artifacts.get(`${root}/a.txt`)).hash).toBe(HASH('4'))
          expect(await mlflow.artifacts.list(root)).toEqual([
            { path: 'a.txt', isFolder: false, sizeBytes: 1 },
            { path: 'deep', isFolder: true, sizeBytes: null },
            { path: 'deeper.txt', isFolder: false, sizeBytes: 1 },
          ])
          expect((await mlflow.artifacts.below(`${root}/deep`)).map(({ path }) => path)).toEqual([
            `${root}/deep/c.txt`,
            `${root}/deep/er/b.txt`,
          ])
          expect(await mlflow.artifacts.delete(`${root}/deep`)).toBe(2)
          expect((await mlflow.artifacts.list(root)).map(({ path }) => path)).toEqual(['a.txt', 'deeper.txt'])
        }
        await expect(mlflow.artifacts.get('anywhere')).rejects.toMatchObject({ code: 'ARTIFACT_NOT_FOUND' })
      })

      test('that come in parts appear in one step, and then take no further part', async () => {
        const id = await mlflow.artifacts.beginUpload('x/big.bin', 100)
        const part = (number: number, digit: string) => ({ number, hash: HASH(digit), sizeBytes: number })
        expect(await mlflow.artifacts.putPart(id, part(2, 'b'))).toBeNull()
        expect(await mlflow.artifacts.putPart(id, part(1, 'a'))).toBeNull()
        expect(await mlflow.artifacts.putPart(id, part(2, 'c'))).toBe(HASH('b'))
        expect(await mlflow.artifacts.upload(id)).toEqual({
          path: 'x/big.bin',
          whole: false,
          parts: [part(1, 'a'), part(2, 'c')],
        })
        await expect(mlflow.artifacts.get('x/big.bin')).rejects.toMatchObject({ code: 'ARTIFACT_NOT_FOUND' })
        await mlflow.artifacts.finishUpload(id, artifact('x/big.bin', 'd'))
        expect((await mlflow.artifacts.get('x/big.bin')).hash).toBe(HASH('d'))
        await expect(mlflow.artifacts.putPart(id, part(3, 'e'))).rejects.toMatchObject({ code: 'ARTIFACT_NOT_FOUND' })
        // To be told twice that it is whole changes nothing, also where the path holds something newer.
        await mlflow.artifacts.put(artifact('x/big.bin', 'f'))
        await mlflow.artifacts.finishUpload(id, artifact('x/big.bin', 'd'))
        expect((await mlflow.artifacts.get('x/big.bin')).hash).toBe(HASH('f'))
        expect(await mlflow.artifacts.upload(id)).toMatchObject({ whole: true, parts: [part(1, 'a'), part(2, 'c')] })
      })

      test('uploads are old by their beginning, or by when they went on', async () => {
        const [old, prolonged] = [
          await mlflow.artifacts.beginUpload('a', 100),
          await mlflow.artifacts.beginUpload('b', 50),
        ]
        await mlflow.artifacts.prolongUpload(prolonged, 500)
        expect(await mlflow.artifacts.staleUploads(100)).toEqual([])
        expect(await mlflow.artifacts.staleUploads(101)).toEqual([old])
        await mlflow.artifacts.endUpload(old)
        await expect(mlflow.artifacts.upload(old)).rejects.toMatchObject({ code: 'ARTIFACT_NOT_FOUND' })
        await expect(mlflow.artifacts.beginUpload('registry/m/1/x', 1)).rejects.toMatchObject({ code: 'INVALID_INPUT' })
      })

      test('a secret is made once', async () => {
        const [one, again, other] = await Promise.all(['a', 'a', 'b'].map((label) => mlflow.artifacts.secret(label)))
        expect(one).toBe(again)
        expect(one).not.toBe(other)
        expect(one!.length).toBeGreaterThan(40)
      })
    })
  })
}
