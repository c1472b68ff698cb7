import { createHash } from 'node:crypto'
import { createReadStream } from 'node:fs'

/** DVC 2 reads files in pieces of this size, and makes the line ends of each by itself. */
const PIECE_BYTES = 1024 * 1024
const TEXT_PROBE_BYTES = 512

export interface DvcMd5 {
  /** Of the bytes as they are: DVC 3. */
  readonly md5: string
  /** Of a text with `\n` for `\r\n`, of everything else as it is: DVC 2. */
  readonly dos2unix: string
  readonly isText: boolean
  readonly sizeBytes: number
}

/** The MD5 of a file as DVC 2 and 3 take it. */
export async function dvcMd5(file: string): Promise<DvcMd5> {
  const plain = createHash('md5')
  const unix = createHash('md5')
  let isText: boolean | null = null
  let sizeBytes = 0
  for await (const piece of createReadStream(file, { highWaterMark: PIECE_BYTES }) as AsyncIterable<Buffer>) {
    isText ??= looksLikeText(piece.subarray(0, TEXT_PROBE_BYTES))
    sizeBytes += piece.length
    plain.update(piece)
    unix.update(isText ? withoutCarriageReturns(piece) : piece)
  }
  return { md5: plain.digest('hex'), dos2unix: unix.digest('hex'), isText: isText ?? true, sizeBytes }
}

/** As DVC decides: no zero byte, and at most 3 in 10 that are no printable ASCII or white space. */
function looksLikeText(block: Uint8Array): boolean {
  let others = 0
  for (const byte of block) {
    if (byte === 0) return false
    if (!((byte >= 32 && byte < 127) || byte === 8 || byte === 9 || byte === 10 || byte === 12 || byte === 13)) others++
  }
  return block.length === 0 || others / block.length <= 0.3
}

function withoutCarriageReturns(piece: Buffer): Uint8Array {
  if (!piece.includes('\r\n')) return piece
  const out = Buffer.allocUnsafe(piece.length)
  let length = 0
  for (let i = 0; i < piece.length; i++) if (!(piece[i] === 13 && piece[i + 1] === 10)) out[length++] = piece[i]!
  return out.subarray(0, length)
}
