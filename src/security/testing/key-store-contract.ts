import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { AuditFact, AuditLog, KeyStore, StoredKey } from '../key-store.ts'

export interface OpenKeyStore {
  readonly keys: KeyStore
  readonly audit: AuditLog
  close(): Promise<void>
}

export const someKey = (over: Partial<StoredKey> = {}): StoredKey => ({
  id: 'abcdefABCDEF',
  hash: 'a'.repeat(64),
  name: 'portal',
  role: 'predictor',
  models: ['risk', 'school-*'],
  sensitive: false,
  ratePerMinute: 60,
  probabilities: 2,
  createdTime: 1_000,
  createdBy: 'test',
  expiresTime: 9_000_000_000_000,
  revokedTime: null,
  lastUsedTime: null,
  ...over,
})

const fact = (over: Partial<AuditFact> = {}): AuditFact => ({
  time: 1_000,
  actor: 'test',
  action: 'key-created',
  subject: 'abcdefABCDEF',
  address: null,
  detail: 'made',
  ...over,
})

/** What every store of keys does, whatever it keeps its rows in. `open` gives an empty one. */
export function runKeyStoreContract(name: string, open: () => Promise<OpenKeyStore>): void {
  describe(`${name}: keys and audit log`, () => {
    let stores: OpenKeyStore
    beforeEach(async () => {
      stores = await open()
    })
    afterEach(() => stores.close())
    const actions = async () => (await stores.audit.entries({ limit: 100 })).map(({ action }) => action)

    test('a key comes back as it was given, in the order of making', async () => {
      const second = someKey({
        id: 'second000000',
        models: null,
        sensitive: true,
        ratePerMinute: null,
        probabilities: 'withheld',
        expiresTime: null,
      })
      await stores.keys.create(someKey(), fact())
      await stores.keys.create(second, fact())
      expect(await stores.keys.keys()).toEqual([someKey(), second])
    })

    test('an id is given once; what fails leaves no entry', async () => {
      await stores.keys.create(someKey(), fact())
      const revision = await stores.keys.revision()
      await expect(stores.keys.create(someKey({ name: 'other' }), fact())).rejects.toMatchObject({
        code: 'ALREADY_EXISTS',
      })
      expect(await stores.keys.keys()).toEqual([someKey()])
      expect([await stores.keys.revision(), await actions()]).toEqual([revision, ['key-created']])
    })

    test('revoking ends a key once and for all', async () => {
      await stores.keys.create(someKey(), fact())
      await stores.keys.revoke('abcdefABCDEF', 2_000, fact({ action: 'key-revoked' }))
      await stores.keys.revoke('abcdefABCDEF', 3_000, fact({ action: 'key-revoked' }))
      expect((await stores.keys.keys())[0]?.revokedTime).toBe(2_000)
      expect(await actions()).toEqual(['key-revoked', 'key-created'])
      await expect(stores.keys.revoke('nobody000000', 1, fact())).rejects.toMatchObject({ code: 'KEY_NOT_FOUND' })
    })

    test('a rotated key ends when its grace does, or sooner', async () => {
      await stores.keys.create(someKey({ expiresTime: 5_000 }), fact())
      await stores.keys.rotate('abcdefABCDEF', someKey({ id: 'second000000' }), 8_000, fact({ action: 'key-rotated' }))
      await stores.keys.rotate('second000000', someKey({ id: 'third0000000' }), 8_000, fact({ action: 'key-rotated' }))
      expect((await stores.keys.keys()).map(({ id, expiresTime }) => [id, expiresTime])).toEqual([
        ['abcdefABCDEF', 5_000],
        ['second000000', 8_000],
        ['third0000000', 9_000_000_000_000],
      ])
      await stores.keys.revoke('third0000000', 2_000, fact({ action: 'key-revoked' }))
      const late = stores.keys.rotate('third0000000', someKey({ id: 'fourth000000' }), 1, fact({ time: 3_000 }))
      await expect(late).rejects.toMatchObject({ code: 'KEY_ENDED' })
    })

    test('the revision grows with each change of the keys, not with their use', async () => {
      expect(await stores.keys.revision()).toBe(0)
      await stores.keys.create(someKey(), fact())
      const one = await stores.keys.revision()
      await stores.keys.touch(new Map([['abcdefABCDEF', 60_000]]))
      await stores.keys.touch(new Map([['abcdefABCDEF', 30_000]]))
      expect([one > 0, await stores.keys.revision()]).toEqual([true, one])
      expect((await stores.keys.keys())[0]?.lastUsedTime).toBe(60_000)
      await stores.keys.revoke('abcdefABCDEF', 1, fact())
      expect(await stores.keys.revision()).toBeGreaterThan(one)
    })

    test('the audit log is read in pages, newest first, numbered without gaps', async () => {
      const facts = Array.from({ length: 5 }, (_, index) =>
        fact({ time: index, action: 'access-refused', address: '10.0.0.1', detail: `\0 ${index}` }),
      )
      await stores.audit.append(facts.slice(0, 2))
      await stores.audit.append(facts.slice(2))
      const first = await stores.audit.entries({ limit: 2 })
      const rest = await stores.audit.entries({ limit: 10, before: first.at(-1)!.sequence })
      expect([...first, ...rest].map(({ sequence }) => sequence)).toEqual([5, 4, 3, 2, 1])
      expect(rest.at(-1)).toEqual({ ...facts[0], detail: '\u{fffd} 0', sequence: 1 })
    })
  })
}
