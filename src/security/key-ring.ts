import { BellwetherError } from '../errors.ts'
import { apiKeyId, hashApiKey, sameHash } from './api-key.ts'
import type { KeyStore, StoredKey } from './key-store.ts'
import { isLive } from './manage-keys.ts'
import type { Principal } from './principal.ts'

export interface KeyRingOptions {
  readonly store: KeyStore
  /** Keys that the store does not hold. */
  readonly fixed: readonly StoredKey[]
  readonly clock: () => number
  /** How old the view of the store may be: by then a key that was revoked elsewhere is no longer taken. Default 1 s. */
  readonly pollMs?: number
  /** How long the view may be used when the store does not answer. Default 60 s. */
  readonly staleMs?: number
  readonly onError?: (error: unknown) => void
}

interface Held {
  readonly key: StoredKey
  readonly principal: Principal
}

/** Compared with where no key has the id, so that this takes as long. */
const NO_HASH = '0'.repeat(64)

/** The keys in memory: finds whose a key is, follows the store, notes when keys were used. */
export class KeyRing {
  readonly #options: KeyRingOptions
  readonly #held = new Map<string, Held>()
  readonly #used = new Map<string, number>()
  #revision = -1
  #checked = Number.NEGATIVE_INFINITY
  #answered = Number.NEGATIVE_INFINITY
  #refreshing: Promise<void> | null = null

  constructor(options: KeyRingOptions) {
    this.#options = options
    this.#hold([])
  }

  /** Whether there is, or ever was, a key. As of the last look. */
  get hasKeys(): boolean {
    return this.#options.fixed.length > 0 || this.#revision > 0
  }

  /** Null while the view is fresh; else what ends when it is. @throws AUTH_UNAVAILABLE, from the promise */
  freshen(): Promise<void> | null {
    const { clock, pollMs = 1000 } = this.#options
    return clock() - this.#checked < pollMs ? null : this.refresh()
  }

  /** Looks at the store now, whatever the time. */
  refresh(): Promise<void> {
    this.#refreshing ??= this.#look().finally(() => {
      this.#refreshing = null
    })
    return this.#refreshing
  }

  async #look(): Promise<void> {
    const { store, clock, staleMs = 60_000, onError } = this.#options
    const now = clock()
    try {
      const revision = await store.revision()
      if (revision !== this.#revision) {
        this.#hold(await store.keys())
        this.#revision = revision
      }
      this.#answered = now
    } catch (error) {
      onError?.(error)
      if (!(now - this.#answered <= staleMs))
        throw new BellwetherError('AUTH_UNAVAILABLE', 'Keys cannot be looked up at the moment.', { cause: error })
    }
    this.#checked = now
  }

  #hold(stored: readonly StoredKey[]): void {
    this.#held.clear()
    for (const key of [...stored, ...this.#options.fixed]) this.#held.set(key.id, { key, principal: principalOf(key) })
  }

  /** Whose key it is; null for one that is malformed, unknown, revoked or expired: which of these is nobody's business. */
  find(text: string): Principal | null {
    const id = apiKeyId(text)
    if (id === null) return null
    const held = this.#held.get(id)
    const right = sameHash(hashApiKey(text), held?.key.hash ?? NO_HASH)
    const now = this.#options.clock()
    if (!held || !right || !isLive(held.key, now)) return null
    if (held.key.createdBy !== 'environment') this.#used.set(id, now - (now % 60_000))
    return held.principal
  }

  /** Writes when keys were used, where that has changed since the last time. */
  async saveUses(): Promise<void> {
    const changed = new Map([...this.#used].filter(([id, time]) => (this.#held.get(id)?.key.lastUsedTime ?? 0) < time))
    this.#used.clear()
    if (changed.size > 0) await this.#options.store.touch(changed)
  }
}

function principalOf(key: StoredKey): Principal {
  return Object.freeze({
    actor: `key:${key.id}`,
    keyId: key.id,
    grants: [{ role: key.role, models: key.models }],
    sensitive: key.sensitive,
    ratePerMinute: key.ratePerMinute,
    probabilities: key.probabilities,
  })
}
