import { mkdtemp, rm } from 'node:fs/promises'
import os from 'node:os'
import path from 'node:path'
import { expect, test } from 'vitest'
import { postgresHomes } from '../../../test/support/postgres-home.ts'
import { startS3 } from '../../../test/support/s3.ts'
import { bytesOf, someVersion } from '../../track/testing/open-stores.ts'
import { type Home, openHome } from '../open-home.ts'
import { transferHome } from './transfer-home.ts'

const homes = postgresHomes()
const quietly = () => undefined

async function folders<T>(use: (first: string, second: string) => Promise<T>): Promise<T> {
  const root = await mkdtemp(path.join(os.tmpdir(), 'bellwether-transfer-'))
  try {
    return await use(path.join(root, 'one'), path.join(root, 'two'))
  } finally {
    await rm(root, { recursive: true })
  }
}

/** A home with something in it of every kind that is hard to carry over. */
async function fill(home: Home): Promise<void> {
  const stores = { ...home, close: async () => undefined }
  const version = await someVersion(stores, { aliases: ['champion'] })
  await home.models.createVersion(version)
  await home.models.createVersion({ ...version, aliases: ['champion'], metrics: { big: 1e300, none: Number.NaN } })
  await home.models.rollback({ model: 'grades', alias: 'champion', actor: 'ana', reason: 'ö 𝄞 "quoted"', now: 9 })
  const experiment = await home.tracking.ensureExperiment('grades', 1)
  const parent = await home.tracking.createRun({ experimentId: experiment.id, name: 'parent', startTime: 5 })
  for (let trial = 0; trial < 30; trial += 1) {
    const run = await home.tracking.createRun({
      experimentId: experiment.id,
      name: `trial ${trial}`,
      startTime: 5,
      parentRunId: parent.id,
    })
    const metrics = [0.1, Number.POSITIVE_INFINITY, -0, Number.NaN].map((value, step) => ({
      key: 'loss',
      value,
      step,
      timestamp: 2 ** 45,
    }))
    await home.tracking.logBatch(run.id, { metrics, params: { p: 'ä\n' }, tags: { t: '' } })
  }
  await home.tracking.logBatch(parent.id, {
    metrics: Array.from({ length: 1200 }, (_, step) => ({ key: 'curve', value: step / 7, step, timestamp: step })),
  })
}

test('a home goes from SQLite to PostgreSQL and back, the same to the last hash, and the source is untouched', () =>
  folders(async (first, second) => {
    const source = await openHome(first)
    await fill(source)
    await source.close()
    const from = await openHome(first, { readOnly: true })
    const { place, remove } = await homes.untouched()
    const between = await openHome(place)
    const back = await openHome(second)
    try {
      const there = await transferHome(from, between, quietly)
      expect(there).toMatchObject({ already: false, ledgerEntries: 5, blobs: 2, blobsCopied: 2 })
      expect(there.tables.find(({ name }) => name === 'metrics')?.rows).toBe(1320)
      const again = await transferHome(between, back, quietly)
      expect(again.tables).toEqual(
        there.tables.toSorted(
          (a, b) => again.tables.findIndex((t) => t.name === a.name) - again.tables.findIndex((t) => t.name === b.name),
        ),
      )
      // The new home goes on where the old one was: the next numbers follow.
      const next = await back.models.createVersion(await someVersion({ ...back, close: async () => undefined }))
      expect(next.version).toBe(3)
      expect((await from.models.versions('grades')).map(({ version }) => version)).toEqual([2, 1])
      expect((await between.models.byAlias('grades', 'champion')).version).toBe(1)
    } finally {
      for (const home of [from, between, back]) await home.close()
      await remove()
    }
  }))

test('a transfer that is broken off leaves no rows; the next one goes on, and one more finds all there', () =>
  folders(async (first, second) => {
    const from = await openHome(first)
    const to = await openHome(second)
    try {
      await fill(from)
      const broken = transferHome(from, to, (text) => {
        if (text.startsWith('metrics')) throw new Error('killed')
      })
      await expect(broken).rejects.toThrow()
      expect(await to.tracking.runs({})).toEqual([])
      expect(await transferHome(from, to, quietly)).toMatchObject({ already: false, blobsCopied: 0, blobs: 2 })
      expect(await transferHome(from, to, quietly)).toMatchObject({ already: true, blobsCopied: 0 })
    } finally {
      await from.close()
      await to.close()
    }
  }))

test('a home with other things in it is left as it is', () =>
  folders(async (first, second) => {
    const from = await openHome(first)
    const to = await openHome(second)
    try {
      await fill(from)
      await to.tracking.ensureExperiment('mine', 1)
      await expect(transferHome(from, to, quietly)).rejects.toMatchObject({ code: 'TRANSFER_NOT_EMPTY' })
      expect((await to.tracking.experiments()).map(({ name }) => name)).toEqual(['mine'])
    } finally {
      await from.close()
      await to.close()
    }
  }))

test('a blob of the target that is damaged is written again', () =>
  folders(async (first, second) => {
    const from = await openHome(first)
    const to = await openHome(second)
    try {
      const hash = await from.blobs.put(bytesOf('a model'))
      await to.blobs.put(bytesOf('a model'))
      const { writeFile } = await import('node:fs/promises')
      const hex = hash.slice('sha256:'.length)
      await writeFile(path.join(second, 'blobs', hex.slice(0, 2), hex), 'damaged')
      expect(await transferHome(from, to, quietly)).toMatchObject({ blobs: 1, blobsCopied: 1 })
      expect(await to.blobs.get(hash)).toEqual(bytesOf('a model'))
    } finally {
      await from.close()
      await to.close()
    }
  }))

test('blobs go into a bucket beside PostgreSQL, and a home in another place on this machine has all of it', () =>
  folders(async (first, second) => {
    const s3 = await startS3()
    const source = await openHome(first)
    await fill(source)
    const { place, remove } = await homes.untouched()
    const address = (folder: string) => {
      const url = new URL(place)
      url.searchParams.set('blobs', `${s3.bucket}/home`)
      url.searchParams.set('folder', folder)
      return url.href
    }
    const target = await openHome(address(second))
    try {
      expect(await transferHome(source, target, quietly)).toMatchObject({ already: false, blobs: 2, blobsCopied: 2 })
      expect(await transferHome(source, target, quietly)).toMatchObject({ already: true, blobs: 2, blobsCopied: 0 })
      await target.models.createVersion(await someVersion({ ...target, close: async () => undefined }))
      const elsewhere = await openHome(address(`${second}-elsewhere`), { readOnly: false })
      const [version] = await elsewhere.models.versions('grades')
      expect(version!.version).toBe(3)
      for (const { hash, sizeBytes } of version!.files) expect(await elsewhere.blobs.get(hash)).toHaveLength(sizeBytes)
      expect((await elsewhere.models.verifyLedger()).brokenAt).toBe(null)
      await elsewhere.close()
    } finally {
      for (const home of [source, target]) await home.close()
      await remove()
      await s3.remove()
    }
  }))
