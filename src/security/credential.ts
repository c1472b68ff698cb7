import { BellwetherError } from '../errors.ts'

/**
 * Reads what a request shows of itself: `Authorization: Bearer …`, `X-API-Key: …`, or `Authorization: Basic …` with the key as
 * the password (any user name) or as the user name (no password). Null where it shows nothing.
 * @param rawHeaders Names and values in turn, as they came: a second credential hides in them when the parsed ones keep the first.
 * @throws UNAUTHENTICATED for what is no credential, or more than one
 */
export function readCredential(
  headers: { readonly authorization?: string | undefined; readonly 'x-api-key'?: string | string[] | undefined },
  rawHeaders: readonly string[],
): string | null {
  const { authorization, 'x-api-key': apiKey } = headers
  if (authorization === undefined && apiKey === undefined) return null
  let given = 0
  for (let i = 0; i < rawHeaders.length; i += 2) {
    const { length } = rawHeaders[i]!
    if (length !== 13 && length !== 9) continue
    const name = rawHeaders[i]!.toLowerCase()
    if (name === 'authorization' || name === 'x-api-key') given++
  }
  if (given > 1 || (authorization !== undefined && apiKey !== undefined))
    throw new BellwetherError('UNAUTHENTICATED', 'The request carries more than one credential.')
  if (typeof apiKey === 'string') return apiKey.trim()
  const [, scheme = '', value = ''] = /^(\w+) +(\S+) *$/.exec(authorization ?? '') ?? []
  if (/^bearer$/i.test(scheme)) return value
  if (/^basic$/i.test(scheme)) {
    const text = Buffer.from(value, 'base64').toString('utf8')
    const at = text.indexOf(':')
    if (at !== -1) return text.slice(at + 1) || text.slice(0, at)
  }
  throw new BellwetherError(
    'UNAUTHENTICATED',
    'The Authorization header is neither Bearer nor Basic as they should be.',
  )
}
