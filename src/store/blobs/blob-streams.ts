import { createHash } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { open, rm } from 'node:fs/promises'
import { BellwetherError } from '../../errors.ts'
import { FILE_MODE, temporaryName } from '../durable-files.ts'
import { storageError } from '../storage-errors.ts'

/** Reads files in pieces of this size. */
const PIECE_BYTES = 256 * 1024

/**
 * Writes bytes as they come under a temporary name, hashing them meanwhile, and makes them durable; the file is the caller's to rename.
 * Whatever goes wrong, the source failing included, nothing is left behind. @throws BODY_TOO_LARGE
 */
export async function streamToTemporary(
  folder: string,
  bytes: AsyncIterable<Uint8Array>,
  maxBytes: number,
): Promise<{ readonly temporary: string; readonly hash: string; readonly sizeBytes: number }> {
  const temporary = temporaryName(folder)
  const handle = await open(temporary, 'wx', FILE_MODE)
  const digest = createHash('sha256')
  let sizeBytes = 0
  try {
    for await (const piece of bytes) {
      sizeBytes += piece.length
      if (sizeBytes > maxBytes)
        throw new BellwetherError('BODY_TOO_LARGE', `There are more than the ${maxBytes} bytes that are taken.`)
      digest.update(piece)
      // A write may take a part only, where the disk is nearly full.
      for (let from = 0; from < piece.length; ) from += (await handle.write(piece, from)).bytesWritten
    }
    await handle.sync()
    await handle.close()
  } catch (error) {
    await handle.close().catch(() => undefined)
    await rm(temporary, { force: true })
    throw error
  }
  return { temporary, hash: `sha256:${digest.digest('hex')}`, sizeBytes }
}

/** The content of a blob's file; the last piece is held back until the hash of the whole is known to be right. */
export async function* checkedStream(file: string, hash: string): AsyncGenerator<Uint8Array> {
  const digest = createHash('sha256')
  let held: Uint8Array | null = null
  try {
    for await (const piece of createReadStream(file, { highWaterMark: PIECE_BYTES }) as AsyncIterable<Buffer>) {
      digest.update(piece)
      if (held) yield held
      held = piece
    }
  } catch (error) {
    throw storageError(error, file)
  }
  if (`sha256:${digest.digest('hex')}` !== hash)
    throw new BellwetherError('BLOB_CORRUPT', `Blob ${hash} has other content than its name says (${file}).`)
  if (held) yield held
}
