import { createCipheriv, createDecipheriv } from 'node:crypto'
import { type FileHandle, open } from 'node:fs/promises'
import path from 'node:path'
import { promisify } from 'node:util'
import { crc32, zstdDecompress } from 'node:zlib'
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
import { FramePacker } from './frame-packer.ts'
import { OPEN_SUFFIX } from './log-files.ts'
import { decodeIndex, encodeIndex, type PersonIndex, type PersonMarks } from './person-index.ts'

/** One for all segments of the process: their frames take turns as it is. */
const packer = new FramePacker()
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
 *
 * A segment that was ended has, behind its frames, which persons it has entries of:
 *
 *   0xffffffff | CRC-32 of the index (uint32) | index (`person-index.ts`) | length of the index (uint32) | "BWPI"
 *
 * To readers of frames, those of earlier versions too, a frame of that length is the end. The index is encrypted as a frame is, with a
 * nonce that no frame has. Where it is torn or there is none, the frames tell the same.
 */
const PLAIN_MAGIC = Buffer.from('BWPL1\n', 'latin1')
const SEALED_MAGIC = Buffer.from('BWPL2\n', 'latin1')
const TAG_BYTES = 16
const FRAME_HEAD = 8
const NO_FRAME = 0xffff_ffff
const INDEX_MAGIC = Buffer.from('BWPI', 'latin1')
const INDEX_TAIL = 4 + INDEX_MAGIC.length
const MAX_FRAME_BYTES = 256 * 1024 * 1024
const MAX_UNPACKED_BYTES = 1024 * 1024 * 1024

/** Makes the bytes of a segment, in their order: the beginning, then frame by frame. */
export class SegmentWriter {
  /** What the file begins with. */
  readonly beginning: Buffer
  readonly #name: string
  readonly #key: DataKey | null
  #frames = 0

  /** @param name The file's name. @param ring What it is encrypted with; null for a plain one. */
  constructor(name: string, ring: KeyRing | null) {
    this.#name = name
    const made = ring ? makeDataKey(ring, contextOf(name)) : null
    this.beginning = made ? Buffer.concat([SEALED_MAGIC, made.head]) : PLAIN_MAGIC
    this.#key = made
  }

  /** One frame around some JSON lines in UTF-8, which stay as they are until it is made; frames have to be written in the order in which they are asked for. */
  async frame(lines: Uint8Array): Promise<Buffer> {
    const number = this.#frames++
    const packed = await packer.pack(lines)
    const payload = this.#key ? sealBytes(packed, this.#key, chunkNonce(this.#key.prefix, number, false)) : packed
    const frame = Buffer.allocUnsafe(FRAME_HEAD + payload.length)
    frame.writeUInt32LE(payload.length, 0)
    frame.writeUInt32LE(crc32(payload), 4)
    payload.copy(frame, FRAME_HEAD)
    return frame
  }

  /** What ends the file, after which nothing may be written. @param persons Of every entry in it. @param begin Bytes of the file so far. */
  ending(persons: PersonMarks, begin: number): Buffer {
    const index = encodeIndex(persons, this.#name, begin)
    const payload = this.#key ? sealBytes(index, this.#key, nonceOfIndex(this.#key)) : index
    const head = Buffer.allocUnsafe(FRAME_HEAD)
    head.writeUInt32LE(NO_FRAME, 0)
    head.writeUInt32LE(crc32(payload), 4)
    const tail = Buffer.allocUnsafe(4)
    tail.writeUInt32LE(payload.length, 0)
    return Buffer.concat([head, payload, tail, INDEX_MAGIC])
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
      // Zeros are what a file system may leave of bytes that it did not write before the power went; their checksum fits.
      if (length === 0 || length > MAX_FRAME_BYTES) return
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

/**
 * Which persons a segment that was ended has entries of.
 * @returns null where it does not tell: it has no index, one that is torn or of another file, one whose key is not in the ring, or there is no such file;
 *   the frames tell, or why not
 */
export async function readPersonIndex(file: string, ring: KeyRing | null): Promise<PersonIndex | null> {
  try {
    const handle = await open(file, 'r')
    try {
      const { size } = await handle.stat()
      const tail = await readExactly(handle, size - INDEX_TAIL, INDEX_TAIL)
      if (!tail?.subarray(4).equals(INDEX_MAGIC)) return null
      const length = tail.readUInt32LE(0)
      const begin = size - INDEX_TAIL - length - FRAME_HEAD
      const found = length > MAX_FRAME_BYTES ? null : await readExactly(handle, begin, FRAME_HEAD + length)
      if (found === null || found.readUInt32LE(0) !== NO_FRAME) return null
      const payload = found.subarray(FRAME_HEAD)
      if (crc32(payload) !== found.readUInt32LE(4)) return null
      const start = await readBeginning(handle, file, ring)
      if (start === null || begin < start.at) return null
      const name = path.basename(file)
      return decodeIndex(start.key ? openBytes(payload, start.key, nonceOfIndex(start.key)) : payload, name, begin)
    } finally {
      await handle.close()
    }
  } catch {
    return null
  }
}

/** @returns null where the file has not so many bytes there */
async function readExactly(handle: FileHandle, at: number, length: number): Promise<Buffer | null> {
  if (at < 0) return null
  const bytes = Buffer.allocUnsafe(length)
  return (await handle.read(bytes, 0, length, at)).bytesRead === length ? bytes : null
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

/** Frames have nonces that are not those of a last chunk. */
const nonceOfIndex = ({ prefix }: DataKey) => chunkNonce(prefix, 0, true)

function sealBytes(bytes: Buffer, { key }: DataKey, nonce: Buffer): Buffer {
  const cipher = createCipheriv('aes-256-gcm', key, nonce)
  return Buffer.concat([cipher.update(bytes), cipher.final(), cipher.getAuthTag()])
}

function openBytes(sealed: Buffer, { key }: DataKey, nonce: Buffer): Buffer {
  const end = sealed.length - TAG_BYTES
  const decipher = createDecipheriv('aes-256-gcm', key, nonce, { authTagLength: TAG_BYTES })
  decipher.setAuthTag(sealed.subarray(end))
  return Buffer.concat([decipher.update(sealed.subarray(0, end)), decipher.final()])
}

function openFrame(payload: Buffer, key: DataKey, number: number, name: string): Buffer {
  try {
    return openBytes(payload, key, chunkNonce(key.prefix, number, false))
  } catch {
    throw new BellwetherError('BLOB_CORRUPT', `Frame ${number} of ${contextOf(name)} is not as it was written.`)
  }
}
