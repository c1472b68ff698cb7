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
import { decodeIndex, type FramePlace, PersonFrames, type PersonIndex } from './person-index.ts'

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
 * A segment that was ended has, behind its frames, which persons they have entries of:
 *
 *   0xffffffff | CRC-32 of the index (uint32) | index (`person-index.ts`) | length of the index (uint32) | "BWPJ"
 *
 * To readers of frames, those of earlier versions too, a frame of that length is the end. The index is encrypted as a frame is, with a
 * nonce that no frame has. Where it is torn or there is none (or one of "BWPI", which knew no frames), the frames tell the same.
 */
const PLAIN_MAGIC = Buffer.from('BWPL1\n', 'latin1')
const SEALED_MAGIC = Buffer.from('BWPL2\n', 'latin1')
const TAG_BYTES = 16
const FRAME_HEAD = 8
const NO_FRAME = 0xffff_ffff
const INDEX_MAGIC = Buffer.from('BWPJ', 'latin1')
const INDEX_TAIL = 4 + INDEX_MAGIC.length
const MAX_FRAME_BYTES = 256 * 1024 * 1024
const MAX_UNPACKED_BYTES = 1024 * 1024 * 1024

/** Makes the bytes of a segment, in their order: the beginning, then frame by frame, and what ends it. They have to be written in that order. */
export class SegmentWriter {
  /** What the file begins with. */
  readonly beginning: Buffer
  /** What the ending tells. */
  readonly persons = new PersonFrames()
  readonly #name: string
  readonly #key: DataKey | null
  #numbers = 0
  #bytes: number

  /** @param name The file's name. @param ring What it is encrypted with; null for a plain one. */
  constructor(name: string, ring: KeyRing | null) {
    this.#name = name
    const made = ring ? makeDataKey(ring, contextOf(name)) : null
    this.beginning = made ? Buffer.concat([SEALED_MAGIC, made.head]) : PLAIN_MAGIC
    this.#key = made
    this.#bytes = this.beginning.length
  }

  /** Bytes of the file so far. */
  get bytes(): number {
    return this.#bytes
  }

  /** One frame around some JSON lines in UTF-8, which stay as they are until it is made. @param persons Marks of those that they are of. */
  async frame(lines: Uint8Array, persons: Iterable<number>): Promise<Buffer> {
    return this.packedFrame(await packer.pack(lines), persons)
  }

  /** One frame around what another frame holds. @param packed As `SegmentReader` gives it. */
  packedFrame(packed: Buffer, persons: Iterable<number>): Buffer {
    const number = this.#numbers++
    const payload = this.#key ? sealBytes(packed, this.#key, chunkNonce(this.#key.prefix, number, false)) : packed
    const frame = Buffer.allocUnsafe(FRAME_HEAD + payload.length)
    frame.writeUInt32LE(payload.length, 0)
    frame.writeUInt32LE(crc32(payload), 4)
    payload.copy(frame, FRAME_HEAD)
    this.persons.add(frame.length, persons)
    this.#bytes += frame.length
    return frame
  }

  /** What ends the file, after which nothing may be written. */
  ending(): Buffer {
    const index = this.persons.encode(this.#name, this.#bytes)
    const payload = this.#key ? sealBytes(index, this.#key, nonceOfIndex(this.#key)) : index
    const head = Buffer.allocUnsafe(FRAME_HEAD)
    head.writeUInt32LE(NO_FRAME, 0)
    head.writeUInt32LE(crc32(payload), 4)
    const tail = Buffer.allocUnsafe(4)
    tail.writeUInt32LE(payload.length, 0)
    return Buffer.concat([head, payload, tail, INDEX_MAGIC])
  }
}

/** What is in one frame, still packed. */
interface PackedFrame {
  readonly number: number
  readonly packed: Buffer
}

/** The JSON lines of a frame. */
export async function linesOf({ packed }: Pick<PackedFrame, 'packed'>): Promise<string[]> {
  const text = (await decompress(packed, { maxOutputLength: MAX_UNPACKED_BYTES })).toString('utf8')
  return text.split('\n').filter((line) => line !== '')
}

/** Reads one segment, as it was when it was opened, whatever takes its place meanwhile. */
export class SegmentReader {
  readonly #handle: FileHandle
  readonly #file: string
  readonly #ring: KeyRing | null
  #start: Promise<Start | null> | null = null

