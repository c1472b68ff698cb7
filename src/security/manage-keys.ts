import { z } from 'zod'
import { BellwetherError } from '../errors.ts'
import { makeApiKey } from './api-key.ts'
import type { KeyStore, StoredKey } from './key-store.ts'
import { ROLES, type Role } from './permissions.ts'

const DAY_MS = 86_400_000

/** What may be said of a new key: the same for the command line, the API and keys in the environment. */
export const KeyOptions = z.strictObject({
  name: z.string().trim().min(1).max(100).describe('What people call it, such as the program that uses it.'),
  role: z.enum(ROLES as [Role, ...Role[]]).describe('What it may do.'),
  models: z
    .array(z.string().regex(/^[\w.*-]{1,200}$/, 'expected a model name, in which * stands for any characters'))
    .min(1)
    .max(100)
    .nullable()
    .default(null)
    .describe('Only these models, by name or pattern (`school-*`); null: all.'),
  expiresInDays: z
    .number()
    .positive()
    .max(3650)
    .nullable()
    .default(null)
    .describe('Days until it ends; null: it lasts until it is revoked.'),
  sensitive: z.boolean().default(false).describe('Whether it sees columns that are declared sensitive.'),
  ratePerMinute: z
    .int()
    .min(1)
    .max(1_000_000)
    .nullable()
    .default(null)
    .describe('Most requests a minute; null: as the server is set.'),
  probabilities: z
    .union([z.int().min(0).max(15), z.literal('withheld')])
    .nullable()
    .default(null)
    .describe(
      'Decimals of probabilities in answers, or `withheld`: labels only. Makes it harder to copy a model by asking it.',
    ),
})
export type KeyOptions = z.output<typeof KeyOptions>

export interface KeyChange {
  readonly actor: string
  readonly now: number
  readonly address?: string | null
}

export interface CreatedKey {
  readonly key: string
  readonly stored: StoredKey
}

/** Name of the key that the first start with authentication makes. */
export const BOOTSTRAP_NAME = 'bootstrap'

/** Makes a key and keeps its hash. The key itself is in the answer and nowhere else. Ends the bootstrap key when there is another for administrators. */
export async function createKey(store: KeyStore, options: KeyOptions, change: KeyChange): Promise<CreatedKey> {
  const { expiresInDays, ...scope } = options
  const { id, key, hash } = makeApiKey()
  const stored: StoredKey = {
    ...scope,
    id,
    hash,
    createdTime: change.now,
    createdBy: change.actor,
    expiresTime: expiresInDays === null ? null : change.now + Math.round(expiresInDays * DAY_MS),
    revokedTime: null,
    lastUsedTime: null,
  }
  await store.create(stored, {
    time: change.now,
    actor: change.actor,
    action: 'key-created',
    subject: id,
    address: change.address ?? null,
    detail: describeScope(stored),
  })
  if (managesKeys(stored) && stored.name !== BOOTSTRAP_NAME) {
    for (const other of await store.keys()) {
      if (other.name === BOOTSTRAP_NAME && other.createdBy === SERVER_ACTOR && isLive(other, change.now))
        await revokeKey(store, other.id, { ...change, actor: SERVER_ACTOR }, 'another key manages keys now')
    }
  }
  return { key, stored }
}

export async function revokeKey(store: KeyStore, id: string, change: KeyChange, why = ''): Promise<void> {
  await store.revoke(id, change.now, {
    time: change.now,
    actor: change.actor,
    action: 'key-revoked',
    subject: id,
    address: change.address ?? null,
    detail: why,
  })
}

/** Makes a key with the same scope; the old one ends after the grace time. A key that expires gets the same span again. */
export async function rotateKey(store: KeyStore, id: string, graceMs: number, change: KeyChange): Promise<CreatedKey> {
  const old = await keyById(store, id)
  const made = makeApiKey()
  const stored: StoredKey = {
    ...old,
    id: made.id,
    hash: made.hash,
    createdTime: change.now,
    createdBy: change.actor,
    expiresTime: old.expiresTime === null ? null : change.now + (old.expiresTime - old.createdTime),
    revokedTime: null,
    lastUsedTime: null,
  }
  await store.rotate(id, stored, change.now + Math.round(graceMs), {
    time: change.now,
    actor: change.actor,
    action: 'key-rotated',
    subject: id,
    address: change.address ?? null,
    detail: `succeeded by ${made.id}; ends in ${Math.round(graceMs / 60_000)} min`,
  })
  return { key: made.key, stored }
}

/** @throws KEY_NOT_FOUND */
export async function keyById(store: KeyStore, id: string): Promise<StoredKey> {
  const found = (await store.keys()).find((key) => key.id === id)
  if (!found) throw keyNotFound()
  return found
}

/** The id is not repeated: by mistake it may be a whole key. */
export const keyNotFound = (): BellwetherError => new BellwetherError('KEY_NOT_FOUND', 'There is no key with this id.')

/** The actor of what the server does by itself. */
export const SERVER_ACTOR = 'server'

/**
 * Makes the key by which the first administrator gets in: where no key that manages keys is live. It lasts a day, and ends
 * sooner when another such key is made.
 * @returns null where there is one already
 */
export async function createBootstrapKey(store: KeyStore, now: number): Promise<CreatedKey | null> {
  if ((await store.keys()).some((key) => managesKeys(key) && isLive(key, now))) return null
  const options = KeyOptions.parse({ name: BOOTSTRAP_NAME, role: 'admin', expiresInDays: 1 })
  return createKey(store, options, { actor: SERVER_ACTOR, now })
}

export function isLive(key: Pick<StoredKey, 'revokedTime' | 'expiresTime'>, now: number): boolean {
  return key.revokedTime === null && (key.expiresTime === null || key.expiresTime > now)
}

export function managesKeys(key: Pick<StoredKey, 'role' | 'models'>): boolean {
  return key.role === 'admin' && key.models === null
}

/** A key's scope in a few words. */
export function describeScope(key: StoredKey): string {
  return [
    `"${key.name}"`,
    key.role,
    key.models ? `models ${key.models.join(', ')}` : 'all models',
    ...(key.sensitive ? ['sensitive columns'] : []),
    ...(key.ratePerMinute === null ? [] : [`${key.ratePerMinute}/min`]),
    ...(key.probabilities === null ? [] : [`probabilities ${key.probabilities}`]),
    ...(key.expiresTime === null ? [] : [`until ${new Date(key.expiresTime).toISOString()}`]),
  ].join('; ')
}
