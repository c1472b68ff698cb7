import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { bytesOf, type OpenStores, someDataset, someVersion } from './open-stores.ts'

/** What every dataset store does, whatever it keeps its rows in. `open` gives empty stores. */
export function runDatasetStoreContract(name: string, open: () => Promise<OpenStores>): void {
  describe(`${name}: dataset store`, () => {
    let stores: OpenStores
    beforeEach(async () => {
      stores = await open()
    })
    afterEach(() => stores.close())

    test('a version comes back as it was put, its profile with NaN and typed arrays', async () => {
      const dataset = await someDataset(stores, 'abc123', {
        nRejected: 2,
        rejectsBlob: await stores.blobs.put(bytesOf('rejects')),
      })
      await stores.datasets.putDataset(dataset)
      expect(await stores.datasets.dataset(dataset.id)).toStrictEqual(dataset)
      expect(await stores.datasets.datasets()).toStrictEqual([dataset])
    })

    test('is found by the start of its id, with or without the algorithm', async () => {
      const [one, two] = [await someDataset(stores, 'abc1230'), await someDataset(stores, 'abc1231')]
      await stores.datasets.putDataset(one)
      await stores.datasets.putDataset(two)
      expect((await stores.datasets.dataset('abc1231')).id).toBe(two.id)
      expect((await stores.datasets.dataset('sha256:abc1230')).id).toBe(one.id)
      await expect(stores.datasets.dataset('abc123')).rejects.toMatchObject({ code: 'ID_AMBIGUOUS' })
      for (const wrong of ['', 'abc12', 'sha256:', 'def456', 'md5:abc1230', '%', `${one.id}0`]) {
        await expect(stores.datasets.dataset(wrong)).rejects.toMatchObject({ code: 'DATASET_NOT_FOUND' })
      }
    })

    test('the same content read again is one version; its first reading is shown', async () => {
      const first = await someDataset(stores, 'abc123')
      await stores.datasets.putDataset(first)
      await stores.datasets.putDataset({ ...first, createdTime: 2000 })
      await stores.datasets.putDataset({ ...first, source: 'copy.csv', nRejected: 7, createdTime: 3000 })
      expect(await stores.datasets.datasets()).toStrictEqual([first])
      expect(await stores.datasets.dataset(first.id)).toStrictEqual(first)
    })

    test('content that two projects read is listed under both names', async () => {
      const first = await someDataset(stores, 'abc123')
      const second = { ...first, name: 'other', source: 'elsewhere.csv', createdTime: 2000 }
      await stores.datasets.putDataset(first)
      await stores.datasets.putDataset(second)
      expect(await stores.datasets.datasets({ name: 'grades' })).toStrictEqual([first])
      expect(await stores.datasets.datasets({ name: 'other' })).toStrictEqual([second])
      expect(await stores.datasets.datasets({ name: 'nothing' })).toEqual([])
      expect(await stores.datasets.datasets()).toStrictEqual([first])
    })

    test('what the projects that read it name as the identifier is told, that of the newest first', async () => {
      const { datasets } = stores
      const dataset = await someDataset(stores, 'abcdef')
      await datasets.putDataset(dataset)
      expect(await datasets.idColumns(dataset.id)).toEqual([])
      await datasets.putDataset({ ...dataset, name: 'one', idColumn: 'number' })
      await datasets.putDataset({ ...dataset, name: 'two', idColumn: 'person' })
      await datasets.putDataset({ ...dataset, name: 'three', idColumn: 'number' })
      await datasets.putDataset({ ...(await someDataset(stores, 'fedcba')), idColumn: 'other' })
      expect(await datasets.idColumns(dataset.id)).toEqual(['number', 'person'])
    })

    test('tells whose runs and versions used it, each once', async () => {
      const { tracking, datasets, models } = stores
      const version = await someVersion(stores, { model: 'small' })
      const id = version.datasetId!
      expect(await datasets.usersOf(id)).toEqual([])
      await models.createVersion(version)
      expect(await datasets.usersOf(id)).toEqual(['small'])
      for (const name of ['pupils', 'pupils', 'exams']) {
        const experimentId = (await tracking.ensureExperiment(name, 1)).id
        const run = await tracking.createRun({ experimentId, name: 'r', startTime: 2 })
        await tracking.logDataset(run.id, id, 'training')
      }
      expect(await datasets.usersOf(id)).toEqual(['exams', 'pupils', 'small'])
      const other = await someDataset(stores, 'fedcba')
      await datasets.putDataset(other)
      expect(await datasets.usersOf(other.id)).toEqual([])
    })

    test('a version of files says how many they are and how large', async () => {
      const dataset = await someDataset(stores, 'abc123', {
        schema: { columns: [] },
        nRows: 0,
        files: { nFiles: 3, sizeBytes: 2 ** 40 },
      })
      await stores.datasets.putDataset(dataset)
      expect(await stores.datasets.dataset(dataset.id)).toStrictEqual(dataset)
      expect((await stores.datasets.log())[0]).toMatchObject({
        id: dataset.id,
        files: { nFiles: 3, sizeBytes: 2 ** 40 },
      })
    })

    test('the log says what a name meant in the course of time, also where it went back', async () => {
      const one = await someDataset(stores, 'aaaaaa', { createdTime: 1 })
      const two = await someDataset(stores, 'bbbbbb', { createdTime: 2 })
      await stores.datasets.putDataset(one)
      await stores.datasets.putDataset({ ...one, source: 'again.csv', createdTime: 2 })
      await stores.datasets.putDataset(two)
      await stores.datasets.putDataset({ ...one, createdTime: 3 })
      await stores.datasets.putDataset({ ...two, name: 'other', createdTime: 4 })
      const entries = await stores.datasets.log({ name: 'grades' })
      expect(entries.map(({ id, time }) => [id, time])).toEqual([
        [one.id, 3],
        [two.id, 2],
        [one.id, 1],
      ])
      expect(entries[0]).toStrictEqual({
        name: 'grades',
        id: one.id,
        source: one.source,
        nRows: 10,
        nRejected: 0,
        time: 3,
      })
      expect(await stores.datasets.log()).toHaveLength(4)
      expect(await stores.datasets.log({ limit: 1 })).toMatchObject([{ name: 'other', id: two.id }])
      expect(await stores.datasets.log({ name: 'nothing' })).toEqual([])
    })

    test('versions are listed newest first', async () => {
      const all = [
        await someDataset(stores, 'aaaaaa', { createdTime: 1 }),
        await someDataset(stores, 'bbbbbb', { createdTime: 3 }),
        await someDataset(stores, 'cccccc', { createdTime: 2 }),
      ]
      for (const one of all) await stores.datasets.putDataset(one)
      const hex = (versions: readonly { id: string }[]) => versions.map(({ id }) => id.slice(7, 13))
      expect(hex(await stores.datasets.datasets())).toEqual(['bbbbbb', 'cccccc', 'aaaaaa'])
      expect(hex(await stores.datasets.datasets({ limit: 2 }))).toEqual(['bbbbbb', 'cccccc'])
      expect(hex(await stores.datasets.datasets({ name: 'grades', limit: 1 }))).toEqual(['bbbbbb'])
    })

    test('a version without its blobs is refused', async () => {
      const missing = `sha256:${'0'.repeat(64)}`
      const dataset = await someDataset(stores, 'abc123')
      await expect(stores.datasets.putDataset({ ...dataset, blob: missing })).rejects.toMatchObject({
        code: 'BLOB_NOT_FOUND',
      })
      await expect(stores.datasets.putDataset({ ...dataset, rejectsBlob: missing })).rejects.toMatchObject({
        code: 'BLOB_NOT_FOUND',
      })
      await expect(stores.datasets.putDataset({ ...dataset, id: 'abc' })).rejects.toMatchObject({
        code: 'INVALID_INPUT',
      })
      expect(await stores.datasets.datasets()).toEqual([])
    })
  })
}
