import type { AuditFact, AuditLog } from './key-store.ts'

const WINDOW_MS = 60_000
const MAX_PER_WINDOW = 60

/**
 * Writes refused access to the audit log, at most 60 entries a minute and in one go each second: who is refused often can
 * neither fill the disk nor slow the server. What was left out is counted in one entry.
 */
export class RefusalLog {
  readonly #log: AuditLog
  readonly #onError: (error: unknown) => void
  #waiting: AuditFact[] = []
  #windowStart = Number.NEGATIVE_INFINITY
  #inWindow = 0
  #omitted = 0

  constructor(log: AuditLog, onError: (error: unknown) => void) {
    this.#log = log
    this.#onError = onError
  }

  refused(fact: Omit<AuditFact, 'action'>): void {
    if (fact.time - this.#windowStart >= WINDOW_MS) {
      this.#reportOmitted(fact.time)
      this.#windowStart = fact.time
      this.#inWindow = 0
    }
    if (++this.#inWindow > MAX_PER_WINDOW) this.#omitted++
    else this.#waiting.push({ ...fact, action: 'access-refused' })
  }

  #reportOmitted(time: number): void {
    if (this.#omitted === 0) return
    this.#waiting.push({
      time,
      actor: 'server',
      action: 'refusals-omitted',
      subject: 'access',
      address: null,
      detail: `${this.#omitted} further refusals in that minute`,
    })
    this.#omitted = 0
  }

  /** Writes what waits. What cannot be written is dropped: an audit log that is down must not stop the server or fill its memory. */
  async flush(time: number, options: { readonly last?: boolean } = {}): Promise<void> {
    if (options.last || time - this.#windowStart >= WINDOW_MS) this.#reportOmitted(time)
    const facts = this.#waiting
    if (facts.length === 0) return
    this.#waiting = []
    await this.#log.append(facts).catch(this.#onError)
  }
}
