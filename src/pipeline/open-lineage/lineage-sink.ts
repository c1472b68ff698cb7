import { appendFile, mkdir } from 'node:fs/promises'
import path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { BellwetherError } from '../../errors.ts'
import { postBytes } from '../../security/outbound-post.ts'
import type { LineageTargets } from './open-lineage-options.ts'

/** Takes events and never keeps anybody waiting. */
export interface LineageSink {
  send(event: object): void
  /** Waits until all events are out, but no longer than the time given. */
  close(waitMs?: number): Promise<void>
}

const MOST_WAITING = 1000
const TIMEOUT_MS = 5000
const ATTEMPTS = 3
/** A target that fails so often in a row is left alone. */
const MOST_FAILURES = 2
const CLOSE_WAIT_MS = 5000
/** Failures that may have passed by the next time. */
const PASSING: ReadonlySet<string> = new Set(['NETWORK_UNAVAILABLE', 'DOWNLOAD_FAILED'])
/** Statuses that may be others next time. */
const LATER: ReadonlySet<number> = new Set([408, 429, 500, 502, 503, 504])

/** Sends events to each target in their order, one after another. @param onError Told once of each target that fails. */
export function lineageSink({ files, addresses }: LineageTargets, onError: (message: string) => void): LineageSink {
  const stopped = new AbortController()
  const queues = [
    ...files.map((file) => new Queue((event) => addLine(file, event), stopped.signal, onError)),
    ...addresses.map(
      (address) => new Queue((event) => sendOver(address, event, stopped.signal), stopped.signal, onError),
    ),
  ]
  return {
    send: (event) => {
      const text = JSON.stringify(event)
      for (const queue of queues) queue.add(text)
    },
    async close(waitMs = CLOSE_WAIT_MS) {
      const done = Promise.all(queues.map((queue) => queue.done()))
      const timer = new AbortController()
      await Promise.race([done, sleep(waitMs, undefined, { signal: timer.signal }).catch(() => {})])
      timer.abort()
      stopped.abort()
      await done
    },
  }
}

class Queue {
  readonly #send: (event: string) => Promise<void>
  readonly #stopped: AbortSignal
  readonly #onError: (message: string) => void
  #waiting = 0
  #failures = 0
  #lost = 0
  #told = false
  #turn: Promise<void> = Promise.resolve()

  constructor(send: (event: string) => Promise<void>, stopped: AbortSignal, onError: (message: string) => void) {
    this.#send = send
    this.#stopped = stopped
    this.#onError = onError
  }

  add(event: string): void {
    if (this.#waiting >= MOST_WAITING) {
      this.#lost++
      return
    }
    this.#waiting++
    this.#turn = this.#turn.then(() => this.#work(event))
  }

  async done(): Promise<void> {
    await this.#turn
    if (this.#lost > 0 && !this.#told) this.#tell(`${this.#lost} OpenLineage events were lost.`)
  }

  async #work(event: string): Promise<void> {
    try {
      if (this.#failures >= MOST_FAILURES || this.#stopped.aborted) {
        this.#lost++
        return
      }
      await this.#send(event)
      this.#failures = 0
    } catch (error) {
      this.#failures++
      this.#lost++
      const why = error instanceof BellwetherError ? error.message : ((error as NodeJS.ErrnoException).code ?? 'error')
      this.#tell(`OpenLineage events can't be sent (${why}); the run goes on without them.`)
    } finally {
      this.#waiting--
    }
  }

  #tell(message: string): void {
    if (this.#told) return
    this.#told = true
    this.#onError(message)
  }
}

async function addLine(file: string, event: string): Promise<void> {
  await mkdir(path.dirname(file), { recursive: true })
  // One write of a whole line at the end of the file: several processes may add to it.
  await appendFile(file, `${event}\n`, { mode: 0o600 })
}

async function sendOver(
  { url, allowPrivate, headers }: LineageTargets['addresses'][number],
  body: string,
  signal: AbortSignal,
): Promise<void> {
  const json = { ...headers, 'content-type': 'application/json' }
  const options = { timeoutMs: TIMEOUT_MS, allowPrivate, headers: json, signal }
  for (let attempt = 1; ; attempt++) {
    const answer = await postBytes(url, Buffer.from(body), options).catch((error: unknown) => {
      if (error instanceof BellwetherError && PASSING.has(error.code) && attempt < ATTEMPTS) return null
      throw error
    })
    if (answer !== null && answer.status >= 200 && answer.status < 300) return
    if (answer !== null && (!LATER.has(answer.status) || attempt >= ATTEMPTS))
      throw new BellwetherError('NETWORK_UNAVAILABLE', `${new URL(url).host} answered with status ${answer.status}`)
    await sleep(Math.max(200 * 2 ** attempt, Math.min(answer?.retryAfterMs ?? 0, TIMEOUT_MS)), undefined, { signal })
  }
}
