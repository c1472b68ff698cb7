import { readFile } from 'node:fs/promises'
import path from 'node:path'
import { z } from 'zod'
import { BellwetherError } from '../../errors.ts'
import type { KeyRing } from '../../security/at-rest/key-ring.ts'
import { renameDurably, writeTemporary } from '../durable-files.ts'

/** Beside the blobs: ids of the keys that some of them may be encrypted with. Ids tell nothing of a key. */
const KEYS_FILE = 'keys-in-use.json'

const KeysInUse = z.strictObject({ keys: z.array(z.string().regex(/^[0-9a-f]{16}$/)).max(1000) })

/**
 * Makes sure, before anything is read or written, that every key is there that blobs are under, and notes the one that new blobs get. So nobody writes
 * plain blobs among encrypted ones because a key was forgotten.
 * @throws ENCRYPTION_KEY_MISSING
 */
export async function claimKeys(root: string, ring: KeyRing | null, readOnly: boolean): Promise<void> {
  const inUse = await readKeys(root)
  const missing = inUse.filter((id) => !ring?.key(id))
  if (missing.length > 0) {
    throw new BellwetherError(
      'ENCRYPTION_KEY_MISSING',
      `What is kept in ${root} is encrypted with the key ${missing.join(' and ')}, which ${ring ? `is not among ${ring.ids.join(', ')}` : 'was not given'}.`,
    )
  }
  if (ring && !readOnly && !inUse.includes(ring.current.id)) await writeKeys(root, [...inUse, ring.current.id])
}

/** Notes that no blob is under any other key any more. */
export async function onlyKey(root: string, id: string): Promise<void> {
  await writeKeys(root, [id])
}

async function readKeys(root: string): Promise<string[]> {
  const file = path.join(root, KEYS_FILE)
  let text: string
  try {
    text = await readFile(file, 'utf8')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return []
    throw error
  }
  try {
    return KeysInUse.parse(JSON.parse(text)).keys
  } catch (cause) {
    throw new BellwetherError('HOME_CORRUPT', `${file} is not as it was written.`, { cause })
  }
}

async function writeKeys(root: string, keys: readonly string[]): Promise<void> {
  const bytes = new TextEncoder().encode(`${JSON.stringify({ keys })}\n`)
  await renameDurably(await writeTemporary(root, bytes), path.join(root, KEYS_FILE))
}
