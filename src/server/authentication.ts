import type { FastifyReply, FastifyRequest } from 'fastify'
import { BellwetherError } from '../errors.ts'
import { API_KEY_PREFIX, apiKeyId } from '../security/api-key.ts'
import { isLoopbackHost } from '../security/bind-address.ts'
import { readCredential } from '../security/credential.ts'
import { GuessLimiter } from '../security/guess-limiter.ts'
import { KeyRing } from '../security/key-ring.ts'
import type { AuditFact, AuditLog, KeyStore, StoredKey } from '../security/key-store.ts'
import { createBootstrapKey, isLive, managesKeys } from '../security/manage-keys.ts'
import { LOOPBACK, type Principal } from '../security/principal.ts'
import { RefusalLog } from '../security/refusal-log.ts'
import { TokenVerifier, type TokenVerifierOptions } from '../security/token-verifier.ts'

/** `auto`: on beyond loopback, and as soon as there is a key or an identity provider. */
export type AuthenticationMode = 'auto' | 'on' | 'off'

export interface AuthenticationOptions {
  readonly mode: AuthenticationMode
  readonly bindHost: string
  readonly keys: KeyStore
  readonly audit: AuditLog
  /** Keys that the store does not hold. */
  readonly environmentKeys: readonly StoredKey[]
  readonly tokens: Omit<TokenVerifierOptions, 'clock'> | null
  readonly clock: () => number
  readonly onError: (error: unknown) => void
  /** Told the code of each refusal for a credential; not of requests that showed none. */
  readonly onFailed?: (code: 'UNAUTHENTICATED' | 'TOO_MANY_ATTEMPTS' | 'AUTH_UNAVAILABLE') => void
}

const FLUSH_MS = 1000
const SAVE_USES_MS = 60_000

/** Finds out who sends a request. While authentication is off that is whoever owns this machine. */
export class Authentication {
  readonly #options: AuthenticationOptions
  readonly #ring: KeyRing
  readonly #guesses = new GuessLimiter()
  readonly #refusals: RefusalLog
  readonly #tokens: TokenVerifier | null
  #on: boolean
  #timers: NodeJS.Timeout[] = []

  constructor(options: AuthenticationOptions) {
    const { mode, bindHost, tokens, keys, environmentKeys, audit, clock, onError } = options
    this.#options = options
    this.#ring = new KeyRing({ store: keys, fixed: environmentKeys, clock, onError })
    this.#refusals = new RefusalLog(audit, onError)
    this.#tokens = tokens ? new TokenVerifier({ ...tokens, clock }) : null
    this.#on = mode === 'on' || (mode === 'auto' && (!isLoopbackHost(bindHost) || tokens !== null))
  }

  get isOn(): boolean {
    // Once on, it stays on: revoking the last key must not open the server.
    if (!this.#on && this.#options.mode === 'auto' && this.#ring.hasKeys) this.#on = true
    return this.#on
  }

  /** Reads the keys. @throws AUTH_UNAVAILABLE: a server that cannot know whether there are keys does not start */
  async start(): Promise<void> {
    await this.#ring.refresh()
    const { clock, onError } = this.#options
    this.#timers = [
      setInterval(() => void this.#refusals.flush(clock()), FLUSH_MS).unref(),
      setInterval(() => void this.#ring.saveUses().catch(onError), SAVE_USES_MS).unref(),
    ]
  }

  /** The key by which the first administrator gets in, where authentication is on and nobody can make keys yet; else null. */
  async bootstrapKey(): Promise<string | null> {
    const { environmentKeys, clock, keys } = this.#options
    if (!this.isOn || environmentKeys.some((key) => managesKeys(key) && isLive(key, clock()))) return null
    const made = await createBootstrapKey(keys, clock())
    await this.#ring.refresh()
    return made?.key ?? null
  }

  /** Keys were changed by this server: they hold from the next request on. */
  async changed(): Promise<void> {
    await this.#ring.refresh()
  }

  async close(): Promise<void> {
    for (const timer of this.#timers) clearInterval(timer)
    const { clock, onError } = this.#options
    await this.#refusals.flush(clock(), { last: true })
    await this.#ring.saveUses().catch(onError)
  }

  /** @throws UNAUTHENTICATED, TOO_MANY_ATTEMPTS, AUTH_UNAVAILABLE */
  authenticate = (request: FastifyRequest): Principal | null | Promise<Principal | null> => {
    if (this.#options.mode === 'off') return LOOPBACK
    const fresh = this.#ring.freshen()
    return fresh === null ? this.#who(request) : fresh.then(() => this.#who(request))
  }

  #who(request: FastifyRequest): Principal | null | Promise<Principal> {
    if (!this.isOn) return LOOPBACK
    const credential = readCredential(request.headers, request.raw.rawHeaders)
    if (credential === null) return null
    const isKey = credential.startsWith(API_KEY_PREFIX)
    const keyId = isKey ? apiKeyId(credential) : null
    const now = this.#options.clock()
    const wait = this.#guesses.waitSeconds(request.ip, keyId, now)
    if (wait > 0)
      throw new BellwetherError('TOO_MANY_ATTEMPTS', `Too many wrong credentials from this address; wait ${wait} s.`, {
        details: [{ path: 'retryAfterSeconds', message: String(wait) }],
      })
    if (!isKey && this.#tokens)
      return this.#tokens.verify(credential).catch((error: unknown) => this.#failed(request, error))
    const principal = isKey ? this.#ring.find(credential) : null
    if (!principal) return this.#failed(request, new BellwetherError('UNAUTHENTICATED', NOT_VALID))
    this.#guesses.succeeded(request.ip, keyId!, now)
    return principal
  }

  #failed(request: FastifyRequest, error: unknown): never {
    if (error instanceof BellwetherError && error.code === 'UNAUTHENTICATED')
      this.#guesses.failed(request.ip, this.#options.clock())
    throw error
  }

  /** Notes in the audit log that somebody asks a model as one who copies it. */
  suspected(fact: Omit<AuditFact, 'action'>): void {
    this.#refusals.suspected(fact)
  }

  /** Sets the headers that go with a refusal, and notes it in the audit log. */
  refused = (request: FastifyRequest, reply: FastifyReply, error: unknown): void => {
    if (!(error instanceof BellwetherError)) return
    const { code } = error
    if (code === 'UNAUTHENTICATED') {
      reply.header('www-authenticate', challenges(request))
      // Who showed nothing tried nothing.
      if (request.headers.authorization === undefined && request.headers['x-api-key'] === undefined) return
      this.#options.onFailed?.(code)
    } else if (code === 'TOO_MANY_ATTEMPTS') {
      reply.header('retry-after', error.details[0]?.message ?? '1')
      this.#options.onFailed?.(code)
    } else if (code === 'AUTH_UNAVAILABLE') {
      reply.header('retry-after', '5')
      this.#options.onFailed?.(code)
      return
    } else if (code !== 'FORBIDDEN') return
    this.#refusals.refused({
      time: this.#options.clock(),
      actor: request.principal?.actor ?? 'unknown',
      subject: `${request.method} ${request.routeOptions.url ?? ''}`,
      address: request.ip,
      detail: code,
    })
  }
}

const NOT_VALID = 'The API key or token is not valid.'

/** A browser that opens a page by its address may ask for a user name and the key; a script's request never makes it do so. */
function challenges(request: FastifyRequest): string[] {
  const bearer = 'Bearer realm="Bellwether"'
  return request.headers['sec-fetch-mode'] === 'navigate'
    ? [bearer, 'Basic realm="Bellwether", charset="UTF-8"']
    : [bearer]
}
