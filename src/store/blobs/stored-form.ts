import { pipeline, Readable, type Transform } from 'node:stream'
import { promisify } from 'node:util'
import { constants, createZstdCompress, createZstdDecompress, zstdCompress, zstdDecompress } from 'node:zlib'
import { BellwetherError } from '../../errors.ts'
import { isSealed, seal, sealBytes, unseal, unsealBytes } from '../../security/at-rest/container.ts'
import type { KeyRing } from '../../security/at-rest/key-ring.ts'

/*
 * What lies in a blob's file. Content goes in as it is, or as "BWZ1" and a zstd frame where that is smaller; then, where there is a key,
 * it is encrypted (security/at-rest/container.ts). Content that begins with either mark itself is always compressed, so that a file says by
 * its first bytes what it is.
 */

const PACKED = Buffer.from('BWZ1', 'latin1')
const OPTIONS = { params: { [constants.ZSTD_c_compressionLevel]: 3 } }

/** Shorter content is left as it is: a block of the disk holds it either way. */
const WORTH_PACKING_BYTES = 4096
/** Compressed content is kept only where it is smaller than this share. */
const WORTH_KEEPING = 0.9
/** A stream is judged by its first bytes. */
const SAMPLE_BYTES = 64 * 1024
/**
 * Content comes in pieces of what it will have as a rule: in many small ones half of the time of decompressing goes by between zlib's thread and
 * ours, and they would be copied into one.
 */
const USUAL_RATIO = 8
const LEAST_PIECE_BYTES = 64 * 1024
const MOST_PIECE_BYTES = 8 * 1024 * 1024

const compress = promisify(zstdCompress)
const decompress = promisify(zstdDecompress)

/** What an encrypted blob is bound to. */
export const blobContext = (hash: string) => `Blob ${hash}`

/** The file of some content. */
export async function storedForm(content: Uint8Array, ring: KeyRing | null, context: string): Promise<Uint8Array> {
  const inner = await pack(content)
  return ring ? sealBytes(inner, ring, context) : inner
}

/** The content of a file. @throws BLOB_CORRUPT, ENCRYPTION_KEY_MISSING */
export async function contentOf(stored: Uint8Array, ring: KeyRing | null, context: string): Promise<Uint8Array> {
  const inner = isSealed(stored) ? await unsealBytes(stored, ring, context) : stored
  if (!isPacked(inner)) return inner
  try {
    const chunkSize = Math.min(MOST_PIECE_BYTES, Math.max(LEAST_PIECE_BYTES, inner.length * USUAL_RATIO))
    return await decompress(inner.subarray(PACKED.length), { chunkSize })
  } catch (cause) {
    throw corrupt(context, cause)
  }
}

/** The file of some content that comes in pieces, in constant memory. */
export async function* storedStream(
  content: AsyncIterable<Uint8Array>,
  ring: KeyRing | null,
  context: string,
): AsyncGenerator<Uint8Array> {
  const inner = packStream(content)
  yield* ring ? seal(inner, ring, context) : inner
}

/** The content of a file that comes in pieces, in constant memory. @throws from the iteration BLOB_CORRUPT, ENCRYPTION_KEY_MISSING */
export async function* contentStream(
  stored: AsyncIterable<Uint8Array>,
  ring: KeyRing | null,
  context: string,
): AsyncGenerator<Uint8Array> {
  const file = await peek(stored, PACKED.length)
  const inner = isSealed(file.first) ? await peek(unseal(file.all, ring, context), PACKED.length) : file
  if (!isPacked(inner.first)) yield* inner.all
  else yield* through(dropFirst(inner.all, PACKED.length), createZstdDecompress(), (cause) => corrupt(context, cause))
}

/** Whether a file that begins so is the content itself, with nothing around it. */
export function isPlain(beginning: Uint8Array): boolean {
  return !isPacked(beginning) && !isSealed(beginning)
}

function isPacked(beginning: Uint8Array): boolean {
  return beginning.length >= PACKED.length && PACKED.equals(beginning.subarray(0, PACKED.length))
}

async function pack(content: Uint8Array): Promise<Uint8Array> {
  if (content.length < WORTH_PACKING_BYTES && isPlain(content)) return content
  const packed = await compress(content, OPTIONS)
  if (packed.length > content.length * WORTH_KEEPING && isPlain(content)) return content
  return Buffer.concat([PACKED, packed])
}

async function* packStream(content: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  const { first, all } = await peek(content, SAMPLE_BYTES)
  const smaller =
    first.length >= WORTH_PACKING_BYTES && (await compress(first, OPTIONS)).length < first.length * WORTH_KEEPING
  if (!smaller && isPlain(first)) return yield* all
  yield PACKED
  yield* through(all, createZstdCompress(OPTIONS), null)
}

/** The first bytes (fewer only where there are no more), and everything with them. */
async function peek(
  pieces: AsyncIterable<Uint8Array>,
  n: number,
): Promise<{ first: Buffer; all: AsyncGenerator<Uint8Array> }> {
  const iterator = pieces[Symbol.asyncIterator]()
  const waiting: Uint8Array[] = []
  let length = 0
  let ended = false
  while (length < n) {
    const next = await iterator.next()
    if (next.done) {
      ended = true
      break
    }
    waiting.push(next.value)
    length += next.value.length
  }
  async function* all(): AsyncGenerator<Uint8Array> {
    let whole = ended
    try {
      for (const piece of waiting) yield piece
      while (!whole) {
        const next = await iterator.next()
        if (next.done) whole = true
        else yield next.value
      }
    } finally {
      if (!whole) await iterator.return?.()
    }
  }
  return { first: Buffer.concat(waiting).subarray(0, n), all: all() }
}

async function* dropFirst(pieces: AsyncIterable<Uint8Array>, n: number): AsyncGenerator<Uint8Array> {
  let left = n
  for await (const piece of pieces) {
    if (left < piece.length) yield piece.subarray(left)
    left = Math.max(0, left - piece.length)
  }
}

/** @param translate What an error of the transform itself becomes; an error of the source stays as it is. */
async function* through(
  pieces: AsyncIterable<Uint8Array>,
  transform: Transform,
  translate: ((cause: unknown) => Error) | null,
): AsyncGenerator<Uint8Array> {
  const source = Readable.from(pieces, { objectMode: true })
  let failure: unknown = null
  source.once('error', (error) => {
    failure = error
  })
  pipeline(source, transform, () => undefined)
  try {
    for await (const piece of transform as AsyncIterable<Buffer>) yield piece
  } catch (error) {
    if (failure) throw failure
    throw translate ? translate(error) : error
  }
}

function corrupt(context: string, cause: unknown): BellwetherError {
  return new BellwetherError('BLOB_CORRUPT', `${context} is compressed, and not as it was written.`, { cause })
}
