import type { Http2ServerRequest, ServerHttp2Stream } from 'node:http2'
import type { FastifyInstance, FastifyRequest } from 'fastify'
import { BellwetherError } from '../errors.ts'

/** Gives HTTP/2 requests one name of the host, whichever way it was sent (RFC 9113, section 8.3.1). */
export function treatHttp2(app: FastifyInstance): void {
  app.addHook('onRequest', (request, _reply, done) => {
    if (!isHttp2(request)) return done()
    const authority = request.headers[':authority']
    if (typeof authority === 'string') {
      if (request.headers.host !== undefined && request.headers.host !== authority)
        return done(new BellwetherError('HOST_NOT_ALLOWED', 'Host and :authority are not the same.'))
      request.headers.host = authority
    }
    done()
  })
}

export function isHttp2(request: FastifyRequest): boolean {
  return request.raw.httpVersionMajor >= 2
}

/** The stream of a request that came over HTTP/2. */
export function streamOf(request: FastifyRequest): ServerHttp2Stream {
  return (request.raw as unknown as Http2ServerRequest).stream
}
