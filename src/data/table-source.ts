import path from 'node:path'
import { BellwetherError } from '../errors.ts'

/** Whether a table's place is an address and not a path. */
export function isAddress(source: string): boolean {
  return /^https?:\/\//i.test(source)
}

/**
 * Where a table is: an absolute path, or its http(s) address as it stands.
 * @param folder Where a relative path starts.
 * @throws URL_REFUSED for addresses of other schemes
 */
export function resolveSource(source: string, folder: string): string {
  if (isAddress(source)) return source
  const scheme = /^([a-z][a-z0-9+.-]*):\/\//i.exec(source)?.[1]
  if (scheme) {
    throw new BellwetherError(
      'URL_REFUSED',
      `Tables are not read from ${scheme}:// addresses; expected a path, or an https address.`,
    )
  }
  return path.resolve(folder, source)
}

/** What may be shown and kept of an address: no user, no password, no query, which often holds a token. */
export function publicAddress(address: string): string {
  const url = URL.canParse(address) ? new URL(address) : null
  return url ? `${url.origin}${url.pathname}` : 'address'
}
