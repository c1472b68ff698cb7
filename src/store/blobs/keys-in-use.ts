import { readFile } from 'node:fs/promises'
import path from 'node:path'
import { z } from 'zod'
import { BellwetherError } from '../../errors.ts'
import type { KeyRing } from '../../security/at-rest/key-ring.ts'
import { renameDurably, writeTemporary } from '../durable-files.ts'

/** Beside the blobs: ids of the keys that some of them may be encrypted with. Ids tell nothing of a key. */
export const KEYS_NAME = 'keys-in-use.json'

const KeysInUse = z.strictObject({ keys: z.array(z.string().regex(/^[0-9a-f]{16}$/)).max(1000) })

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
  const missing = inUse.filter((id) => !ring?.key(id))
  if (missing.length > 0) {
    throw new BellwetherError(
      'ENCRYPTION_KEY_MISSING',
      `What is kept in ${keys.place} is encrypted with the key ${missing.join(' and ')}, which ${ring ? `is not among ${ring.ids.join(', ')}` : 'was not given'}.`,
    )
  }
  if (ring && !readOnly && !inUse.includes(ring.current.id)) await writeKeys(keys, [...inUse, ring.current.id])
}

/** Notes that no blob is under any other key any more. */
export async function onlyKey(keys: KeysPlace, id: string): Promise<void> {
  await writeKeys(keys, [id])
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

async function readKeys(keys: KeysPlace): Promise<string[]> {
  const text = await keys.read()
  if (text === null) return []
  try {
    return KeysInUse.parse(JSON.parse(text)).keys
  } catch (cause) {
    throw new BellwetherError('HOME_CORRUPT', `${KEYS_NAME} in ${keys.place} is not as it was written.`, { cause })
  }
}

async function writeKeys(place: KeysPlace, keys: readonly string[]): Promise<void> {
  await place.write(new TextEncoder().encode(`${JSON.stringify({ keys })}\n`))
}
