import type { FastifyReply, FastifyRequest } from 'fastify'
import { BellwetherError } from '../errors.ts'
import type { Principal } from '../security/principal.ts'
import { TokenBuckets } from '../security/token-bucket.ts'

export interface RateLimitOptions {
  /** Requests a minute of each address without a key; null: any number. */
  readonly addressPerMinute: number | null
  /** Requests a minute of each key or token that says nothing else; null: any number. */
  readonly callerPerMinute: number | null
  readonly clock: () => number
}

/** Who is counted as one: a key or token, else an address; and the rate that he has, null for any number. */
export function callerOf(
  request: FastifyRequest,
  principal: Principal | null,
  { addressPerMinute, callerPerMinute }: Pick<RateLimitOptions, 'addressPerMinute' | 'callerPerMinute'>,
): { readonly name: string; readonly ratePerMinute: number | null } {
  return principal !== null && principal.actor !== 'api:loopback'
    ? { name: principal.actor, ratePerMinute: principal.ratePerMinute ?? callerPerMinute }
    : { name: `address:${request.ip}`, ratePerMinute: addressPerMinute }
}

/**
 * Makes the check of rates: by key or token where there is one, else by address. It sets `RateLimit-Limit`, `-Remaining` and
 * `-Reset` where a rate holds (draft-ietf-httpapi-ratelimit-headers-06), and does nothing where none does.
 * @throws RATE_LIMITED, from the check
 */
export function createRateLimit(options: RateLimitOptions) {
  const { clock } = options
  const buckets = new TokenBuckets()
  return (request: FastifyRequest, reply: FastifyReply, principal: Principal | null): void => {
    const { name, ratePerMinute: rate } = callerOf(request, principal, options)
    if (rate === null) return
    const { allowed, remaining, waitSeconds, fullSeconds } = buckets.take(name, rate, clock())
    reply.headers({ 'ratelimit-limit': rate, 'ratelimit-remaining': remaining, 'ratelimit-reset': fullSeconds })
    if (allowed) return
    reply.header('retry-after', waitSeconds)
    throw new BellwetherError('RATE_LIMITED', `More than ${rate} requests a minute; wait ${waitSeconds} s.`)
  }
}
