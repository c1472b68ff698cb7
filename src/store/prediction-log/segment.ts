import { open } from 'node:fs/promises'
import { promisify } from 'node:util'
import { crc32, zstdCompress, zstdDecompress } from 'node:zlib'

const compress = promisify(zstdCompress)
const decompress = promisify(zstdDecompress)

/*
 * A segment is a file that one process appends frames to:
 *
 *   "BWPL1\n"  then frames:  length of the payload (uint32, little-endian) | CRC-32 of it (uint32) | payload
 *
 * A payload is the zstd of JSON lines. What a crash left half-written has no valid checksum, and ends the segment for its readers; its writer
 * is gone, and the next one begins a file of its own.
 */
export const SEGMENT_MAGIC = Buffer.from('BWPL1\n', 'latin1')
const FRAME_HEAD = 8
const MAX_FRAME_BYTES = 256 * 1024 * 1024
const MAX_UNPACKED_BYTES = 1024 * 1024 * 1024

/** One frame around some JSON lines. */
export async function makeFrame(lines: string): Promise<Buffer> {
  const payload = await compress(Buffer.from(lines, 'utf8'))
  const frame = Buffer.allocUnsafe(FRAME_HEAD + payload.length)
  frame.writeUInt32LE(payload.length, 0)
  frame.writeUInt32LE(crc32(payload), 4)
  payload.copy(frame, FRAME_HEAD)
  return frame
}

/** The JSON lines of each whole frame, in order; ends where the file does or where a frame is torn. */
export async function* readFrames(file: string): AsyncGenerator<string[]> {
  const handle = await open(file, 'r')
  try {
    const head = Buffer.alloc(FRAME_HEAD)
    const magic = Buffer.alloc(SEGMENT_MAGIC.length)
    let at = (await handle.read(magic, 0, magic.length, 0)).bytesRead
    if (!magic.equals(SEGMENT_MAGIC)) return
    for (;;) {
      if ((await handle.read(head, 0, FRAME_HEAD, at)).bytesRead < FRAME_HEAD) return
      const length = head.readUInt32LE(0)
      if (length > MAX_FRAME_BYTES) return
      const payload = Buffer.allocUnsafe(length)
      if ((await handle.read(payload, 0, length, at + FRAME_HEAD)).bytesRead < length) return
      if (crc32(payload) !== head.readUInt32LE(4)) return
      at += FRAME_HEAD + length
      const text = (await decompress(payload, { maxOutputLength: MAX_UNPACKED_BYTES })).toString('utf8')
      yield text.split('\n').filter((line) => line !== '')
    }
  } finally {
    await handle.close()
  }
}
