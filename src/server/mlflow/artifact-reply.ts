import { Readable } from 'node:stream'
import type { FastifyReply, FastifyRequest } from 'fastify'
import { BellwetherError } from '../../errors.ts'
import type { BlobStore } from '../../track/blob-store.ts'
import type { StoredArtifact } from '../../track/mlflow-model.ts'

/** Bytes `start` up to, not including, `end`. */
interface ByteRange {
  readonly start: number
  readonly end: number
}

/**
 * Sends a file, or the one range of it that is asked for (RFC 9110, section 14), so that a download can go on where it broke off. The whole is checked
 * against its hash as it goes by; a range is not.
 * @throws RANGE_NOT_SATISFIABLE, BLOB_NOT_FOUND
 */
export async function sendArtifact(
  blobs: BlobStore,
  request: FastifyRequest,
  reply: FastifyReply,
  artifact: StoredArtifact,
): Promise<FastifyReply> {
  const { hash, sizeBytes, path } = artifact
  const name = path.split('/').at(-1)!
  const tag = `"${hash.slice(hash.indexOf(':') + 1)}"`
  const range = askedRange(request, tag, sizeBytes, reply)
  const entered = range ? await blobs.getRange?.(hash, range.start, range.end) : null
  const bytes = entered ?? (await blobs.getStream(hash))
  reply.headers({
    'content-type': artifact.mediaType,
    'content-length': range ? range.end - range.start : sizeBytes,
    'content-disposition': `attachment; filename="${name.replaceAll(/[^\w. -]/g, '_')}"; filename*=UTF-8''${encodeURIComponent(name)}`,
    'x-content-type-options': 'nosniff',
    'accept-ranges': 'bytes',
    etag: tag,
  })
  if (range) reply.code(206).header('content-range', `bytes ${range.start}-${range.end - 1}/${sizeBytes}`)
  return reply.send(Readable.from(range && !entered ? slice(bytes, range) : bytes, { objectMode: false }))
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
