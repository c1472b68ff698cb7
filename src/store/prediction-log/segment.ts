import { createCipheriv, createDecipheriv } from 'node:crypto'
import { type FileHandle, open } from 'node:fs/promises'
import path from 'node:path'
import { promisify } from 'node:util'
import { crc32, zstdCompress, zstdDecompress } from 'node:zlib'
import { BellwetherError } from '../../errors.ts'
import {
  chunkNonce,
  type DataKey,
  HEAD_BYTES,
  keyIdOf,
  makeDataKey,
  openDataKey,
} from '../../security/at-rest/container.ts'
import type { KeyRing } from '../../security/at-rest/key-ring.ts'
import { OPEN_SUFFIX } from './log-files.ts'

const compress = promisify(zstdCompress)
const decompress = promisify(zstdDecompress)

/*
 * A segment is a file that one process appends frames to:
 *
 *   "BWPL1\n"  then frames:  length of the payload (uint32, little-endian) | CRC-32 of it (uint32) | payload
 *
 * A payload is the zstd of JSON lines. What a crash left half-written has no valid checksum, and ends the segment for its readers; its writer
 * is gone, and the next one begins a file of its own.
 *
 * Where a key is set:  "BWPL2\n" | head (79 bytes, as `at-rest/container.ts` has it) | frames
 *
 * Each segment has a data key of its own, which the head holds wrapped with a key of the ring and bound to the segment's name. A payload is encrypted with
 * AES-256-GCM; its nonce is the head's prefix and the frame's number, so that frames cannot be exchanged or left out in the middle. Deleting the file
 * destroys the key.
 */
const PLAIN_MAGIC = Buffer.from('BWPL1\n', 'latin1')
const SEALED_MAGIC = Buffer.from('BWPL2\n', 'latin1')
const TAG_BYTES = 16
const FRAME_HEAD = 8
const MAX_FRAME_BYTES = 256 * 1024 * 1024
const MAX_UNPACKED_BYTES = 1024 * 1024 * 1024

/** Makes the bytes of a segment, in their order: the beginning, then frame by frame. */
export class SegmentWriter {
  /** What the file begins with. */
  readonly beginning: Buffer
  readonly #key: DataKey | null
  #frames = 0

  /** @param name The file's name. @param ring What it is encrypted with; null for a plain one. */
  constructor(name: string, ring: KeyRing | null) {
    const made = ring ? makeDataKey(ring, contextOf(name)) : null
    this.beginning = made ? Buffer.concat([SEALED_MAGIC, made.head]) : PLAIN_MAGIC
    this.#key = made
  }

  /** One frame around some JSON lines in UTF-8, which stay as they are until it is made; frames have to be written in the order in which they are asked for. */
  async frame(lines: Uint8Array): Promise<Buffer> {
    const number = this.#frames++
    const packed = await compress(lines)
    const payload = this.#key ? sealFrame(packed, this.#key, number) : packed
    const frame = Buffer.allocUnsafe(FRAME_HEAD + payload.length)
    frame.writeUInt32LE(payload.length, 0)
    frame.writeUInt32LE(crc32(payload), 4)
    payload.copy(frame, FRAME_HEAD)
    return frame
  }
}

/**
 * The JSON lines of each whole frame, in order; ends where the file does or where a frame is torn.
 * @throws ENCRYPTION_KEY_MISSING for an encrypted one without its key; BLOB_CORRUPT for one that is not as it was written
 */
export async function* readFrames(file: string, ring: KeyRing | null): AsyncGenerator<string[]> {
  const handle = await open(file, 'r')
  try {
    const start = await readBeginning(handle, file, ring)
    if (start === null) return
    const head = Buffer.alloc(FRAME_HEAD)
    let { at } = start
    for (let number = 0; ; number++) {
      if ((await handle.read(head, 0, FRAME_HEAD, at)).bytesRead < FRAME_HEAD) return
      const length = head.readUInt32LE(0)
      if (length > MAX_FRAME_BYTES) return
      const payload = Buffer.allocUnsafe(length)
      if ((await handle.read(payload, 0, length, at + FRAME_HEAD)).bytesRead < length) return
      if (crc32(payload) !== head.readUInt32LE(4)) return
      at += FRAME_HEAD + length
      const packed = start.key ? openFrame(payload, start.key, number, path.basename(file)) : payload
      const text = (await decompress(packed, { maxOutputLength: MAX_UNPACKED_BYTES })).toString('utf8')
      yield text.split('\n').filter((line) => line !== '')
    }
  } finally {
    await handle.close()
  }
}

/** Which key of the ring a segment is encrypted with; null for a plain one, undefined for none at all. */
export async function keyOfSegment(file: string): Promise<string | null | undefined> {
  const handle = await open(file, 'r')
  try {
    const beginning = Buffer.alloc(SEALED_MAGIC.length + HEAD_BYTES)
    const { bytesRead } = await handle.read(beginning, 0, beginning.length, 0)
    const magic = beginning.subarray(0, SEALED_MAGIC.length)
    if (magic.equals(PLAIN_MAGIC)) return null
    if (!magic.equals(SEALED_MAGIC) || bytesRead < beginning.length) return undefined
    return keyIdOf(beginning.subarray(SEALED_MAGIC.length))
  } finally {
    await handle.close()
  }
}

async function readBeginning(
  handle: FileHandle,
  file: string,
  ring: KeyRing | null,
): Promise<{ at: number; key: DataKey | null } | null> {
  const beginning = Buffer.alloc(SEALED_MAGIC.length + HEAD_BYTES)
  const { bytesRead } = await handle.read(beginning, 0, beginning.length, 0)
  const magic = beginning.subarray(0, SEALED_MAGIC.length)
  if (magic.equals(PLAIN_MAGIC)) return { at: PLAIN_MAGIC.length, key: null }
  if (!magic.equals(SEALED_MAGIC) || bytesRead < beginning.length) return null
  const head = beginning.subarray(SEALED_MAGIC.length)
  return { at: beginning.length, key: openDataKey(head, ring, contextOf(path.basename(file))) }
}

/** A segment keeps its name but for the ending that it has while it is being written. */
function contextOf(name: string): string {
  const ended = name.endsWith(OPEN_SUFFIX) ? name.slice(0, -OPEN_SUFFIX.length) : name
  return `the file ${ended} of the prediction log`
}

function sealFrame(packed: Buffer, { key, prefix }: DataKey, number: number): Buffer {
  const cipher = createCipheriv('aes-256-gcm', key, chunkNonce(prefix, number, false))
  return Buffer.concat([cipher.update(packed), cipher.final(), cipher.getAuthTag()])
}

function openFrame(payload: Buffer, { key, prefix }: DataKey, number: number, name: string): Buffer {
  const end = payload.length - TAG_BYTES
  const nonce = chunkNonce(prefix, number, false)
  const decipher = createDecipheriv('aes-256-gcm', key, nonce, { authTagLength: TAG_BYTES })
  try {
    decipher.setAuthTag(payload.subarray(end))
    return Buffer.concat([decipher.update(payload.subarray(0, end)), decipher.final()])
  } catch {
    throw new BellwetherError('BLOB_CORRUPT', `Frame ${number} of ${contextOf(name)} is not as it was written.`)
  }
}
