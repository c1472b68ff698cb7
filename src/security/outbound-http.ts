import { createHash } from 'node:crypto'
import { lookup as resolve } from 'node:dns/promises'
import { open } from 'node:fs/promises'
import http from 'node:http'
import https from 'node:https'
import { isIP, type LookupFunction } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { BellwetherError } from '../errors.ts'
import { VERSION } from '../version.ts'
import { isPublicAddress } from './private-address.ts'

export interface FetchOptions {
  /** Largest body that is taken, in bytes. */
  readonly maxBytes: number
  /** For the whole exchange, redirects included. */
  readonly timeoutMs: number
  /** Whether the operator allows addresses that are not public. */
  readonly allowPrivate: boolean
  readonly signal?: AbortSignal
  /** Sent to the address's own origin, not to where it redirects. */
  readonly headers?: Readonly<Record<string, string>>
  /** How often an answer of 429, 502, 503 or 504 is asked for again, after the time that it names. Default 0. */
  readonly retries?: number
}

export interface FetchedBytes {
  readonly bytes: Uint8Array
  /** Address that answered, after redirects. */
  readonly url: string
  readonly contentType: string | null
  /** The `Link` header. */
  readonly link: string | null
}

export interface FetchedFile extends Omit<FetchedBytes, 'bytes'> {
  /** Of what was written, hexadecimal. */
  readonly sha256: string
  readonly sizeBytes: number
}

/** Takes a body as it arrives. */
interface Sink<T> {
  write(part: Buffer): Promise<void> | void
  end(): Promise<T> | T
  /** The body broke off; nothing more comes. */
  abandon?(): Promise<void>
}

/** An answer that says "later". */
class TryLater extends Error {
  readonly waitMs: number
  constructor(message: string, waitMs: number) {
    super(message)
    this.waitMs = waitMs
  }
}

const MAX_REDIRECTS = 5

/** Failures that mean "no way to that host from here", as Node names them. */
const UNREACHABLE = new Set([
  'ENOTFOUND',
  'EAI_AGAIN',
  'EAI_NODATA',
  'EAI_FAIL',
  'ENETUNREACH',
  'EHOSTUNREACH',
  'ENETDOWN',
  'ECONNREFUSED',
  'ECONNRESET',
  'ETIMEDOUT',
  'EADDRNOTAVAIL',
])

/**
 * Gets a document over HTTP. The one way out of this program: the name is resolved once, the connection goes to exactly the
 * address that was checked, and each redirect is checked anew. No cookies, no credentials, no proxy.
 * @throws URL_REFUSED for other schemes, user names in the address, addresses that are not public, too many redirects or a
 *   redirect from https to http; NETWORK_UNAVAILABLE where the host can't be reached; DOWNLOAD_FAILED for another status than
 *   200 or a broken answer; DOWNLOAD_TOO_LARGE; CANCELLED
 */
export async function fetchBytes(url: string, options: FetchOptions): Promise<FetchedBytes> {
  const { end, ...facts } = await fetchInto(url, options, () => {
    const parts: Buffer[] = []
    return {
      write: (part) => {
        parts.push(part)
      },
      end: () => new Uint8Array(Buffer.concat(parts)),
    }
  })
  return { ...facts, bytes: end }
}

/** As `fetchBytes`, into a file (made new, for this user alone) in constant memory. The file is left where fetching fails: the caller removes its folder. */
export async function fetchToFile(url: string, file: string, options: FetchOptions): Promise<FetchedFile> {
  const { end, ...facts } = await fetchInto(url, options, async () => {
    const output = await open(file, 'w', 0o600)
    const hash = createHash('sha256')
    let sizeBytes = 0
    return {
      write: async (part) => {
        hash.update(part)
        sizeBytes += part.length
        await output.writeFile(part)
      },
      abandon: () => output.close(),
      end: async () => {
        await output.close()
        return { sha256: hash.digest('hex'), sizeBytes }
      },
    }
  })
  return { ...facts, ...end }
}

