import type { Http2ServerRequest } from 'node:http2'
import type { FastifyInstance, FastifyRequest } from 'fastify'
import { BellwetherError } from '../errors.ts'

/** HTTP/2 stream error code: the stream is no longer wanted (RFC 9113, section 7). */
const CANCEL = 8

/**
 * Gives HTTP/2 what Node does for HTTP/1.1: a time for the whole request to arrive in, and one name of the host, whichever way
 * it was sent (RFC 9113, section 8.3.1).
 */
export function treatHttp2(app: FastifyInstance, requestTimeoutMs: number): void {
  app.addHook('onRequest', (request, _reply, done) => {
    if (!isHttp2(request)) return done()
    const authority = request.headers[':authority']
    if (typeof authority === 'string') {
      if (request.headers.host !== undefined && request.headers.host !== authority)
        return done(new BellwetherError('HOST_NOT_ALLOWED', 'Host and :authority are not the same.'))
      request.headers.host = authority
    }
    const raw = request.raw as unknown as Http2ServerRequest
    if (!raw.stream.endAfterHeaders) {
      const timer = setTimeout(() => raw.stream.close(CANCEL), requestTimeoutMs).unref()
      const arrived = () => clearTimeout(timer)
      raw.once('end', arrived)
      raw.once('close', arrived)
    }
    done()
  })
}

export function isHttp2(request: FastifyRequest): boolean {
  return request.raw.httpVersionMajor >= 2
}
