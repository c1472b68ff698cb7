import type { ServerResponse } from 'node:http'
import type { Http2ServerResponse } from 'node:http2'
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
    // What still comes of an upload that was refused is let go by: the connection could serve nothing else before, and who sends all of it first would wait.
    const letGoBy = () => {
      payload.unpipe(counted)
      payload.resume()
    }
    counted.once('close', letGoBy)
    reply.raw.once('finish', letGoBy)
    done(null, payload.pipe(counted))
  })
  endUnread(app, limits)
  return begin
}

/**
 * Ends connections whose client reads nothing of its answers: each holds memory, and a place among the requests in flight, for as long as it likes.
 * Looked at each `requestTimeoutMs`; who has read nothing from one look to the next but one is gone. What a handler still works on is not the client's
 * delay.
 */
function endUnread(app: FastifyInstance, { requestTimeoutMs }: RequestTimeLimits): void {
  const answering = new Map<ServerResponse, { readonly left: number; looks: number }>()
  app.addHook('onRequest', (_request, reply, done) => {
    const { raw } = reply
    answering.set(raw, { left: 0, looks: 0 })
    raw.once('close', () => answering.delete(raw))
    done()
  })
  const look = () => {
    for (const [raw, before] of answering) {
      const left = unsent(raw)
      const stuck = left > 0 && left === before.left
      if (stuck && before.looks > 0) end(raw)
      else answering.set(raw, { left, looks: stuck ? before.looks + 1 : 0 })
    }
  }
  const timer = setInterval(look, requestTimeoutMs).unref()
  app.addHook('onClose', async () => clearInterval(timer))
}

/** Bytes of an answer that nobody has taken yet, those before it on the same connection included; 0 where nothing is known. */
function unsent(raw: ServerResponse): number {
  if (!raw.headersSent) return 0
  const { req } = raw
  if (req?.httpVersionMajor >= 2) return (raw as unknown as Http2ServerResponse).stream?.writableLength ?? 0
  const socket: (Partial<Socket> & { readonly _handle?: { readonly writeQueueSize?: number } | null }) | null =
    req?.socket ?? null
  // What the system has not taken is counted by the handle; the stream counts a piece until the whole of it went.
  return raw.writableLength + (socket?.writableLength ?? 0) + (socket?._handle?.writeQueueSize ?? 0)
}

function end(raw: ServerResponse): void {
  if (raw.req?.httpVersionMajor >= 2) (raw as unknown as Http2ServerResponse).stream?.close(CANCEL)
  else raw.req?.socket?.destroy()
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
