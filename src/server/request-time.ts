import { Socket } from 'node:net'
import { Transform } from 'node:stream'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { BellwetherError } from '../errors.ts'
import { answerClientError } from './client-error.ts'
import { isHttp2, streamOf } from './http2-requests.ts'

declare module 'fastify' {
  interface FastifyContextConfig {
    /** Takes a body of any size: rather than be whole in time, it has to keep coming. The handler reads it as a stream. */
    upload?: boolean
  }
}

export interface RequestTimeLimits {
  /** Time for a whole request to arrive in. */
  readonly requestTimeoutMs: number
  /** An upload is given up when in so much time fewer bytes came than `uploadBytesPerSecond` of it makes. */
  readonly uploadIdleMs: number
  readonly uploadBytesPerSecond: number
}

/** HTTP/2 stream error code: the stream is no longer wanted (RFC 9113, section 7). */
const CANCEL = 8

/**
 * Gives up requests that do not arrive: any but an upload has to be whole in time, and an upload has to keep coming. Node has one time for all
 * requests of a server, so it is left without. An upload is treated as one only once it is known who sends it, and that he may.
 * Add it before other hooks. @param onLate Told of what was answered.
 * @returns begins the time of a request that reaches no hook
 */
export function limitRequestTime(
  app: FastifyInstance,
  limits: RequestTimeLimits,
  onLate: (answered: BellwetherError) => void,
): (request: FastifyRequest, reply: FastifyReply) => void {
  const timers = new WeakMap<object, NodeJS.Timeout>()

  const giveUp = (request: FastifyRequest, reply: FastifyReply) => {
    if (isHttp2(request)) return streamOf(request).close(CANCEL)
    const { socket } = request.raw
    // A request that a test injects has no connection to end.
    if (!(socket instanceof Socket)) return
    if (reply.raw.headersSent) return void socket.destroy()
    const answered = answerClientError(
      Object.assign(new Error('late'), { code: 'ERR_HTTP_REQUEST_TIMEOUT' as const }),
      socket,
    )
    if (answered) onLate(answered)
  }

  const begin = (request: FastifyRequest, reply: FastifyReply) => {
    const { raw } = request
    if (!hasBody(request)) return
    const look = () => {
      if (hasArrived(request)) return
      // What waits to be read is not the client's delay.
      if (raw.readableLength > 0) start(look)
      else giveUp(request, reply)
    }
    const start = (then: () => void) => timers.set(raw, setTimeout(then, limits.requestTimeoutMs).unref())
    start(look)
    raw.once('close', () => clearTimeout(timers.get(raw)))
  }

  app.addHook('onRequest', (request, reply, done) => {
    begin(request, reply)
    done()
  })
  app.addHook('preParsing', (request, reply, payload, done) => {
    if (request.routeOptions.config.upload !== true || !timers.has(request.raw)) return done()
    clearTimeout(timers.get(request.raw))
    const { raw } = request
    let came = 0
    let before = 0
    const least = Math.max(1, (limits.uploadBytesPerSecond * limits.uploadIdleMs) / 1000)
    const counted = new Transform({
      transform(chunk: Buffer, _encoding, next) {
        came += chunk.length
        next(null, chunk)
      },
    })
    const timer = setInterval(() => {
      if (hasArrived(request)) return clearInterval(timer)
      const waits = raw.readableLength > 0 || counted.writableLength > 0 || counted.readableLength > 0
      if (came - before < least && !waits) {
        clearInterval(timer)
        giveUp(request, reply)
      }
      before = came
    }, limits.uploadIdleMs).unref()
    raw.once('close', () => clearInterval(timer))
    // A client that goes away ends the reader with it.
    payload.once('close', () => {
      if (!payload.readableEnded)
        counted.destroy(new BellwetherError('MALFORMED_REQUEST', 'The body ended before it was whole.'))
    })
    // What still comes of an upload that was refused is let go by: the connection could serve nothing else before.
    counted.once('close', () => {
      payload.unpipe(counted)
      payload.resume()
    })
    done(null, payload.pipe(counted))
  })
  return begin
}

function hasBody(request: FastifyRequest): boolean {
  if (isHttp2(request)) return !streamOf(request).endAfterHeaders
  const { headers } = request.raw
  return (
    headers['transfer-encoding'] !== undefined ||
    (headers['content-length'] !== undefined && headers['content-length'] !== '0')
  )
}

/** Whether the whole body came, or the client is gone. */
function hasArrived({ raw }: FastifyRequest): boolean {
  return raw.complete || raw.destroyed
}
