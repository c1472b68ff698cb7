import { createHash, createSecretKey, type KeyObject } from 'node:crypto'
import { readFile, stat } from 'node:fs/promises'
import { BellwetherError } from '../../errors.ts'

/** Bytes of an AES-256 key. */
const KEY_BYTES = 32
const MAX_KEYS = 100
const MAX_FILE_BYTES = 64 * 1024

/** Keys that data at rest is encrypted with, by their ids. The first is the one that new data gets; the others open what is older. */
export interface KeyRing {
  readonly current: { readonly id: string; readonly key: KeyObject }
  /** @returns null for an id that the ring does not hold. */
  key(id: string): KeyObject | null
  readonly ids: readonly string[]
}

/**
 * The ring of `BELLWETHER_ENCRYPTION_KEYS` (keys with commas between) or of the file that `BELLWETHER_ENCRYPTION_KEY_FILE` names (a key a line, `#` begins a
 * comment). A key is 32 bytes in hexadecimal or base64. Its id is the beginning of the SHA-256 of its bytes under a label, so that
 * nothing has to be kept beside it.
 * @returns null where neither is set.
 * @throws ENCRYPTION_KEY_INVALID, without a part of any key
 */
export async function keyRingFromEnvironment(environment: NodeJS.ProcessEnv): Promise<KeyRing | null> {
  const listed = environment['BELLWETHER_ENCRYPTION_KEYS']
  const file = environment['BELLWETHER_ENCRYPTION_KEY_FILE']
  if (listed && file) {
    throw invalid('BELLWETHER_ENCRYPTION_KEYS and BELLWETHER_ENCRYPTION_KEY_FILE are both set; keep one of them')
  }
  if (listed) return parseKeyRing(listed.split(','), 'BELLWETHER_ENCRYPTION_KEYS')
  if (!file) return null
  const text = await readKeyFile(file)
  const lines = text.split('\n').map((line) => line.replace(/#.*/, ''))
  return parseKeyRing(
    lines.filter((line) => line.trim() !== ''),
    'BELLWETHER_ENCRYPTION_KEY_FILE',
  )
}

/** @param place For messages. @throws ENCRYPTION_KEY_INVALID */
export function parseKeyRing(texts: readonly string[], place: string): KeyRing {
  if (texts.length === 0 || texts.length > MAX_KEYS)
    throw invalid(`${place} holds ${texts.length} keys, expected 1 to ${MAX_KEYS}`)
  const keys = new Map<string, KeyObject>()
  let first: KeyRing['current'] | null = null
  for (const [i, text] of texts.entries()) {
    const bytes = decodeKey(text.trim())
    if (!bytes) throw invalid(`${place}: key ${i + 1} is not 32 bytes in hexadecimal or base64`)
    const id = keyId(bytes)
    const key = createSecretKey(bytes)
    bytes.fill(0)
    keys.set(id, key)
    first ??= { id, key }
  }
  return { current: first!, key: (id) => keys.get(id) ?? null, ids: [...keys.keys()] }
}

function decodeKey(text: string): Buffer | null {
  if (/^[0-9a-f]{64}$/i.test(text)) return Buffer.from(text, 'hex')
  if (!/^[A-Za-z0-9+/_-]{43}=?$/.test(text)) return null
  const bytes = Buffer.from(text, 'base64')
  return bytes.length === KEY_BYTES ? bytes : null
}

/** 16 hexadecimal digits that tell keys apart and tell nothing of them. */
function keyId(bytes: Uint8Array): string {
  return createHash('sha256').update('bellwether encryption key id\n').update(bytes).digest('hex').slice(0, 16)
}

async function readKeyFile(file: string): Promise<string> {
  try {
    const { size, mode } = await stat(file)
    if (size > MAX_FILE_BYTES) throw invalid(`${file} is too large for a file of keys`)
    if (process.platform !== 'win32' && (mode & 0o077) !== 0) {
      throw new BellwetherError('ENCRYPTION_KEY_INVALID', `${file} can be read by other users of this machine.`, {
        hint: `Run \`chmod 600 ${file}\`.`,
      })
    }
    return await readFile(file, 'utf8')
  } catch (cause) {
    if (cause instanceof BellwetherError) throw cause
    throw invalid(`the file ${file} cannot be read (${(cause as NodeJS.ErrnoException).code ?? 'error'})`)
  }
}

function invalid(what: string): BellwetherError {
  return new BellwetherError('ENCRYPTION_KEY_INVALID', `${what}.`)
}