async function fetchInto<T>(
  url: string,
  options: FetchOptions,
  makeSink: () => Promise<Sink<T>> | Sink<T>,
): Promise<Omit<FetchedBytes, 'bytes'> & { end: T }> {
  for (let retry = 0; ; retry++) {
    try {
      return await followRedirects(url, options, makeSink)
    } catch (error) {
      if (!(error instanceof TryLater)) throw error
      if (retry >= (options.retries ?? 0)) throw new BellwetherError('DOWNLOAD_FAILED', error.message)
      await sleep(Math.max(error.waitMs, 250 * 2 ** retry), undefined, { signal: options.signal }).catch(() => {
        throw new BellwetherError('CANCELLED', 'Fetching was cancelled.')
      })
    }
  }
}

async function followRedirects<T>(
  url: string,
  options: FetchOptions,
  makeSink: () => Promise<Sink<T>> | Sink<T>,
): Promise<Omit<FetchedBytes, 'bytes'> & { end: T }> {
  const timeout = AbortSignal.timeout(options.timeoutMs)
  const signal = options.signal ? AbortSignal.any([options.signal, timeout]) : timeout
  try {
    let target = parseUrl(url)
    const { origin } = target
    for (let redirects = 0; redirects <= MAX_REDIRECTS; redirects++) {
      const headers = target.origin === origin ? options.headers : undefined
      const answer = await getOnce(
        target,
        { ...options, ...(headers ? { headers } : { headers: {} }) },
        signal,
        makeSink,
      )
      if (!('location' in answer)) return answer
      const next = parseUrl(new URL(answer.location, target).href)
      if (target.protocol === 'https:' && next.protocol === 'http:') {
        throw new BellwetherError('URL_REFUSED', `${target.host} redirects from https to http, which is not followed.`)
      }
      target = next
    }
    throw new BellwetherError('URL_REFUSED', `${target.host} redirects more than ${MAX_REDIRECTS} times.`)
  } catch (error) {
    if (error instanceof TryLater) throw error
    throw outboundError(error, url, options)
  }
}

export function parseUrl(text: string): URL {
  const url = URL.canParse(text) ? new URL(text) : null
  if (!url) throw new BellwetherError('URL_REFUSED', 'The address is not a URL.')
  if (url.protocol !== 'http:' && url.protocol !== 'https:') {
    throw new BellwetherError(
      'URL_REFUSED',
      `Addresses with ${url.protocol} are not fetched; expected https: or http:.`,
    )
  }
  if (url.username !== '' || url.password !== '') {
    throw new BellwetherError(
      'URL_REFUSED',
      `The address of ${url.host} holds a user name or password; these are not sent.`,
    )
  }
  return url
}

/** The address to connect to; for this module and `outbound-post.ts` alone. All addresses of the name must be public, so that a name can't hide a private one. */
export async function checkedAddress(url: URL, allowPrivate: boolean): Promise<{ address: string; family: number }> {
  const host = url.hostname.replace(/^\[|\]$/g, '')
  const addresses = isIP(host) === 0 ? await resolve(host, { all: true }) : [{ address: host, family: isIP(host) }]
  const refused = addresses.find(({ address }) => !isPublicAddress(address))
  if (refused && !allowPrivate) {
    throw new BellwetherError(
      'URL_REFUSED',
      `${url.host} is the address of a private or reserved network, which is not fetched from.`,
    )
  }
  return addresses[0]!
}

async function getOnce<T>(
  url: URL,
  options: FetchOptions,
  signal: AbortSignal,
  makeSink: () => Promise<Sink<T>> | Sink<T>,
): Promise<(Omit<FetchedBytes, 'bytes'> & { end: T }) | { location: string }> {
  const address = await checkedAddress(url, options.allowPrivate)
  signal.throwIfAborted()
  const lookup: LookupFunction = (_, asked, done) => {
    if (asked.all) done(null, [address])
    else done(null, address.address, address.family)
  }
  return new Promise((fulfil, reject) => {
    const get = url.protocol === 'https:' ? https.get : http.get
    const headers = {
      accept: '*/*',
      ...options.headers,
      'user-agent': `bellwether/${VERSION}`,
      'accept-encoding': 'identity',
    }
    const request = get(url, { lookup, signal, agent: false, headers }, (response) => {
      receive(url, response, options, makeSink).then(fulfil, (error: unknown) => {
        request.destroy()
        reject(error)
      })
    })
    request.on('error', reject)
  })
}

