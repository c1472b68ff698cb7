import { hash, randomBytes, timingSafeEqual } from 'node:crypto'
import { crc32 } from 'node:zlib'

/**
 * An API key: `bw_<id>_<secret><checksum>`. The id (12 characters) is public and names the key in lists and logs; the secret has
 * 32 characters of 62, 190 bits; the checksum (6 characters) is the CRC-32 of all before it, so that a mistyped key is known as
 * such without a look into the store, and so that scanners of repositories can tell a real one.
 */
const PATTERN = /^bw_([0-9A-Za-z]{12})_[0-9A-Za-z]{38}$/
const ALPHABET = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz'

export interface NewApiKey {
  readonly id: string
  /** The key itself: shown once, kept nowhere. */
  readonly key: string
  /** SHA-256 of the key, hexadecimal: what is kept. A fast hash is enough for a secret that nobody chose. */
  readonly hash: string
}

export function makeApiKey(): NewApiKey {
  const id = randomText(12)
  const body = `bw_${id}_${randomText(32)}`
  const key = body + checksum(body)
  return { id, key, hash: hashApiKey(key) }
}

/** @returns the id of a well-formed key whose checksum is right, else null */
export function apiKeyId(key: string): string | null {
  const match = key.length === 54 ? PATTERN.exec(key) : null
  if (!match || checksum(key.slice(0, 48)) !== key.slice(48)) return null
  return match[1]!
}

export function hashApiKey(key: string): string {
  return hash('sha256', key, 'hex')
}

/** Whether two hashes are the same, in a time that does not tell how far they agree. Both are 64 hexadecimal digits. */
export function sameHash(a: string, b: string): boolean {
  return timingSafeEqual(Buffer.from(a, 'latin1'), Buffer.from(b, 'latin1'))
}

export const API_KEY_PREFIX = 'bw_'
export const HASH_PATTERN = /^[0-9a-f]{64}$/

/** Characters drawn evenly: bytes from 248 on, which would favour the first ones, are drawn again. */
function randomText(length: number): string {
  let text = ''
  while (text.length < length) {
    for (const byte of randomBytes(length * 2)) if (byte < 248 && text.length < length) text += ALPHABET[byte % 62]
  }
  return text
}

function checksum(text: string): string {
  let rest = crc32(text)
  let digits = ''
  for (let i = 0; i < 6; i++) {
    digits = ALPHABET[rest % 62] + digits
    rest = Math.floor(rest / 62)
  }
  return digits
}
