import type { FastifyInstance } from 'fastify'
import { routeLabel } from './metrics.ts'

declare module 'fastify' {
  interface FastifyRequest {
    /** What was scored, for the request's line in the log. */
    scored: {
      readonly model: string
      readonly version: number
      readonly records: number
      readonly failed: number
    } | null
    /** Code of the error that was answered. */
    errorCode: string | null
  }
}

/** One line for each request that was answered. */
export function logRequests(app: FastifyInstance): void {
  app.decorateRequest('scored', null)
  app.decorateRequest('errorCode', null)
  app.addHook('onResponse', (request, reply, done) => {
    const { statusCode } = reply
    const line = {
      method: request.method,
      route: routeLabel(request.routeOptions.url),
      status: statusCode,
      milliseconds: Math.round(reply.elapsedTime * 1000) / 1000,
      ...(request.errorCode === null ? {} : { code: request.errorCode }),
      ...(request.trace?.traceId === undefined ? {} : { trace: request.trace.traceId }),
      ...request.scored,
    }
    if (statusCode >= 500) request.log.warn(line, 'request failed')
    else request.log.info(line, 'request answered')
    done()
  })
}
