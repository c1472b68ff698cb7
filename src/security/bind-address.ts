import { BellwetherError } from '../errors.ts'

/**
 * Refuses to listen where other machines could reach a server that has no authentication.
 * @param host What the operator asked to bind to: a name or an address.
 * @throws AUTH_REQUIRED_FOR_BIND for everything but loopback.
 */
export function assertBindAllowed(host: string, authentication: boolean): void {
  if (authentication || isLoopbackHost(host)) return
  throw new BellwetherError(
    'AUTH_REQUIRED_FOR_BIND',
    `Refused to bind to ${host}: other machines could reach it, and authentication is off.`,
  )
}

/** Whether a name or address can be reached from this machine only: 127.0.0.0/8, ::1, and `localhost` (RFC 6761). */
export function isLoopbackHost(host: string): boolean {
  const name = host.toLowerCase().replace(/^\[(.*)\]$/, '$1')
  if (name === 'localhost' || name === '::1' || name === '0:0:0:0:0:0:0:1') return true
  const octets = name.split('.')
  return (
    octets.length === 4 &&
    octets[0] === '127' &&
    octets.every((octet) => /^(0|[1-9]\d{0,2})$/.test(octet) && Number(octet) <= 255)
  )
}
