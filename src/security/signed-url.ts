import { createHmac, timingSafeEqual } from 'node:crypto'
import { BellwetherError } from '../errors.ts'

/** What an address lets its bearer do, until when. */
export interface SignedRight {
  readonly method: 'GET' | 'PUT'
  /** The one thing that the address is for. */
  readonly resource: string
  /** Seconds since 1970-01-01 UTC. */
  readonly expires: number
}

/** The query of an address that needs no key: whoever holds it may do this one thing until it expires. */
export function signedQuery(secret: string, right: SignedRight): string {
  return new URLSearchParams({
    expires: String(right.expires),
    signature: signatureOf(secret, right).toString('base64url'),
  }).toString()
}

/**
 * Checks what `signedQuery` made, in constant time.
 * @param now Milliseconds since 1970-01-01 UTC.
 * @throws SIGNED_URL_INVALID, SIGNED_URL_EXPIRED
 */
export function checkSignedQuery(
  secret: string,
  asked: Omit<SignedRight, 'expires'>,
  query: { readonly expires?: string | undefined; readonly signature?: string | undefined },
  now: number,
): void {
  const { expires = '', signature = '' } = query
  const right = { ...asked, expires: /^\d{1,12}$/.test(expires) ? Number(expires) : 0 }
  const given = Buffer.from(signature, 'base64url')
  const expected = signatureOf(secret, right)
  if (given.length !== expected.length || !timingSafeEqual(given, expected))
    throw new BellwetherError('SIGNED_URL_INVALID', 'The signature of this address is not valid for it.')
  if (right.expires * 1000 <= now) throw new BellwetherError('SIGNED_URL_EXPIRED', 'This address has expired.')
}

/** RFC 2104, over an unambiguous form of all that the address is for. */
function signatureOf(secret: string, { method, resource, expires }: SignedRight): Buffer {
  return createHmac('sha256', secret)
    .update(JSON.stringify(['bellwether-url-1', method, resource, expires]))
    .digest()
}
