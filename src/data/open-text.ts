import { isUtf8 } from 'node:buffer'
import { createReadStream } from 'node:fs'
import path from 'node:path'
import { pipeline } from 'node:stream'
import { createGunzip } from 'node:zlib'
import { BellwetherError } from '../errors.ts'
import type { ReadOptions } from './data-options.ts'
import { fileError } from './file-error.ts'

/** A text file as UTF-8, whatever its encoding and compression. */
export interface TextSource {
  /** Name for messages. */
  readonly name: string
  readonly file: string
  readonly encoding: NonNullable<ReadOptions['encoding']>
  readonly gzip: boolean
  readonly bom: boolean
  /** Whether the file's own bytes are UTF-8 text, so that DuckDB can read it in place. */
  readonly asIs: boolean
  /** The text's bytes in UTF-8 without a byte order mark, from the start; may be called again. @throws ENCODING_INVALID naming the line */
  chunks(): AsyncGenerator<Uint8Array>
}

/** @throws FILE_NOT_FOUND, FILE_UNREADABLE, FILE_EMPTY */
export async function openText(
  file: string,
  encoding: ReadOptions['encoding'],
  signal?: AbortSignal,
): Promise<TextSource> {
  const name = path.basename(file)
  const gzip = file.toLowerCase().endsWith('.gz')
  const head = await firstBytes(file, gzip)
  if (head.length === 0) throw new BellwetherError('FILE_EMPTY', `${name} is empty.`)
  const bom = bomOf(head)
  const actual = encoding ?? (bom?.encoding === 'utf-16' ? 'utf-16' : 'utf-8')
  return {
    name,
    file,
    encoding: actual,
    gzip,
    bom: bom !== null,
    asIs: actual === 'utf-8',
    chunks: () => decoded(file, gzip, actual, name, signal),
  }
}

function bomOf(head: Uint8Array): { encoding: 'utf-8' | 'utf-16'; bigEndian: boolean } | null {
  if (head[0] === 0xef && head[1] === 0xbb && head[2] === 0xbf) return { encoding: 'utf-8', bigEndian: false }
  if (head[0] === 0xff && head[1] === 0xfe) return { encoding: 'utf-16', bigEndian: false }
  if (head[0] === 0xfe && head[1] === 0xff) return { encoding: 'utf-16', bigEndian: true }
  return null
}

async function firstBytes(file: string, gzip: boolean): Promise<Uint8Array> {
  for await (const chunk of bytesOf(file, gzip)) return chunk
  return new Uint8Array()
}

async function* bytesOf(file: string, gzip: boolean, signal?: AbortSignal): AsyncGenerator<Buffer> {
  const stream = createReadStream(file, { highWaterMark: 1 << 20 })
  const gunzip = gzip ? createGunzip() : null
  if (gunzip) pipeline(stream, gunzip, () => {})
  try {
    for await (const chunk of (gunzip ?? stream) as AsyncIterable<Buffer>) {
      if (signal?.aborted) throw new BellwetherError('CANCELLED', `Reading ${path.basename(file)} was cancelled.`)
      yield chunk
    }
  } catch (error) {
    throw fileError(error, path.basename(file))
  } finally {
    stream.destroy()
    gunzip?.destroy()
  }
}

async function* decoded(
  file: string,
  gzip: boolean,
  encoding: TextSource['encoding'],
  name: string,
  signal?: AbortSignal,
): AsyncGenerator<Uint8Array> {
  if (encoding === 'utf-8') {
    yield* withoutBom(checked(bytesOf(file, gzip, signal), name))
    return
  }
  let decoder: InstanceType<typeof TextDecoder> | null = null
  let nLines = 1
  try {
    for await (const chunk of bytesOf(file, gzip, signal)) {
      decoder ??= decoderFor(encoding, chunk)
      const text = decoder.decode(chunk, { stream: true })
      for (let at = text.indexOf('\n'); at >= 0; at = text.indexOf('\n', at + 1)) nLines++
      if (text !== '') yield Buffer.from(text, 'utf8')
    }
    const rest = decoder?.decode() ?? ''
    if (rest !== '') yield Buffer.from(rest, 'utf8')
  } catch (error) {
    if (error instanceof TypeError)
      throw invalid(name, encoding, `at or soon after line ${nLines}`, `${name}:${nLines}`)
    throw error
  }
}

function decoderFor(encoding: TextSource['encoding'], head: Uint8Array): InstanceType<typeof TextDecoder> {
  const label = encoding === 'utf-16' ? (bomOf(head)?.bigEndian ? 'utf-16be' : 'utf-16le') : 'windows-1252'
  return new TextDecoder(label, { fatal: true })
}

async function* withoutBom(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  let first = true
  for await (const chunk of chunks) {
    yield first && bomOf(chunk)?.encoding === 'utf-8' ? chunk.subarray(3) : chunk
    first = false
  }
}

/** Passes the chunks on after checking that they are UTF-8; a character may lie across two chunks. */
async function* checked(chunks: AsyncIterable<Uint8Array>, name: string): AsyncGenerator<Uint8Array> {
  let line = 1
  let carry = Buffer.alloc(0)
  for await (const chunk of chunks) {
    const bytes =
      carry.length === 0 ? Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength) : Buffer.concat([carry, chunk])
    const end = bytes.length - cutTail(bytes)
    const whole = bytes.subarray(0, end)
    if (!isUtf8(whole)) throw firstInvalid(whole, line, name)
    carry = Buffer.from(bytes.subarray(end))
    for (let at = whole.indexOf(10); at >= 0; at = whole.indexOf(10, at + 1)) line++
    if (whole.length > 0) yield whole
  }
  if (carry.length > 0) throw firstInvalid(carry, line, name)
}

/** Bytes at the end that begin a character which the chunk does not finish, 0 to 3. */
function cutTail(bytes: Uint8Array): number {
  for (let back = 1; back <= Math.min(3, bytes.length); back++) {
    const byte = bytes[bytes.length - back]!
    if (byte < 0x80) return 0
    if (byte < 0xc0) continue
    const length = byte >= 0xf0 ? 4 : byte >= 0xe0 ? 3 : 2
    return length > back ? back : 0
  }
  return 0
}

function firstInvalid(bytes: Buffer, startLine: number, name: string): BellwetherError {
  let line = startLine
  let from = 0
  for (;;) {
    const at = bytes.indexOf(10, from)
    const end = at < 0 ? bytes.length : at + 1
    if (at < 0 || !isUtf8(bytes.subarray(from, end)))
      return invalid(name, 'utf-8', `in line ${line}`, `${name}:${line}`)
    from = end
    line++
  }
}

function invalid(name: string, encoding: string, where: string, path: string): BellwetherError {
  return new BellwetherError(
    'ENCODING_INVALID',
    `${name} is not valid ${encoding.toUpperCase()}: a broken character ${where}.`,
    {
      details: [{ path, message: `not valid ${encoding.toUpperCase()}` }],
    },
  )
}
