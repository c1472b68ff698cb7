import http from 'node:http'
import https from 'node:https'
import type { LookupFunction } from 'node:net'
import { VERSION } from '../version.ts'
import { checkedAddress, outboundError, parseUrl, retryAfterMs } from './outbound-http.ts'

export interface PostOptions {
  /** For the whole exchange. */
  readonly timeoutMs: number
  /** Whether the operator allows addresses that are not public. */
  readonly allowPrivate: boolean
  readonly headers: Readonly<Record<string, string>>
  readonly signal?: AbortSignal
}

export interface PostedAnswer {
  readonly status: number
  /** How long to wait where the answer says so, else 0. */
  readonly retryAfterMs: number
}

/**
 * Posts a body, by the rules of `fetchBytes`: to exactly the address that was checked. No redirect is followed, and no body of an answer is
 * read.
 * @throws URL_REFUSED, NETWORK_UNAVAILABLE, DOWNLOAD_FAILED, CANCELLED
 */
export async function postBytes(address: string, body: Uint8Array, options: PostOptions): Promise<PostedAnswer> {
  const timeout = AbortSignal.timeout(options.timeoutMs)
  const signal = options.signal ? AbortSignal.any([options.signal, timeout]) : timeout
  try {
    const url = parseUrl(address)
    const checked = await checkedAddress(url, options.allowPrivate)
    signal.throwIfAborted()
    const lookup: LookupFunction = (_, asked, done) => {
      if (asked.all) done(null, [checked])
      else done(null, checked.address, checked.family)
    }
    const headers = { ...options.headers, 'content-length': body.length, 'user-agent': `bellwether/${VERSION}` }
    return await new Promise<PostedAnswer>((fulfil, reject) => {
      const send = url.protocol === 'https:' ? https.request : http.request
      const request = send(url, { method: 'POST', lookup, signal, agent: false, headers }, (response) => {
        const { statusCode = 0, headers: answered } = response
        fulfil({ status: statusCode, retryAfterMs: retryAfterMs(answered['retry-after']) })
        // What it says is nobody's business here; a long answer is not waited for.
        response.destroy()
      })
      request.on('error', reject)
      request.end(body)
    })
  } catch (error) {
    throw outboundError(error, address, options)
  }
}
