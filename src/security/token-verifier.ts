import type { JWTPayload, JWTVerifyGetKey } from 'jose'
import { z } from 'zod'
import { BellwetherError } from '../errors.ts'
import { hashApiKey } from './api-key.ts'
import { fetchBytes } from './outbound-http.ts'
import { ROLES, type Role } from './permissions.ts'
import type { Principal } from './principal.ts'

/** Signatures by key pairs only: with these, neither `none` nor a public key taken for a shared secret can pass. */
const ALGORITHMS = ['RS256', 'RS384', 'RS512', 'PS256', 'PS384', 'PS512', 'ES256', 'ES384', 'ES512', 'EdDSA'] as const

const RoleGrant = z.strictObject({
  role: z.enum(ROLES as [Role, ...Role[]]),
  models: z.array(z.string().min(1).max(200)).min(1).nullable().default(null).describe('Names or patterns; null: all.'),
  sensitive: z.boolean().default(false),
})

/** OAuth 2 bearer tokens: whose to trust, and what their bearers may do. */
export const TokenSettings = z.strictObject({
  issuer: z.url().describe('The identity provider; its `/.well-known/openid-configuration` is read.'),
  audience: z.string().min(1).describe('What the `aud` claim has to name: this server, as the provider knows it.'),
  algorithms: z.array(z.enum(ALGORITHMS)).min(1).default(['RS256', 'ES256', 'EdDSA']),
  clockSkewSeconds: z.int().min(0).max(300).default(30).describe('How far the two clocks may be apart.'),
  rolesClaim: z
    .string()
    .min(1)
    .default('roles')
    .describe('Claim that holds roles, groups or scopes: a list, or words between spaces. Dots lead into objects.'),
  roles: z
    .record(z.string(), z.union([z.enum(ROLES as [Role, ...Role[]]), RoleGrant]))
    .describe('What each value of the claim may do. A value that is not here grants nothing.'),
  allowPrivate: z.boolean().default(false).describe('Whether the provider may have an address that is not public.'),
})
export type TokenSettings = z.output<typeof TokenSettings>

export interface TokenVerifierOptions {
  readonly settings: TokenSettings
  readonly clock: () => number
  /** Time between two looks at the provider's keys, however many tokens name unknown ones. Default 30 s. */
  readonly jwksCooldownMs?: number
}

/** On the first token: a server without an identity provider starts without it. */
const loadJose = () => import('jose')

const MAX_TOKEN_LENGTH = 16_384
const DISCOVERY_RETRY_MS = 10_000
const CACHE_MS = 60_000
const MAX_CACHED = 1000

/**
 * Checks bearer tokens against a provider: signature by one of its published keys (looked up again when a token names a new one),
 * issuer, audience, times, algorithm. A token that passed is known for up to a minute, so that a busy client costs one check.
 * @see RFC 7519, RFC 8725 (best practices), OpenID Connect Discovery 1.0
 */
export class TokenVerifier {
  readonly #options: TokenVerifierOptions
  readonly #passed = new Map<string, { readonly principal: Principal; readonly until: number }>()
  #keys: Promise<JWTVerifyGetKey> | null = null
  #failedAt = Number.NEGATIVE_INFINITY

  constructor(options: TokenVerifierOptions) {
    this.#options = options
  }

