import type { FastifyInstance, FastifyReply } from 'fastify'
import { BellwetherError } from '../errors.ts'
import { createHostCheck } from '../security/host-check.ts'
import { isSameOrigin } from '../security/origin-check.ts'

/** For answers that are data: nothing in them may run or load anything, wherever they are shown. */
const DATA_POLICY = "default-src 'none'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'"

/** For our own pages: scripts and data from this server only. Charts set styles on their elements. */
export const PAGE_POLICY =
  "default-src 'self'; img-src 'self' data:; style-src 'self' 'unsafe-inline'; object-src 'none'; frame-ancestors 'none'; base-uri 'none'; form-action 'self'"

/** For pictures and documents that a run left behind: shown, but never run, not even from this server. */
export const ARTIFACT_POLICY =
  "default-src 'none'; style-src 'unsafe-inline'; img-src data:; sandbox; frame-ancestors 'self'; base-uri 'none'; form-action 'none'"

const SAFE_METHODS = new Set(['GET', 'HEAD'])

export interface SecurityOptions {
  readonly bindHost: string
  readonly port: () => number | null
  readonly allowedHosts: readonly string[]
  /** Whether connections are encrypted. */
  readonly tls: boolean
}

/** Headers on every answer, and the checks that come before every handler. There are no CORS headers at all: no page elsewhere may read an answer. */
export function addSecurityHooks(app: FastifyInstance, options: SecurityOptions): void {
  const isAllowedHost = createHostCheck({ ...options, defaultPort: options.tls ? 443 : 80 })
  app.addHook('onRequest', (request, reply, done) => {
    setSecurityHeaders(reply, request.id)
    // Not of `localhost`: browsers would refuse every other program's plain port there for a year.
    if (options.tls && !/^localhost(?::|$)/i.test(request.headers.host ?? ''))
      reply.header('strict-transport-security', 'max-age=31536000')
    // Node takes the first of several; what stands before this server may take the last (RFC 9112, section 3.2).
    if (!isAllowedHost(request.headers.host) || hasTwoHosts(request.raw.rawHeaders)) {
      return done(
        new BellwetherError('HOST_NOT_ALLOWED', 'The Host header names no host that this server answers for.'),
      )
    }
    if (!SAFE_METHODS.has(request.method) && !isSameOrigin(headersOf(request.headers))) {
      return done(new BellwetherError('ORIGIN_NOT_ALLOWED', 'The request comes from a page of another origin.'))
    }
    done()
  })
}

/** @param rawHeaders Names and values in turn. */
function hasTwoHosts(rawHeaders: readonly string[]): boolean {
  let hosts = 0
  for (let i = 0; i < rawHeaders.length; i += 2) {
    const name = rawHeaders[i]!
    if (name.length === 4 && name.toLowerCase() === 'host') hosts++
  }
  return hosts > 1
}

export function setSecurityHeaders(reply: FastifyReply, requestId: string): void {
  reply.headers({
    'x-request-id': requestId,
    'x-content-type-options': 'nosniff',
    'x-frame-options': 'DENY',
    'referrer-policy': 'no-referrer',
    'content-security-policy': DATA_POLICY,
    'cross-origin-resource-policy': 'same-origin',
    'cross-origin-opener-policy': 'same-origin',
    'permissions-policy': 'camera=(), geolocation=(), microphone=()',
    'cache-control': 'no-store',
  })
}

function headersOf(headers: Record<string, string | string[] | undefined>): {
  origin?: string
  host?: string
  'sec-fetch-site'?: string
} {
  const one = (name: string) => {
    const value = headers[name]
    return Array.isArray(value) ? value.join(',') : value
  }
  const [origin, host, site] = [one('origin'), one('host'), one('sec-fetch-site')]
  return {
    ...(origin === undefined ? {} : { origin }),
    ...(host === undefined ? {} : { host }),
    ...(site === undefined ? {} : { 'sec-fetch-site': site }),
  }
}