  private constructor(handle: FileHandle, file: string, ring: KeyRing | null) {
    this.#handle = handle
    this.#file = file
    this.#ring = ring
  }

  /** @throws the error of the operating system, such as ENOENT */
  static async open(file: string, ring: KeyRing | null): Promise<SegmentReader> {
    return new SegmentReader(await open(file, 'r'), file, ring)
  }

  close(): Promise<void> {
    return this.#handle.close()
  }

  /**
   * Each whole frame, in order; ends where the file does or where a frame is torn.
   * @param only As the index tells them; the others are not read.
   * @throws ENCRYPTION_KEY_MISSING for an encrypted one without its key; BLOB_CORRUPT for one that is not as it was written
   */
  async *frames(only: readonly FramePlace[] | null = null): AsyncGenerator<PackedFrame> {
    const start = await this.#beginning()
    if (start === null) return
    const name = path.basename(this.#file)
    if (only === null) {
      for (let number = 0, at = start.at; ; number++) {
        const payload = await this.#payload(at)
        if (payload === null) return
        at += FRAME_HEAD + payload.length
        yield { number, packed: start.key ? openFrame(payload, start.key, number, name) : payload }
      }
    }
    for (const { number, at } of only) {
      const payload = await this.#payload(start.at + at)
      if (payload === null) return
      yield { number, packed: start.key ? openFrame(payload, start.key, number, name) : payload }
    }
  }

  /** @returns null where no whole frame stands there */
  async #payload(at: number): Promise<Buffer | null> {
    const head = await readExactly(this.#handle, at, FRAME_HEAD)
    const length = head?.readUInt32LE(0) ?? 0
    // Zeros are what a file system may leave of bytes that it did not write before the power went; their checksum fits.
    if (head === null || length === 0 || length > MAX_FRAME_BYTES) return null
    const payload = await readExactly(this.#handle, at + FRAME_HEAD, length)
    return payload !== null && crc32(payload) === head.readUInt32LE(4) ? payload : null
  }

  /**
   * Which persons a segment that was ended has entries of.
   * @returns null where it does not tell: it has no index, one that is torn or of another file, or one whose key is not in the ring; the frames tell, or
   *   why not
   */
  async persons(): Promise<PersonIndex | null> {
    // While it is written it has none, and one whose writer was killed has perhaps a half one.
    if (this.#file.endsWith(OPEN_SUFFIX)) return null
    try {
      const { size } = await this.#handle.stat()
      const tail = await readExactly(this.#handle, size - INDEX_TAIL, INDEX_TAIL)
      if (!tail?.subarray(4).equals(INDEX_MAGIC)) return null
      const length = tail.readUInt32LE(0)
      const begin = size - INDEX_TAIL - length - FRAME_HEAD
      const found = length > MAX_FRAME_BYTES ? null : await readExactly(this.#handle, begin, FRAME_HEAD + length)
      if (found === null || found.readUInt32LE(0) !== NO_FRAME) return null
      const payload = found.subarray(FRAME_HEAD)
      if (crc32(payload) !== found.readUInt32LE(4)) return null
      const start = await this.#beginning()
      if (start === null || begin < start.at) return null
      const index = start.key ? openBytes(payload, start.key, nonceOfIndex(start.key)) : payload
      return decodeIndex(index, path.basename(this.#file), begin)
    } catch {
      return null
    }
  }

  #beginning(): Promise<Start | null> {
    this.#start ??= readBeginning(this.#handle, this.#file, this.#ring)
    return this.#start
  }
}

/** The JSON lines of each whole frame of a file, in order; ends and throws as `SegmentReader` does. */
export async function* readFrames(file: string, ring: KeyRing | null): AsyncGenerator<string[]> {
  const reader = await SegmentReader.open(file, ring)
  try {
    for await (const frame of reader.frames()) yield await linesOf(frame)
  } finally {
    await reader.close()
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

/** Where the first frame stands, and what opens the frames. */
interface Start {
  readonly at: number
  readonly key: DataKey | null
}

async function readBeginning(handle: FileHandle, file: string, ring: KeyRing | null): Promise<Start | null> {
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
