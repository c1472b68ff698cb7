import { createCipheriv, createDecipheriv, createSecretKey, type KeyObject, randomBytes } from 'node:crypto'
import { BellwetherError } from '../../errors.ts'
import type { KeyRing } from './key-ring.ts'

/*
 * How bytes are kept where they are encrypted:
 *
 *   magic "BWE1" | key id (8 bytes) | nonce (12) | wrapped data key (32) | tag (16) | prefix of nonces (7)     79 bytes
 *   chunks: 64 KiB of content each, encrypted, and a tag of 16 bytes; the last one is shorter, perhaps empty
 *
 * Each content has a data key of its own, which a key of the ring wraps: changing the ring's key rewrites the head alone, and destroying the head
 * destroys the content. The head is bound to what the content is (`context`, such as its name), so that no two can be exchanged. A chunk's nonce
 * is the prefix, the chunk's number and whether it is the last: chunks can't be cut off, exchanged or left out.
 */

const MAGIC = Buffer.from('BWE1', 'latin1')
const KEY_ID_BYTES = 8
const NONCE_BYTES = 12
const KEY_BYTES = 32
const TAG_BYTES = 16
const PREFIX_BYTES = 7

/** Bytes of content in a chunk. */
const CHUNK_BYTES = 64 * 1024
export const HEAD_BYTES = MAGIC.length + KEY_ID_BYTES + NONCE_BYTES + KEY_BYTES + TAG_BYTES + PREFIX_BYTES

type Bytes = AsyncIterable<Uint8Array> | Iterable<Uint8Array>

/** Whether bytes begin as encrypted content does. */
export function isSealed(beginning: Uint8Array): boolean {
  return beginning.length >= MAGIC.length && MAGIC.equals(beginning.subarray(0, MAGIC.length))
}

/**
 * Encrypts content with AES-256-GCM, chunk by chunk, in constant memory.
 * @param context What the content is; opening it takes the same.
 * @see Hoang, Reyhanitabar, Rogaway, Vizár (2015), Online Authenticated-Encryption and its Nonce-Reuse Misuse-Resistance (STREAM)
 */
export async function* seal(content: Bytes, ring: KeyRing, context: string): AsyncGenerator<Buffer> {
  const dataKey = randomBytes(KEY_BYTES)
  const prefix = randomBytes(PREFIX_BYTES)
  const key = createSecretKey(dataKey)
  yield makeHead(dataKey, prefix, ring, context)
  let number = 0
  for await (const { bytes, isLast } of chunksOf(content, CHUNK_BYTES)) {
    const cipher = createCipheriv('aes-256-gcm', key, chunkNonce(prefix, number++, isLast))
    yield Buffer.concat([cipher.update(bytes), cipher.final(), cipher.getAuthTag()])
  }
}

/**
 * Decrypts what `seal` gave. Each chunk is checked before it is given out; who needs all or nothing waits for the end.
 * @throws ENCRYPTION_KEY_MISSING when the ring lacks the key; BLOB_CORRUPT for bytes that are not as they were written, or of another context
 */
export async function* unseal(sealed: Bytes, ring: KeyRing | null, context: string): AsyncGenerator<Buffer> {
  let opened: { key: KeyObject; prefix: Buffer } | null = null
  let number = 0
  for await (const { bytes, isLast } of chunksOf(sealed, CHUNK_BYTES + TAG_BYTES, HEAD_BYTES)) {
    if (opened === null) {
      const { dataKey, prefix } = openHead(bytes, ring, context)
      opened = { key: createSecretKey(dataKey), prefix }
      if (isLast) throw corrupt(context)
      continue
    }
    if (bytes.length < TAG_BYTES) throw corrupt(context)
    const decipher = createDecipheriv('aes-256-gcm', opened.key, chunkNonce(opened.prefix, number++, isLast), {
      authTagLength: TAG_BYTES,
    })
    decipher.setAuthTag(bytes.subarray(bytes.length - TAG_BYTES))
    let plain: Buffer
    try {
      plain = Buffer.concat([decipher.update(bytes.subarray(0, bytes.length - TAG_BYTES)), decipher.final()])
    } catch {
      throw corrupt(context)
    }
    yield plain
  }
  if (opened === null) throw corrupt(context)
}

/** The id of the key that a head is wrapped with. @param head At least `HEAD_BYTES` of sealed content. */
export function keyIdOf(head: Uint8Array): string {
  return Buffer.from(head.subarray(MAGIC.length, MAGIC.length + KEY_ID_BYTES)).toString('hex')
}

/**
 * The head of the same content, its data key wrapped anew with the ring's current key.
 * @param newContext What the content is from now on, where its name was not known when it was encrypted.
 * @throws ENCRYPTION_KEY_MISSING, BLOB_CORRUPT
 */
export function rewrapHead(head: Uint8Array, ring: KeyRing, context: string, newContext: string = context): Buffer {
  const { dataKey, prefix } = openHead(head, ring, context)
  return makeHead(dataKey, prefix, ring, newContext)
}

/** All of some content at once. */
export async function sealBytes(content: Uint8Array, ring: KeyRing, context: string): Promise<Buffer> {
  return collect(seal([content], ring, context))
}