  /** @throws UNAUTHENTICATED for a token that is no good, AUTH_UNAVAILABLE where the provider does not answer */
  async verify(token: string): Promise<Principal> {
    const { settings, clock } = this.#options
    if (token.length > MAX_TOKEN_LENGTH) throw notValid()
    const digest = hashApiKey(token)
    const known = this.#passed.get(digest)
    const now = clock()
    if (known && known.until > now) return known.principal
    const { errors, jwtVerify } = await loadJose()
    let payload: JWTPayload
    try {
      ;({ payload } = await jwtVerify(token, await this.#providerKeys(), {
        issuer: settings.issuer,
        audience: settings.audience,
        algorithms: settings.algorithms,
        clockTolerance: settings.clockSkewSeconds,
        requiredClaims: ['exp', 'sub'],
        currentDate: new Date(now),
      }))
    } catch (error) {
      if (error instanceof BellwetherError && error.code === 'AUTH_UNAVAILABLE') throw error
      if (error instanceof errors.JWKSTimeout || !(error instanceof errors.JOSEError)) throw unavailable(error)
      throw notValid(error)
    }
    const principal = this.#principalOf(payload)
    this.#passed.set(digest, { principal, until: Math.min(now + CACHE_MS, payload.exp! * 1000) })
    if (this.#passed.size > MAX_CACHED) this.#passed.delete(this.#passed.keys().next().value!)
    return principal
  }

  #providerKeys(): Promise<JWTVerifyGetKey> {
    const now = this.#options.clock()
    if (this.#keys === null) {
      if (now - this.#failedAt < DISCOVERY_RETRY_MS) throw unavailable()
      this.#keys = this.#discover().catch((error: unknown) => {
        this.#keys = null
        this.#failedAt = now
        throw unavailable(error)
      })
    }
    return this.#keys
  }

  async #discover(): Promise<JWTVerifyGetKey> {
    const { settings, jwksCooldownMs = 30_000 } = this.#options
    const limits = { maxBytes: 1 << 20, timeoutMs: 5000, allowPrivate: settings.allowPrivate }
    const place = `${settings.issuer.replace(/\/$/, '')}/.well-known/openid-configuration`
    const { bytes } = await fetchBytes(place, limits)
    const document = z
      .object({ issuer: z.literal(settings.issuer), jwks_uri: z.url() })
      .parse(JSON.parse(new TextDecoder().decode(bytes)))
    const { createRemoteJWKSet, customFetch } = await loadJose()
    return createRemoteJWKSet(new URL(document.jwks_uri), {
      cooldownDuration: jwksCooldownMs,
      [customFetch]: async (url: string) => {
        const answer = await fetchBytes(url, limits)
        return new Response(answer.bytes as Uint8Array<ArrayBuffer>, { status: 200 })
      },
    })
  }

  #principalOf(payload: JWTPayload): Principal {
    const { rolesClaim, roles } = this.#options.settings
    const granted = valuesOf(payload, rolesClaim)
      .filter((value) => Object.hasOwn(roles, value))
      .map((value) => roles[value]!)
      .map((grant) => (typeof grant === 'string' ? { role: grant, models: null, sensitive: false } : grant))
    return {
      actor: `oidc:${payload.sub!.slice(0, 200)}`,
      keyId: null,
      grants: granted.map(({ role, models }) => ({ role, models })),
      sensitive: granted.some(({ sensitive }) => sensitive),
      ratePerMinute: null,
      probabilities: null,
    }
  }
}

/** The texts of a claim: its list, or its words. */
function valuesOf(payload: JWTPayload, claim: string): string[] {
  let value: unknown = Object.hasOwn(payload, claim) ? payload[claim] : undefined
  if (value === undefined) {
    value = payload
    for (const part of claim.split('.')) {
      if (typeof value !== 'object' || value === null || !Object.hasOwn(value, part)) return []
      value = (value as Record<string, unknown>)[part]
    }
  }
  if (typeof value === 'string') return value.split(' ').filter(Boolean)
  return Array.isArray(value) ? value.filter((one) => typeof one === 'string') : []
}

/** One answer for every fault of a token; the cause is for the log. */
const notValid = (cause?: unknown) =>
  new BellwetherError('UNAUTHENTICATED', 'The API key or token is not valid.', cause === undefined ? {} : { cause })

const unavailable = (cause?: unknown) =>
  new BellwetherError(
    'AUTH_UNAVAILABLE',
    'The identity provider does not answer.',
    cause === undefined ? {} : { cause },
  )
