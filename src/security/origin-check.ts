import { parseHostHeader } from './host-check.ts'

/**
 * Whether a request that changes something may come from where the browser says it comes from. Programs send no Origin and
 * pass; a page passes only when it was served from the very host and port that it calls. `Origin: null` (a sandboxed frame, a
 * local file) does not pass.
 */
export function isSameOrigin(headers: {
  readonly origin?: string
  readonly host?: string
  readonly 'sec-fetch-site'?: string
}): boolean {
  const site = headers['sec-fetch-site']
  if (site !== undefined && site !== 'same-origin' && site !== 'none') return false
  if (headers.origin === undefined) return true
  const origin = /^https?:\/\/(.+)$/i.exec(headers.origin)
  if (!origin || headers.host === undefined) return false
  const from = parseHostHeader(origin[1]!)
  const to = parseHostHeader(headers.host)
  const standardPort = headers.origin.toLowerCase().startsWith('https:') ? 443 : 80
  return (
    from !== null && to !== null && from.host === to.host && (from.port ?? standardPort) === (to.port ?? standardPort)
  )
}
