import type { AuditFact, AuditLog } from './key-store.ts'

const WINDOW_MS = 60_000
const MAX_PER_WINDOW = 60

/**
 * Writes refused access and suspicions to the audit log, at most 60 entries of each a minute and in one go each second: who is refused often can
 * neither fill the disk nor slow the server, nor crowd a suspicion out. Refusals that were left out are counted in one entry.
 */
export class RefusalLog {
  readonly #log: AuditLog
  readonly #onError: (error: unknown) => void
  #waiting: AuditFact[] = []
  #windowStart = Number.NEGATIVE_INFINITY
  #inWindow = 0
  #suspicions = 0
  #omitted = 0

  constructor(log: AuditLog, onError: (error: unknown) => void) {
    this.#log = log
    this.#onError = onError
  }

  refused(fact: Omit<AuditFact, 'action'>): void {
    this.#turn(fact.time)
    if (++this.#inWindow > MAX_PER_WINDOW) this.#omitted++
    else this.#waiting.push({ ...fact, action: 'access-refused' })
  }

  /** Somebody asks a model as one who copies it; beyond 60 a minute it is in the log and the metrics only. */
  suspected(fact: Omit<AuditFact, 'action'>): void {
    this.#turn(fact.time)
    if (++this.#suspicions <= MAX_PER_WINDOW) this.#waiting.push({ ...fact, action: 'extraction-suspected' })
  }

  #turn(time: number): void {
    if (time - this.#windowStart < WINDOW_MS) return
    this.#reportOmitted(time)
    this.#windowStart = time
    this.#inWindow = 0
    this.#suspicions = 0
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
