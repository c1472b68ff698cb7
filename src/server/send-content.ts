import { Readable } from 'node:stream'
import type { FastifyReply, FastifyRequest } from 'fastify'
import { BellwetherError } from '../errors.ts'
import type { BlobStore } from '../track/blob-store.ts'

/** Content that is named by its hash. */
export interface NamedContent {
  /** SHA-256, `sha256:<hex>`. */
  readonly hash: string
  readonly sizeBytes: number
  /** Of the file that a browser saves it as. */
  readonly name: string
  readonly mediaType: string
}

/** Where the bytes come from. */
export interface ContentSource {
  whole(): Promise<AsyncIterable<Uint8Array>>
  /** Bytes from `start` up to, not including, `end`; null where it can't be entered in its middle. */
  range(start: number, end: number): Promise<AsyncIterable<Uint8Array> | null>
}

/** Bytes `start` up to, not including, `end`. */
interface ByteRange {
  readonly start: number
  readonly end: number
}

/**
 * Sends content, or the one range of it that is asked for (RFC 9110, section 14), so that a download can go on where it broke off.
 * @throws RANGE_NOT_SATISFIABLE, and what the source throws
 */
export async function sendContent(
  request: FastifyRequest,
  reply: FastifyReply,
  { hash, sizeBytes, name, mediaType }: NamedContent,
  source: ContentSource,
): Promise<FastifyReply> {
  const tag = `"${hash.slice(hash.indexOf(':') + 1)}"`
  const range = askedRange(request, tag, sizeBytes, reply)
  const entered = range ? await source.range(range.start, range.end) : null
  const bytes = entered ?? (await source.whole())
  reply.headers({
    'content-type': mediaType,
    'content-length': range ? range.end - range.start : sizeBytes,
    'content-disposition': attachment(name),
    'x-content-type-options': 'nosniff',
    'accept-ranges': 'bytes',
    etag: tag,
  })
  if (range) reply.code(206).header('content-range', `bytes ${range.start}-${range.end - 1}/${sizeBytes}`)
  return reply.send(Readable.from(range && !entered ? slice(bytes, range) : bytes, { objectMode: false }))
}

/** A `Content-Disposition` that has a browser save the answer (RFC 6266). */
export function attachment(name: string): string {
  // A name of a file on this machine may be no text that can be encoded.
  const encoded = encodeURIComponent(name.toWellFormed()).replaceAll(
    /['()*]/g,
    (c) => `%${c.charCodeAt(0).toString(16)}`,
  )
  return `attachment; filename="${name.replaceAll(/[^\w. -]/g, '_')}"; filename*=UTF-8''${encoded}`
}

/** Null for the whole: several ranges, and other units than bytes, are not taken, as is anyone's right. */
function askedRange(request: FastifyRequest, tag: string, size: number, reply: FastifyReply): ByteRange | null {
  const asked = /^bytes=(\d{0,15})-(\d{0,15})$/.exec(request.headers.range ?? '')
  if (!asked || request.method !== 'GET') return null
  const [, first = '', last = ''] = asked
  if (first === '' && last === '') return null
  const condition = request.headers['if-range']
  if (condition !== undefined && condition !== tag) return null
  // Without a first byte it is so many from the end.
  const start = first === '' ? Math.max(0, size - Number(last)) : Number(first)
  const end = first === '' || last === '' ? size : Math.min(Number(last) + 1, size)
  if (first !== '' && last !== '' && Number(last) < Number(first)) return null
  if (start >= size || end <= start) {
    reply.header('content-range', `bytes */${size}`)
    throw new BellwetherError('RANGE_NOT_SATISFIABLE', `The file has ${size} bytes.`)
  }
  return { start, end }
}

async function* slice(bytes: AsyncIterable<Uint8Array>, { start, end }: ByteRange): AsyncGenerator<Uint8Array> {
  let at = 0
  for await (const piece of bytes) {
    const from = Math.max(0, start - at)
    const to = Math.min(piece.length, end - at)
    if (from < to) yield piece.subarray(from, to)
    at += piece.length
    if (at >= end) return
  }
}

/** The content of a blob. The whole is checked against its hash as it goes by; a range is not. */
export function contentOfBlob(blobs: Pick<BlobStore, 'getStream' | 'getRange'>, hash: string): ContentSource {
  return {
    whole: () => blobs.getStream(hash),
    range: async (start, end) => (await blobs.getRange?.(hash, start, end)) ?? null,
  }
}
