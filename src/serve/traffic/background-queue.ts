import { setImmediate as nextTurn, setTimeout as sleep } from 'node:timers/promises'

/** Work that is done when nobody waits, or not at all. */
export interface BackgroundJob {
  /** How much of the queue it fills: records. */
  readonly size: number
  /** Awaits `pause` after every few milliseconds of work; what it throws is handed to `onError`. */
  run(pause: () => Promise<void>): Promise<void>
}

export interface BackgroundQueueOptions {
  /** Records that may wait; what does not fit is dropped. */
  readonly capacity: number
  /** Whether requests wait at this moment. */
  readonly isBusy: () => boolean
  readonly onError: (error: unknown) => void
}

/** While requests wait, the queue rests so many times as long as it worked: it then takes a fifth of the processor at most. */
const REST = 4
const LONGEST_REST_MS = 250

/** One job after another, beside the requests: bounded in memory, and never more than a fifth of the event loop while requests wait. */
export class BackgroundQueue {
  readonly #options: BackgroundQueueOptions
  readonly #jobs: BackgroundJob[] = []
  #size = 0
  #working: Promise<void> | null = null
  #closed = false

  constructor(options: BackgroundQueueOptions) {
    this.#options = options
  }

  /** @returns false where it was dropped */
  offer(job: BackgroundJob): boolean {
    if (this.#closed || this.#size + job.size > this.#options.capacity) return false
    this.#size += job.size
    this.#jobs.push(job)
    if (!this.#working) this.#start()
    return true
  }

  /** Records that wait or are worked on. */
  get size(): number {
    return this.#size
  }

  /** Drops what waits, and resolves when the job at work has come to its next pause. */
  async close(): Promise<void> {
    this.#closed = true
    for (const job of this.#jobs.splice(0)) this.#size -= job.size
    await this.#working
  }

  /** Resolves when nothing waits. */
  async idle(): Promise<void> {
    while (this.#working) await this.#working
  }

  #start(): void {
    this.#working = this.#work().finally(() => {
      this.#working = null
      // A job that came as the last one ended.
      if (this.#jobs.length > 0 && !this.#closed) this.#start()
    })
  }

  async #work(): Promise<void> {
    await nextTurn()
    let started = performance.now()
    const pause = async () => {
      const worked = performance.now() - started
      if (this.#options.isBusy()) await sleep(Math.min(LONGEST_REST_MS, worked * REST))
      else await nextTurn()
      if (this.#closed) throw new QueueClosed()
      started = performance.now()
    }
    for (let job = this.#jobs.shift(); job; job = this.#jobs.shift()) {
      try {
        await job.run(pause)
        this.#size -= job.size
        await pause()
      } catch (error) {
        if (error instanceof QueueClosed) return
        this.#size -= job.size
        this.#options.onError(error)
      }
    }
  }
}

class QueueClosed extends Error {}
