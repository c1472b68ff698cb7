import http from 'node:http'
import https from 'node:https'
import type { LookupFunction } from 'node:net'
import { BellwetherError } from '../errors.ts'
import { VERSION } from '../version.ts'
import { checkedAddress, outboundError, parseUrl } from './outbound-http.ts'

export interface PostOptions {
  readonly body: string | Uint8Array
  readonly contentType: string
  /** For the whole exchange. */
  readonly timeoutMs: number
  /** Whether the operator allows addresses that are not public. */
  readonly allowPrivate: boolean
  readonly headers?: Readonly<Record<string, string>>
  readonly signal?: AbortSignal
}

/**
 * Sends a document over HTTP, by the rules of `outbound-http.ts`: the name is resolved once, the connection goes to exactly the address that was
 * checked. Redirects are not followed; what is answered is not read.
 * @returns the status
 * @throws URL_REFUSED, NETWORK_UNAVAILABLE, CANCELLED
 */
export async function post(address: string, options: PostOptions): Promise<number> {
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
    const body = Buffer.from(options.body)
    const headers = {
      ...options.headers,
      'content-type': options.contentType,
      'content-length': body.length,
      'user-agent': `bellwether/${VERSION}`,
    }
    return await new Promise<number>((resolve, reject) => {
      const send = url.protocol === 'https:' ? https.request : http.request
      const request = send(url, { method: 'POST', lookup, signal, agent: false, headers }, (response) => {
        response.resume()
        response.on('error', reject)
        response.on('end', () => resolve(response.statusCode ?? 0))
      })
      request.on('error', reject)
      request.end(body)
    })
  } catch (error) {
    const known = outboundError(error, address, options)
    // Its words are about fetching.
    if (known instanceof BellwetherError && known.code === 'DOWNLOAD_FAILED')
      throw new BellwetherError('NETWORK_UNAVAILABLE', 'The document could not be sent.', { cause: error })
    throw known
  }
}
