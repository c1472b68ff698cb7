import { BellwetherError } from '../errors.ts'

/** A host name or address in lower case (IPv6 in brackets) with its port, where one was written. */
export interface HostPort {
  readonly host: string
  readonly port: number | null
}

export interface HostCheckOptions {
  /** The host that the server was told to bind to. */
  readonly bindHost: string
  /** The port that it is bound to; null as long as it is not bound (a request injected by a test). */
  readonly port: () => number | null
  /** The port where a header writes none: 443 with TLS. Default 80. */
  readonly defaultPort?: number
  /** Names that the operator allows besides: `name`, at any port, or `name:port`. */
  readonly allowedHosts: readonly string[]
}

/**
 * Reads a Host header (RFC 9110, section 7.2).
 * @returns null for what is not one: spaces, user names, paths, a port out of range.
 */
export function parseHostHeader(header: string): HostPort | null {
  const match = /^(\[[0-9a-f:.]+\]|[a-z0-9](?:[a-z0-9._-]*[a-z0-9_])?)(?::(\d{1,5}))?$/i.exec(header)
  if (!match) return null
  const port = match[2] === undefined ? null : Number(match[2])
  if (port !== null && port > 65_535) return null
  return { host: match[1]!.toLowerCase(), port }
}

/**
 * Makes the check of the Host header. A page elsewhere can point its own name at 127.0.0.1 (DNS rebinding); the browser then
 * sends that name here, and it is on no list.
 * @returns a function that tells whether a header is allowed
 * @throws USAGE when an allowed host is not a host.
 */
export function createHostCheck(options: HostCheckOptions): (header: string | undefined) => boolean {
  const allowed = options.allowedHosts.map((text) => {
    const parsed = parseHostHeader(text)
    if (!parsed)
      throw new BellwetherError(
        'USAGE',
        `--allowed-host needs a name or name:port, such as "bellwether.example.org"; got "${text}".`,
      )
    return parsed
  })
  const standard = options.defaultPort ?? 80
  const own = new Set(['localhost', '127.0.0.1', '[::1]'])
  const bound = parseHostHeader(
    options.bindHost.includes(':') && !options.bindHost.startsWith('[') ? `[${options.bindHost}]` : options.bindHost,
  )
  if (bound && bound.host !== '0.0.0.0' && bound.host !== '[::]') own.add(bound.host)

  return (header) => {
    const asked = header === undefined ? null : parseHostHeader(header)
    if (!asked) return false
    if (own.has(asked.host)) {
      const port = options.port()
      if (port === null || (asked.port ?? standard) === port) return true
    }
    return allowed.some(
      (entry) => entry.host === asked.host && (entry.port === null || entry.port === (asked.port ?? standard)),
    )
  }
}