async function receive<T>(
  url: URL,
  response: http.IncomingMessage,
  { maxBytes }: FetchOptions,
  makeSink: () => Promise<Sink<T>> | Sink<T>,
): Promise<(Omit<FetchedBytes, 'bytes'> & { end: T }) | { location: string }> {
  const status = response.statusCode ?? 0
  const { location } = response.headers
  if (status >= 300 && status < 400 && location !== undefined) {
    response.resume()
    if (!URL.canParse(location, url.href))
      throw new BellwetherError('DOWNLOAD_FAILED', `${url.host} redirects to what is no address.`)
    return { location }
  }
  if (LATER.has(status)) {
    response.resume()
    throw new TryLater(
      `${url.host} answered with status ${status}; expected 200.`,
      retryAfterMs(response.headers['retry-after']),
    )
  }
  if (status !== 200)
    throw new BellwetherError('DOWNLOAD_FAILED', `${url.host} answered with status ${status}; expected 200.`)
  const tooLarge = () =>
    new BellwetherError('DOWNLOAD_TOO_LARGE', `The document of ${url.host} is larger than ${maxBytes} bytes.`)
  if (Number(response.headers['content-length']) > maxBytes) throw tooLarge()
  const sink = await makeSink()
  try {
    let length = 0
    for await (const part of response as AsyncIterable<Buffer>) {
      length += part.length
      if (length > maxBytes) throw tooLarge()
      await sink.write(part)
    }
    if (!response.complete) throw new BellwetherError('DOWNLOAD_FAILED', `${url.host} broke off after ${length} bytes.`)
  } catch (error) {
    await sink.abandon?.()
    throw error
  }
  const link = response.headers['link']
  return {
    end: await sink.end(),
    url: url.href,
    contentType: response.headers['content-type'] ?? null,
    link: Array.isArray(link) ? link.join(', ') : (link ?? null),
  }
}

const LATER: ReadonlySet<number> = new Set([429, 502, 503, 504])
const LONGEST_WAIT_MS = 30_000

/** Seconds or a date (RFC 9110, 10.2.3); at most half a minute. */
export function retryAfterMs(header: string | undefined): number {
  if (header === undefined) return 0
  const ms = /^\d{1,9}$/.test(header.trim()) ? Number(header) * 1000 : Date.parse(header) - Date.now()
  return Number.isFinite(ms) ? Math.min(Math.max(ms, 0), LONGEST_WAIT_MS) : 0
}

export function outboundError(
  error: unknown,
  url: string,
  options: Pick<FetchOptions, 'signal' | 'timeoutMs'>,
): unknown {
  if (error instanceof BellwetherError) return error
  const host = URL.canParse(url) ? new URL(url).host : 'the host'
  if (options.signal?.aborted) return new BellwetherError('CANCELLED', `Fetching from ${host} was cancelled.`)
  const code = error instanceof Error && 'code' in error ? String(error.code) : ''
  const name = error instanceof Error ? error.name : ''
  if (name === 'TimeoutError' || name === 'AbortError') {
    return new BellwetherError(
      'NETWORK_UNAVAILABLE',
      `${host} did not answer in full within ${options.timeoutMs} ms.`,
      { cause: error },
    )
  }
  if (UNREACHABLE.has(code)) {
    return new BellwetherError('NETWORK_UNAVAILABLE', `${host} can't be reached from this machine (${code}).`, {
      cause: error,
    })
  }
  return new BellwetherError('DOWNLOAD_FAILED', `Fetching from ${host} failed${code === '' ? '' : ` (${code})`}.`, {
    cause: error,
  })
}
