import { readFile } from 'node:fs/promises'
import path from 'node:path'
import { z } from 'zod'
import { BellwetherError } from '../../errors.ts'
import type { KeyRing } from '../../security/at-rest/key-ring.ts'
import { renameDurably, writeTemporary } from '../durable-files.ts'

/** Beside the blobs: ids of the keys that some of them may be encrypted with. Ids tell nothing of a key. */
export const KEYS_NAME = 'keys-in-use.json'

const Ids = z.array(z.string().regex(/^[0-9a-f]{16}$/)).max(1000)
/** `retiring`: keys of `keys` that a rotation is about to put out of use; nothing is written under them any more. */
const KeysInUse = z.strictObject({ keys: Ids, retiring: Ids.default([]) })
type KeysInUse = z.output<typeof KeysInUse>

/** Where the list is: a file, or an object. */
export interface KeysPlace {
  /** Where the blobs are; for messages. */
  readonly place: string
  /** Null where there is none. */
  read(): Promise<string | null>
  /** Replaces it as a whole, durably. */
  write(bytes: Uint8Array): Promise<void>
}

/**
 * Makes sure, before anything is read or written, that every key is there that blobs are under, and notes the one that new blobs get. So nobody writes
 * plain blobs among encrypted ones because a key was forgotten.
 * @throws ENCRYPTION_KEY_MISSING
 */
export async function claimKeys(keys: KeysPlace, ring: KeyRing | null, readOnly: boolean): Promise<void> {
  const inUse = await readKeys(keys)
  const missing = inUse.keys.filter((id) => !ring?.key(id))
  if (missing.length > 0) {
    throw new BellwetherError(
      'ENCRYPTION_KEY_MISSING',
      `What is kept in ${keys.place} is encrypted with the key ${missing.join(' and ')}, which ${ring ? `is not among ${ring.ids.join(', ')}` : 'was not given'}.`,
    )
  }
  if (ring && !readOnly) await claim(keys, inUse, ring.current.id)
}

/**
 * Before a process writes: it may have been started with keys that the home has left meanwhile, and nobody could open what it writes.
 * @throws ENCRYPTION_KEY_RETIRED
 */
export async function refuseRetired(keys: KeysPlace, ring: KeyRing | null): Promise<void> {
  const inUse = await readKeys(keys)
  const id = ring?.current.id ?? null
  if (inUse.keys.length === 0 || (id !== null && inUse.keys.includes(id) && !inUse.retiring.includes(id))) return
  throw new BellwetherError(
    'ENCRYPTION_KEY_RETIRED',
    `This process writes ${id === null ? 'without encryption' : `under the key ${id}`}, and ${keys.place} has gone over to ${inUse.keys.filter((each) => !inUse.retiring.includes(each)).join(' and ')}. Nothing was written.`,
  )
}

/** After a process wrote, and before it says so: where its key was put out of use meanwhile, the key is in use again. */
export async function claimWritten(keys: KeysPlace, ring: KeyRing | null): Promise<void> {
  if (ring) await claim(keys, await readKeys(keys), ring.current.id)
}

async function claim(keys: KeysPlace, inUse: KeysInUse, id: string): Promise<void> {
  if (inUse.keys.includes(id) && !inUse.retiring.includes(id)) return
  await writeKeys(keys, {
    keys: [...new Set([...inUse.keys, id])],
    retiring: inUse.retiring.filter((each) => each !== id),
  })
}

/** Notes that nothing is to be written under any other key. */
export async function retireOthers(keys: KeysPlace, id: string): Promise<void> {
  const all = [...new Set([...(await readKeys(keys)).keys, id])]
  await writeKeys(keys, { keys: all, retiring: all.filter((each) => each !== id) })
}

/**
 * Notes that no blob is under the keys that were to be retired.
 * @returns the other keys that are in use: what was told as written under them came after the rotation had looked
 */
export async function endRetiring(keys: KeysPlace, id: string): Promise<string[]> {
  const inUse = await readKeys(keys)
  const left = inUse.keys.filter((each) => each === id || !inUse.retiring.includes(each))
  await writeKeys(keys, { keys: left, retiring: [] })
  return left.filter((each) => each !== id)
}

/** The list as a file in the folder of the blobs. */
export function keysFile(root: string): KeysPlace {
  const file = path.join(root, KEYS_NAME)
  return {
    place: root,
    async read() {
      try {
        return await readFile(file, 'utf8')
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null
        throw error
      }
    },
    write: async (bytes) => renameDurably(await writeTemporary(root, bytes), file),
  }
}

async function readKeys(keys: KeysPlace): Promise<KeysInUse> {
  const text = await keys.read()
  if (text === null) return { keys: [], retiring: [] }
  try {
    return KeysInUse.parse(JSON.parse(text))
  } catch (cause) {
    throw new BellwetherError('HOME_CORRUPT', `${KEYS_NAME} in ${keys.place} is not as it was written.`, { cause })
  }
}

async function writeKeys(place: KeysPlace, { keys, retiring }: KeysInUse): Promise<void> {
  const document = retiring.length > 0 ? { keys, retiring } : { keys }
  await place.write(new TextEncoder().encode(`${JSON.stringify(document)}\n`))
}