/** All of it at once. @throws as `unseal` */
export async function unsealBytes(sealed: Uint8Array, ring: KeyRing | null, context: string): Promise<Buffer> {
  return collect(unseal([sealed], ring, context))
}

/** What some content is encrypted with, for a form of its own, such as one that is appended to: nonces are `chunkNonce` of the prefix, each used once. */
export interface DataKey {
  readonly key: KeyObject
  readonly prefix: Buffer
}

/** A new data key, and the head that it is kept in, wrapped with the ring's current key. */
export function makeDataKey(ring: KeyRing, context: string): DataKey & { readonly head: Buffer } {
  const dataKey = randomBytes(KEY_BYTES)
  const prefix = randomBytes(PREFIX_BYTES)
  return { key: createSecretKey(dataKey), prefix, head: makeHead(dataKey, prefix, ring, context) }
}

/** The data key that a head holds. @throws ENCRYPTION_KEY_MISSING, BLOB_CORRUPT */
export function openDataKey(head: Uint8Array, ring: KeyRing | null, context: string): DataKey {
  const { dataKey, prefix } = openHead(head, ring, context)
  return { key: createSecretKey(dataKey), prefix }
}

async function collect(chunks: AsyncIterable<Buffer>): Promise<Buffer> {
  const parts: Buffer[] = []
  for await (const part of chunks) parts.push(part)
  return Buffer.concat(parts)
}

function makeHead(dataKey: Buffer, prefix: Buffer, ring: KeyRing, context: string): Buffer {
  const { id, key } = ring.current
  const keyId = Buffer.from(id, 'hex')
  const nonce = randomBytes(NONCE_BYTES)
  const cipher = createCipheriv('aes-256-gcm', key, nonce)
  cipher.setAAD(boundTo(keyId, prefix, context))
  const wrapped = Buffer.concat([cipher.update(dataKey), cipher.final()])
  return Buffer.concat([MAGIC, keyId, nonce, wrapped, cipher.getAuthTag(), prefix])
}

function openHead(head: Uint8Array, ring: KeyRing | null, context: string): { dataKey: Buffer; prefix: Buffer } {
  if (head.length < HEAD_BYTES || !isSealed(head)) throw corrupt(context)
  let at = MAGIC.length
  const take = (n: number) => {
    at += n
    return Buffer.from(head.subarray(at - n, at))
  }
  const keyId = take(KEY_ID_BYTES)
  const nonce = take(NONCE_BYTES)
  const wrapped = take(KEY_BYTES)
  const tag = take(TAG_BYTES)
  const prefix = take(PREFIX_BYTES)
  const id = keyId.toString('hex')
  const key = ring?.key(id)
  if (!key) {
    throw new BellwetherError(
      'ENCRYPTION_KEY_MISSING',
      `${context} is encrypted with the key ${id}, which ${ring ? `is not among ${ring.ids.join(', ')}` : 'was not given'}.`,
    )
  }
  const decipher = createDecipheriv('aes-256-gcm', key, nonce, { authTagLength: TAG_BYTES })
  decipher.setAAD(boundTo(keyId, prefix, context))
  decipher.setAuthTag(tag)
  try {
    return { dataKey: Buffer.concat([decipher.update(wrapped), decipher.final()]), prefix }
  } catch {
    throw corrupt(context)
  }
}

function boundTo(keyId: Buffer, prefix: Buffer, context: string): Buffer {
  return Buffer.concat([MAGIC, keyId, prefix, Buffer.from(context, 'utf8')])
}

/** The nonce of a chunk of content, by its number and whether it is the last. */
export function chunkNonce(prefix: Buffer, number: number, isLast: boolean): Buffer {
  if (number > 0xffff_ffff) throw new BellwetherError('INTERNAL', 'The content is too long to be encrypted (256 TiB).')
  const nonce = Buffer.alloc(NONCE_BYTES)
  prefix.copy(nonce)
  nonce.writeUInt32BE(number, PREFIX_BYTES)
  nonce[NONCE_BYTES - 1] = isLast ? 1 : 0
  return nonce
}

/** Pieces of `size` bytes (the first of `first`, where given), whatever the pieces that came; the last may be shorter, and there is one. */
async function* chunksOf(
  content: Bytes,
  size: number,
  first = size,
): AsyncGenerator<{ bytes: Buffer; isLast: boolean }> {
  let waiting: Buffer[] = []
  let length = 0
  let wanted = first
  for await (const part of content) {
    waiting.push(Buffer.from(part.buffer, part.byteOffset, part.byteLength))
    length += part.byteLength
    if (length <= wanted) continue
    let all = waiting.length === 1 ? waiting[0]! : Buffer.concat(waiting)
    // A full piece goes out only when something follows it: else it might be the last.
    while (all.length > wanted) {
      yield { bytes: all.subarray(0, wanted), isLast: false }
      all = all.subarray(wanted)
      wanted = size
    }
    waiting = [all]
    length = all.length
  }
  yield { bytes: Buffer.concat(waiting), isLast: true }
}

function corrupt(context: string): BellwetherError {
  return new BellwetherError('BLOB_CORRUPT', `${context} is encrypted, and not as it was written.`)
}
