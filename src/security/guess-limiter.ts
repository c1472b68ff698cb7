/** Wrong credentials that an address may give before it has to wait. */
const FREE_FAILURES = 10
const MAX_WAIT_MS = 15 * 60_000
/** An address is forgotten after this time without a failure. */
const FORGET_MS = 15 * 60_000
const TRUST_MS = 60 * 60_000
const MAX_ADDRESSES = 10_000

interface Failures {
  count: number
  last: number
  lockedUntil: number
}

/**
 * Slows down who guesses keys. After ten wrong ones an address waits 1 s, then 2, 4, … up to 15 minutes, in which nothing it gives
 * is looked at, except keys that were right from that same address within the hour: who shares an address with a guesser goes on
 * working. Memory is bounded: the addresses that failed longest ago are forgotten first.
 */
export class GuessLimiter {
  readonly #failures = new Map<string, Failures>()
  readonly #trusted = new Map<string, number>()

  /** Seconds that an address still has to wait; 0: none. */
  waitSeconds(address: string, keyId: string | null, now: number): number {
    const failures = this.#failures.get(address)
    if (!failures || failures.lockedUntil <= now) return 0
    if (keyId !== null && (this.#trusted.get(`${address} ${keyId}`) ?? 0) > now) return 0
    return Math.ceil((failures.lockedUntil - now) / 1000)
  }

  failed(address: string, now: number): void {
    const before = this.#failures.get(address)
    const count = before && now - before.last < FORGET_MS ? before.count + 1 : 1
    const waitMs = count < FREE_FAILURES ? 0 : Math.min(MAX_WAIT_MS, 1000 * 2 ** (count - FREE_FAILURES))
    keep(this.#failures, address, { count, last: now, lockedUntil: now + waitMs })
  }

  succeeded(address: string, keyId: string, now: number): void {
    const name = `${address} ${keyId}`
    // Once a minute is enough: the path of every request.
    if ((this.#trusted.get(name) ?? 0) < now + TRUST_MS - 60_000) keep(this.#trusted, name, now + TRUST_MS)
  }
}

function keep<T>(map: Map<string, T>, name: string, value: T): void {
  map.delete(name)
  map.set(name, value)
  if (map.size > MAX_ADDRESSES) map.delete(map.keys().next().value!)
}
