import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { LedgerWalk } from '../ledger.ts'
import type { AliasChange, ModelRegistry, Rollback, TrafficChange } from '../model-registry.ts'
import { TrafficPlan } from '../traffic-plan.ts'
import { type OpenStores, someVersion } from './open-stores.ts'

/** What every model registry does, whatever it keeps its rows in. `open` gives empty stores. */
export function runModelRegistryContract(name: string, open: () => Promise<OpenStores>): void {
  describe(`${name}: model registry`, () => {
    let stores: OpenStores
    let models: ModelRegistry
    beforeEach(async () => {
      stores = await open()
      models = stores.models
    })
    afterEach(() => stores.close())

    const create = async (overrides: Parameters<typeof someVersion>[1] = {}) =>
      models.createVersion(await someVersion(stores, overrides))
    const change = (version: number, overrides: Partial<AliasChange> = {}): AliasChange => ({
      model: 'grades',
      alias: 'champion',
      version,
      actor: 'ana',
      reason: 'because',
      now: 6000,
      ...overrides,
    })
    const back = (overrides: Partial<Rollback> = {}) => {
      const { version: _, override: __, ...rest } = change(0)
      return models.rollback({ ...rest, reason: 'too many alarms', ...overrides })
    }
    const champion = async () => (await models.byAlias('grades', 'champion')).version

    describe('versions', () => {
      test('a version comes back as it was created, with its number', async () => {
        const given = await someVersion(stores, { aliases: ['champion', 'blue', 'champion'] })
        const version = await models.createVersion(given)
        expect(version).toEqual({
          model: 'grades',
          version: 1,
          runId: given.runId,
          datasetId: given.datasetId,
          estimator: 'random-forest',
          files: given.files,
          metrics: { f1_macro: 0.7, roc_auc: Number.NaN },
          aliases: ['blue', 'champion'],
          createdTime: 5000,
          source: null,
        })
        expect(await models.version('grades', 1)).toEqual(version)
        expect(await models.byAlias('grades', 'blue')).toEqual(version)
        expect(await models.model('grades')).toEqual({
          name: 'grades',
          createdTime: 5000,
          latestVersion: 1,
          aliases: { blue: 1, champion: 1 },
        })
      })

      test('a version that ends its run makes it FINISHED in the same step', async () => {
        const given = await someVersion(stores, { endsRun: true })
        expect(await stores.tracking.run(given.runId)).toMatchObject({ status: 'RUNNING', endTime: null })
        await models.createVersion(given)
        expect(await stores.tracking.run(given.runId)).toMatchObject({ status: 'FINISHED', endTime: 5000 })
      })

      test('a version that is refused leaves the run that it was to end as it is', async () => {
        const given = await someVersion(stores, { endsRun: true, datasetId: `sha256:${'9'.repeat(64)}` })
        await expect(models.createVersion(given)).rejects.toMatchObject({ code: 'DATASET_NOT_FOUND' })
        expect(await stores.tracking.run(given.runId)).toMatchObject({ status: 'RUNNING', endTime: null })
      })

      test('a run that has ended meanwhile gets no version that was to end it', async () => {
        const given = await someVersion(stores, { endsRun: true })
        await stores.tracking.finishRun(given.runId, 'KILLED', 4000)
        await expect(models.createVersion(given)).rejects.toMatchObject({ code: 'RUN_FINISHED' })
        expect(await models.models()).toEqual([])
        expect(await stores.tracking.run(given.runId)).toMatchObject({ status: 'KILLED', endTime: 4000 })
      })

      test('are numbered from 1 for each model, without gaps or twins when many come at once', async () => {
        const given = await someVersion(stores)
        const numbers = await Promise.all(
          Array.from({ length: 20 }, (_, i) => models.createVersion({ ...given, model: i % 2 === 0 ? 'a' : 'b' })),
        )
        const of = (model: string) => numbers.filter((one) => one.model === model).map((one) => one.version)
        expect(of('a').sort((x, y) => x - y)).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10])
        expect(of('b').sort((x, y) => x - y)).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10])
        expect((await models.models()).map(({ name: model, latestVersion }) => [model, latestVersion])).toEqual([
          ['a', 10],
          ['b', 10],
        ])
      })

      test('are listed newest first, each with its own files, metrics and aliases', async () => {
        const [one, two] = [
          await create({ metrics: { m: 1 }, aliases: ['champion'] }),
          await create({ metrics: { m: 2 }, aliases: ['champion', 'next'] }),
        ]
        expect(await models.versions('grades')).toEqual([
          { ...two, aliases: ['champion', 'next'] },
          { ...one, aliases: [] },
        ])
      })

      test('a file whose blob was not put leaves no trace of the version', async () => {
        const given = await someVersion(stores, { aliases: ['champion'] })
        const files = [...given.files, { path: 'lost.json', hash: `sha256:${'0'.repeat(64)}`, sizeBytes: 1 }]
        await expect(models.createVersion({ ...given, files })).rejects.toMatchObject({ code: 'BLOB_NOT_FOUND' })
        expect(await models.models()).toEqual([])
        expect(await models.verifyLedger()).toEqual({ entries: 0, brokenAt: null })
        expect((await models.createVersion(given)).version).toBe(1)
      })

      test.each([
        ['a run that is not there', { runId: 'f'.repeat(32) }, 'RUN_NOT_FOUND'],
        ['a dataset that is not there', { datasetId: `sha256:${'0'.repeat(64)}` }, 'DATASET_NOT_FOUND'],
        ['a name outside the grammar', { model: 'a/b' }, 'INVALID_NAME'],
        ['an alias outside the grammar', { aliases: ['latest'] }, 'INVALID_NAME'],
        ['no files', { files: [] }, 'INVALID_INPUT'],
      ])('%s is refused', async (_, overrides, code) => {
        const before = await models.revision()
        await expect(create(overrides)).rejects.toMatchObject({ code })
        expect(await models.models()).toEqual([])
        expect(await models.revision()).toBe(before)
      })

      test('the same file twice is refused', async () => {
        const given = await someVersion(stores)
        await expect(models.createVersion({ ...given, files: [...given.files, ...given.files] })).rejects.toMatchObject(
          { code: 'INVALID_INPUT' },
        )
      })

      test('what is not there is named, with what is', async () => {
        await create({ aliases: ['champion'] })
        for (const ask of [
          () => models.model('none'),
          () => models.versions('none'),
          () => models.version('none', 1),
          () => models.byAlias('none', 'champion'),
          () => models.history('none'),
          () => models.setAlias(change(1, { model: 'none' })),
          () => back({ model: 'none' }),
        ]) {
          await expect(ask()).rejects.toMatchObject({
            code: 'MODEL_NOT_FOUND',
            message: expect.stringContaining('grades'),
          })
        }
        for (const wrong of [0, -1, 2, 1.5, Number.NaN])
          await expect(models.version('grades', wrong)).rejects.toMatchObject({ code: 'VERSION_NOT_FOUND' })
        await expect(models.setAlias(change(2))).rejects.toMatchObject({ code: 'VERSION_NOT_FOUND' })
        await expect(models.byAlias('grades', 'none')).rejects.toMatchObject({
          code: 'ALIAS_NOT_FOUND',
          message: expect.stringContaining('champion'),
        })
        await expect(back({ alias: 'none' })).rejects.toMatchObject({ code: 'ALIAS_NOT_FOUND' })
      })
    })

    describe('aliases and history', () => {
      test('a change of an alias is in the ledger: who, when, why, from, to', async () => {
        await create({ aliases: ['champion'] })
        await create()
        expect(await models.setAlias(change(2))).toMatchObject({ version: 2, aliases: ['champion'] })
        expect((await models.history('grades')).map(({ previousHash: _p, hash: _h, ...entry }) => entry)).toEqual([
          {
            sequence: 1,
            time: 5000,
            actor: 'ana',
            action: 'version-created',
            model: 'grades',
            alias: null,
            from: null,
            to: 1,
            reason: 'best of the search',
          },
          {
            sequence: 2,
            time: 5000,
            actor: 'ana',
            action: 'alias-set',
            model: 'grades',
            alias: 'champion',
            from: null,
            to: 1,
            reason: 'best of the search',
          },
          {
            sequence: 3,
            time: 5000,
            actor: 'ana',
            action: 'version-created',
            model: 'grades',
            alias: null,
            from: null,
            to: 2,
            reason: 'best of the search',
          },
          {
            sequence: 4,
            time: 6000,
            actor: 'ana',
            action: 'alias-set',
            model: 'grades',
            alias: 'champion',
            from: 1,
            to: 2,
            reason: 'because',
          },
        ])
      })

      test('pointing an alias where it points already changes nothing', async () => {
        await create({ aliases: ['champion'] })
        const before = await models.revision()
        await models.setAlias(change(1))
        expect(await models.revision()).toBe(before)
      })

      test('a rollback goes back one version at a time, never forward again', async () => {
        for (let i = 0; i < 3; i++) await create({ aliases: ['champion'] })
        expect((await back()).version).toBe(2)
        expect((await back()).version).toBe(1)
        await expect(back()).rejects.toMatchObject({ code: 'NOTHING_TO_ROLL_BACK' })
        expect(await champion()).toBe(1)
        expect((await models.history('grades')).at(-1)).toMatchObject({
          action: 'rollback',
          from: 2,
          to: 1,
          reason: 'too many alarms',
        })
      })

      test('after a rollback, a new champion can be rolled back to the version before it', async () => {
        for (let i = 0; i < 2; i++) await create({ aliases: ['champion'] })
        await back()
        await create({ aliases: ['champion'] })
        expect((await back()).version).toBe(1)
      })

      test('a rollback goes to a version, or to what was live at a time; then back from there', async () => {
        for (let i = 0; i < 4; i++) await create({ aliases: ['champion'] })
        const set = (await models.history('grades')).filter(({ action }) => action === 'alias-set')
        expect((await back({ toVersion: 2 })).version).toBe(2)
        expect((await back()).version).toBe(1)
        await expect(back({ toVersion: 1 })).rejects.toMatchObject({ code: 'NOTHING_TO_ROLL_BACK' })
        await expect(back({ toVersion: 9 })).rejects.toMatchObject({ code: 'NOTHING_TO_ROLL_BACK' })
        await expect(back({ toTime: set[0]!.time - 1 })).rejects.toMatchObject({ code: 'NOTHING_TO_ROLL_BACK' })
        await expect(back({ toTime: 1, toVersion: 1 })).rejects.toMatchObject({ code: 'INVALID_INPUT' })
        expect((await models.verifyLedger()).brokenAt).toBeNull()
      })

      test('a version that a gate refused becomes champion only by an override, and the ledger keeps what the gates said', async () => {
        const gates = [{ metric: 'f1_macro', value: 0.4, expected: 'at least 0.6', passed: false }]
        await create({ gates })
        await expect(models.setAlias(change(1))).rejects.toMatchObject({ code: 'GATES_NOT_PASSED' })
        expect((await models.setAlias({ ...change(1), alias: 'trial' })).aliases).toEqual(['trial'])
        expect((await models.setAlias({ ...change(1), override: true })).aliases).toEqual(['champion', 'trial'])
        expect((await models.history('grades'))[0]).toMatchObject({ action: 'version-created', gates })
        expect((await models.verifyLedger()).brokenAt).toBeNull()
      })

      test('aliases roll back apart from each other, and models as well', async () => {
        await create({ aliases: ['champion', 'blue'] })
        await create({ aliases: ['champion'] })
        await create({ model: 'other', aliases: ['champion'] })
        await create({ model: 'other', aliases: ['champion'] })
        await back()
        expect(await models.models()).toMatchObject([
          { name: 'grades', aliases: { blue: 1, champion: 1 } },
          { name: 'other', aliases: { champion: 2 } },
        ])
        await expect(back({ alias: 'blue' })).rejects.toMatchObject({ code: 'NOTHING_TO_ROLL_BACK' })
        expect((await models.history('other')).every(({ model }) => model === 'other')).toBe(true)
      })

      test('the revision changes with every version and alias', async () => {
        const seen = [await models.revision()]
        await create()
        seen.push(await models.revision())
        await models.setAlias(change(1))
        seen.push(await models.revision())
        await create({ aliases: ['champion'] })
        seen.push(await models.revision())
        await back()
        seen.push(await models.revision())
        expect(new Set(seen).size).toBe(5)
      })
    })

    describe('traffic', () => {
      const plan = (weights: Readonly<Record<string, number>>, more: object = {}) =>
        TrafficPlan.parse({ weights, ...more })
      const canary = plan({ champion: 90, challenger: 10 }, { sticky: 'id' })
      const setTraffic = (to: TrafficPlan | null, more: Partial<TrafficChange> = {}) =>
        models.setTraffic({ model: 'grades', plan: to, actor: 'ana', reason: 'a try', now: 7000, ...more })
      const current = async () => (await models.model('grades')).traffic

      test('a plan comes back as it was set, with the model and in the list; each change is an entry', async () => {
        await create({ aliases: ['champion', 'challenger'] })
        expect(await current()).toBeUndefined()
        expect((await setTraffic(canary)).traffic).toEqual(canary)
        expect(await current()).toEqual(canary)
        expect((await models.models())[0]!.traffic).toEqual(canary)
        expect((await models.history('grades')).at(-1)).toMatchObject({
          actor: 'ana',
          action: 'traffic-set',
          alias: null,
          to: null,
          reason: 'a try',
          traffic: { from: null, to: canary },
        })
        expect(await setTraffic(null)).not.toHaveProperty('traffic')
        expect((await models.history('grades')).at(-1)).toMatchObject({
          action: 'traffic-removed',
          traffic: { from: canary, to: null },
        })
        expect((await models.verifyLedger()).brokenAt).toBeNull()
      })

      test('the plan that holds already changes nothing; another one changes the revision', async () => {
        await create({ aliases: ['champion', 'challenger'] })
        await setTraffic(canary)
        const before = await models.revision()
        await setTraffic({ ...canary })
        expect(await models.revision()).toBe(before)
        await setTraffic(plan({ champion: 50, challenger: 50 }))
        expect(await models.revision()).toBe(before + 1)
      })

      test.each([
        ['an alias that is not there', plan({ champion: 90, blue: 10 }), 'ALIAS_NOT_FOUND'],
        ['a shadow that is not there', plan({ champion: 100 }, { shadow: ['blue'] }), 'ALIAS_NOT_FOUND'],
        ['shares that are not 100', { ...canary, weights: { champion: 90, challenger: 20 } }, 'INVALID_INPUT'],
        ['no share of the champion', { ...canary, weights: { challenger: 100 } }, 'INVALID_INPUT'],
      ])('%s is refused and changes nothing', async (_, to, code) => {
        await create({ aliases: ['champion', 'challenger'] })
        const before = await models.revision()
        await expect(setTraffic(to)).rejects.toMatchObject({ code })
        expect([await models.revision(), await current()]).toEqual([before, undefined])
        await expect(setTraffic(canary, { model: 'none' })).rejects.toMatchObject({ code: 'MODEL_NOT_FOUND' })
      })

      test('with an expectation, of many who change it at once one does', async () => {
        await create({ aliases: ['champion', 'challenger'] })
        await setTraffic(canary)
        const all = await Promise.allSettled(
          [60, 70, 80].map((share) =>
            setTraffic(plan({ champion: share, challenger: 100 - share }), { expected: canary }),
          ),
        )
        expect(all.filter(({ status }) => status === 'fulfilled')).toHaveLength(1)
        for (const one of all)
          if (one.status === 'rejected') expect(one.reason).toMatchObject({ code: 'TRAFFIC_CHANGED' })
      })

      test('a rollback brings back the traffic of the version that comes back, without the version that goes', async () => {
        await create({ aliases: ['champion'] })
        await create({ aliases: ['challenger'] })
        await create({ aliases: ['blue'] })
        const three = plan({ champion: 80, challenger: 15, blue: 5 })
        await setTraffic(three)
        await models.setAlias(change(2))
        await setTraffic(plan({ champion: 40, blue: 60 }))
        await back()
        // challenger is version 2, which was taken back.
        expect(await current()).toEqual(plan({ champion: 95, challenger: 0, blue: 5 }))
        expect((await models.history('grades')).at(-1)).toMatchObject({
          action: 'rollback',
          to: 1,
          traffic: { from: plan({ champion: 40, blue: 60 }), to: plan({ champion: 95, challenger: 0, blue: 5 }) },
        })
        expect((await models.verifyLedger()).brokenAt).toBeNull()
      })

      test('a rollback to a time brings back the traffic of then; where there was none, the champion answers all', async () => {
        await create({ aliases: ['champion', 'challenger'], now: 5000 })
        await create({ aliases: ['champion'], now: 5500 })
        await setTraffic(canary, { now: 6000 })
        await create({ aliases: ['champion'], now: 7000 })
        await setTraffic(null, { now: 7100 })
        expect((await back({ toTime: 6500, now: 8000 })).version).toBe(2)
        expect(await current()).toEqual(canary)
        expect((await back({ toTime: 5000, now: 9000 })).version).toBe(1)
        expect(await current()).toBeUndefined()
      })

      test('a rollback of another alias leaves the traffic as it is', async () => {
        await create({ aliases: ['champion', 'challenger'] })
        await create({ aliases: ['challenger'] })
        await setTraffic(canary)
        await back({ alias: 'challenger' })
        expect(await current()).toEqual(canary)
      })
    })

    describe('the ledger', () => {
      test('is whole after many changes at once', async () => {
        const given = await someVersion(stores, { aliases: ['champion'] })
        await Promise.all(Array.from({ length: 15 }, () => models.createVersion(given)))
        expect(await models.verifyLedger()).toEqual({ entries: 30, brokenAt: null })
      })

      test('is whole when it is longer than a page', async () => {
        const given = await someVersion(stores, { aliases: Array.from({ length: 400 }, (_, i) => `alias-${i}`) })
        for (let i = 0; i < 3; i++) await models.createVersion(given)
        expect(await models.verifyLedger()).toEqual({ entries: 1203, brokenAt: null })
      })

      test('keeps any text of a person as an entry that verifies', async () => {
        await create({ aliases: ['champion'], actor: 'É\ud800\u0000"\\', reason: 'line 1\nline 2 \u{1f393}\udfff' })
        expect((await models.verifyLedger()).brokenAt).toBeNull()
        const entries = await models.history('grades')
        expect(entries[0]!.reason).toBe('line 1\nline 2 \u{1f393}\u{fffd}')
        const walk = new LedgerWalk()
        expect(walk.take(entries)).toBe(true)
      })
    })
  })
}
