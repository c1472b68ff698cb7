import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { ErasureStore } from '../erasure-store.ts'
import { bytesOf, type OpenStores, someDataset, someVersion } from './open-stores.ts'

type Stores = OpenStores & { readonly erasures: ErasureStore }

const DAY_MS = 24 * 60 * 60 * 1000

/** What every erasure store does, whatever it keeps its rows in. `open` gives empty stores. */
export function runErasureStoreContract(name: string, open: () => Promise<Stores>): void {
  describe(`${name}: erasure store`, () => {
    let stores: Stores
    beforeEach(async () => {
      stores = await open()
    })
    afterEach(() => stores.close())

    const erase = async (of: string, id: string) => {
      const { nRows: _, ...table } = await someDataset(stores, id.slice('sha256:'.length))
      const [successor] = [{ ...table, id, of, nRows: 9 }]
      return stores.erasures.replace({
        person: 'key-of-somebody',
        successors: [successor],
        rejects: [],
        predictions: 3,
        actor: 'ana',
        now: 9000,
      })
    }
    const hexId = (hex: string) => `sha256:${hex.padEnd(64, '0')}`

    test('a replaced version keeps its id and says which one has the other rows; its bytes are to be destroyed', async () => {
      const rejectsBlob = await stores.blobs.put(bytesOf('rejects'))
      const old = await someDataset(stores, 'abc123', { idColumn: 'student', nRejected: 1, rejectsBlob })
      await stores.datasets.putDataset(old)
      await stores.datasets.putDataset({ ...old, name: 'other', source: 'copy.csv', rejectsBlob: null, nRejected: 0 })
      await erase(old.id, hexId('def456'))
      const gone = await stores.datasets.dataset(old.id)
      expect(gone).toMatchObject({ nRows: 10, blob: '', rejectsBlob: null })
      expect(gone.erased).toEqual({ time: 9000, successor: hexId('def456') })
      const successor = await stores.datasets.dataset('def456')
      expect(successor).toMatchObject({
        nRows: 9,
        name: 'grades',
        source: 'grades.csv',
        rejectsBlob,
        createdTime: 1000,
      })
      expect(successor.erased).toBeUndefined()
      expect((await stores.datasets.datasets({ name: 'other' })).map(({ id }) => id).sort()).toEqual([
        old.id,
        successor.id,
      ])
      expect((await stores.datasets.log({ name: 'grades' }))[0]).toMatchObject({ id: successor.id, time: 9000 })
      expect((await stores.erasures.tables()).map(({ id }) => id)).toEqual([successor.id])
      expect(await stores.erasures.toDestroy()).toEqual([old.blob])
      await stores.erasures.purge()
      await stores.erasures.destroyed([old.blob])
      expect(await stores.erasures.toDestroy()).toEqual([])
      expect(await stores.erasures.idColumns()).toEqual(['student'])
    })

    test('what a name means now stays so where an older version of it is replaced', async () => {
      const [old, newer] = [await someDataset(stores, 'abc123'), await someDataset(stores, 'bbb222')]
      await stores.datasets.putDataset(old)
      await stores.datasets.putDataset(newer)
      await erase(old.id, hexId('def456'))
      expect((await stores.datasets.log({ name: 'grades' }))[0]!.id).toBe(newer.id)
    })

    test('the same content is refused afterwards, while other readings may still come', async () => {
      const old = await someDataset(stores, 'abc123')
      await stores.datasets.putDataset(old)
      await erase(old.id, hexId('def456'))
      await expect(stores.datasets.putDataset(old)).rejects.toMatchObject({ code: 'DATASET_ERASED' })
      await stores.datasets.putDataset({ ...(await someDataset(stores, 'def456')), name: 'other' })
    })

    test('tombstones name the models that learnt from it, in the ledger of each, and the chain holds', async () => {
      const version = await someVersion(stores)
      const { id } = await stores.models.createVersion(version).then(() => stores.datasets.dataset(version.datasetId))
      const trained = await erase(id, hexId('def456'))
      expect(trained.models).toEqual([{ model: 'grades', version: 1, datasetId: id }])
      expect(await stores.erasures.trainedOn([id])).toEqual(trained)
      const entry = (await stores.models.history('grades')).at(-1)!
      expect(entry).toMatchObject({ action: 'person-erased', actor: 'ana', time: 9000, alias: null, to: null })
      expect(entry.reason).toBe('person key-of-somebody was in what version 1 learnt from')
      expect((await stores.models.verifyLedger()).brokenAt).toBeNull()
    })

    test('a version that learnt from what was erased meanwhile is not registered, while a package from elsewhere is', async () => {
      const version = await someVersion(stores, { aliases: ['champion'] })
      await erase(version.datasetId, hexId('def456'))
      await expect(stores.models.createVersion(version)).rejects.toMatchObject({
        code: 'TRAINING_DATA_ERASED',
        message: expect.stringContaining(hexId('def456')),
      })
      expect(await stores.models.models()).toEqual([])
      expect((await stores.models.createVersion({ ...version, imported: true })).version).toBe(1)
    })

    test('rows whose time was over while a model learnt from them do not keep it from being registered', async () => {
      const version = await someVersion(stores)
      await stores.erasures.expire([version.datasetId], 9000, 'retention')
      expect((await stores.models.createVersion(version)).version).toBe(1)
    })

    test('rejects of a version that has not the person among its rows are replaced by themselves', async () => {
      const rejectsBlob = await stores.blobs.put(bytesOf('two rejects'))
      const dataset = await someDataset(stores, 'abc123', { nRejected: 2, rejectsBlob })
      await stores.datasets.putDataset(dataset)
      const left = await stores.blobs.put(bytesOf('one reject'))
      const rejects = { datasetId: dataset.id, name: 'grades', source: 'grades.csv', rejectsBlob: left, nRejected: 1 }
      const base = { person: 'key', successors: [], predictions: 0, actor: 'ana', now: 9000 }
      await stores.erasures.replace({ ...base, rejects: [rejects] })
      expect(await stores.datasets.dataset(dataset.id)).toMatchObject({ nRejected: 1, rejectsBlob: left })
      expect(await stores.erasures.toDestroy()).toEqual([rejectsBlob])
    })

    test('persons who were erased are known by their keys until they are let in again', async () => {
      const old = await someDataset(stores, 'abc123')
      await stores.datasets.putDataset(old)
      await erase(old.id, hexId('def456'))
      expect([...(await stores.erasures.erasedPersons())]).toEqual(['key-of-somebody'])
      expect(await stores.erasures.readmit('key-of-somebody', 9500, 'ana')).toBe(true)
      expect(await stores.erasures.readmit('key-of-somebody', 9500, 'ana')).toBe(false)
      expect(await stores.erasures.erasedPersons()).toEqual(new Set())
    })

    test('a version is old when every reading says so; read again, its rows are back', async () => {
      const short = await someDataset(stores, 'abc123', { retentionDays: 10, createdTime: 0 })
      const long = await someDataset(stores, 'bbb222', { retentionDays: 10, createdTime: 0 })
      await stores.datasets.putDataset(short)
      await stores.datasets.putDataset(long)
      await stores.datasets.putDataset({ ...long, source: 'copy.csv', retentionDays: null })
      expect(await stores.erasures.expired(10 * DAY_MS - 1)).toEqual([])
      expect((await stores.erasures.expired(10 * DAY_MS)).map(({ id }) => id)).toEqual([short.id])
      await stores.erasures.expire([short.id], 10 * DAY_MS, 'retention')
      expect(await stores.erasures.toDestroy()).toEqual([short.blob])
      expect((await stores.datasets.dataset(short.id)).erased).toEqual({ time: 10 * DAY_MS, successor: null })
      await stores.datasets.putDataset({ ...short, createdTime: 11 * DAY_MS })
      expect(await stores.datasets.dataset(short.id)).toMatchObject({ blob: short.blob, createdTime: 11 * DAY_MS })
      expect(await stores.erasures.toDestroy()).toEqual([])
      expect(await stores.erasures.expired(20 * DAY_MS)).toEqual([])
    })
  })
}
