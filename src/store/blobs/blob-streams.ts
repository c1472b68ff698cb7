import { createHash } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { type FileHandle, open, rm } from 'node:fs/promises'
import { BellwetherError } from '../../errors.ts'
import { HEAD_BYTES, rewrapHead } from '../../security/at-rest/container.ts'
import type { KeyRing } from '../../security/at-rest/key-ring.ts'
import { FILE_MODE, temporaryName } from '../durable-files.ts'
import { storageError } from '../storage-errors.ts'
import { blobContext, contentStream, storedStream } from './stored-form.ts'

/** Reads files in pieces of this size. */
const PIECE_BYTES = 256 * 1024

/** What content is called that has no hash yet. */
const UNNAMED = 'A blob that is being written'

/**
 * Writes bytes as they come, in their stored form, under a temporary name, hashing them meanwhile, and makes them durable; the file is the caller's
 * to rename. Whatever goes wrong, the source failing included, nothing is left behind. @throws BODY_TOO_LARGE
 */
export async function streamToTemporary(
  folder: string,
  bytes: AsyncIterable<Uint8Array>,
  maxBytes: number,
  ring: KeyRing | null,
): Promise<{ readonly temporary: string; readonly hash: string; readonly sizeBytes: number }> {
  const temporary = temporaryName(folder)
  const handle = await open(temporary, 'wx+', FILE_MODE)
  const digest = createHash('sha256')
  let sizeBytes = 0
  async function* counted(): AsyncGenerator<Uint8Array> {
    for await (const piece of bytes) {
      sizeBytes += piece.length
      if (sizeBytes > maxBytes)
        throw new BellwetherError('BODY_TOO_LARGE', `There are more than the ${maxBytes} bytes that are taken.`)
      digest.update(piece)
      yield piece
    }
  }
  try {
    for await (const piece of storedStream(counted(), ring, UNNAMED)) await writeAll(handle, piece, null)
    const hash = `sha256:${digest.digest('hex')}`
    if (ring) {
      // The head was made before the name was known.
      const head = Buffer.alloc(HEAD_BYTES)
      await handle.read(head, 0, HEAD_BYTES, 0)
      await writeAll(handle, rewrapHead(head, ring, UNNAMED, blobContext(hash)), 0)
    }
    await handle.sync()
    await handle.close()
    return { temporary, hash, sizeBytes }
  } catch (error) {
    await handle.close().catch(() => undefined)
    await rm(temporary, { force: true })
    throw error
  }
}

/** A stretch of a file that holds the content itself. */
export async function* rangeOfFile(file: string, start: number, end: number): AsyncGenerator<Uint8Array> {
  if (end <= start) return
  try {
    yield* createReadStream(file, { start, end: end - 1, highWaterMark: PIECE_BYTES }) as AsyncIterable<Buffer>
  } catch (error) {
    throw storageError(error, file)
  }
}

/** A file with the content as it is, for this user alone; it is the caller's to remove. Where the content fails, nothing is left behind. */
export async function plainCopy(folder: string, content: AsyncIterable<Uint8Array>): Promise<string> {
  const temporary = temporaryName(folder)
  const handle = await open(temporary, 'wx', FILE_MODE)
  try {
    for await (const piece of content) await writeAll(handle, piece, null)
    await handle.close()
    return temporary
  } catch (error) {
    await handle.close().catch(() => undefined)
    await rm(temporary, { force: true })
    throw error
  }
}

/** A write may take a part only, where the disk is nearly full. @param at Null: where the last write ended. */
export async function writeAll(handle: FileHandle, bytes: Uint8Array, at: number | null): Promise<void> {
  for (let from = 0; from < bytes.length; ) {
    const place = at === null ? null : at + from
    from += (await handle.write(bytes, from, bytes.length - from, place)).bytesWritten
  }
}

/** The content of a blob's file; the last piece is held back until the hash of the whole is known to be right. */
export async function* checkedStream(file: string, hash: string, ring: KeyRing | null): AsyncGenerator<Uint8Array> {
  const stored = createReadStream(file, { highWaterMark: PIECE_BYTES }) as AsyncIterable<Buffer>
  try {
    yield* checkedContent(stored, hash, ring, file)
  } catch (error) {
    throw storageError(error, file)
  }
}

/**
 * The content of a blob that comes in its stored form; the last piece is held back until the hash of the whole is known to be right.
 * @param place Where the blob is; for messages.
 * @throws from the iteration BLOB_CORRUPT, ENCRYPTION_KEY_MISSING, and what the source throws
 */
export async function* checkedContent(
  stored: AsyncIterable<Uint8Array>,
  hash: string,
  ring: KeyRing | null,
  place: string,
): AsyncGenerator<Uint8Array> {
  const digest = createHash('sha256')
  let held: Uint8Array | null = null
  for await (const piece of contentStream(stored, ring, blobContext(hash))) {
    digest.update(piece)
    if (held) yield held
    held = piece
  }
  if (`sha256:${digest.digest('hex')}` !== hash)
    throw new BellwetherError('BLOB_CORRUPT', `Blob ${hash} has other content than its name says (${place}).`)
  if (held) yield held
}
