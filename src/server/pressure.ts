import { monitorEventLoopDelay } from 'node:perf_hooks'
import { getHeapStatistics } from 'node:v8'
import type { FastifyInstance, FastifyRequest } from 'fastify'
import { BellwetherError } from '../errors.ts'

export interface PressureOptions {
  /** Requests that may be in flight at a time. */
  readonly inFlight: number
  /** Mean delay of the event loop, in milliseconds, beyond which nothing new is taken. */
  readonly eventLoopDelayMs: number
  /** Resident memory of the process, in bytes, beyond which nothing new is taken; null: until the heap is nearly full. */
  readonly memoryBytes: number | null
  /** Requests in flight now, the one that asks included. */
  readonly requests: () => number
  /** Told when it begins and ends to refuse for the state of the process. */
  readonly onChange?: (why: string | null) => void
}

const WINDOW_MS = 250
const RESOLUTION_MS = 10
/** Of the heap's limit; beyond, most time goes into collecting garbage. */
const HEAP_SHARE = 0.95
const RETRY_AFTER_SECONDS = 2
/** Always answered: who watches a busy server has to see that it is alive, and how busy. */
const ALWAYS: ReadonlySet<string | undefined> = new Set([
  '/health/live',
  '/health/ready',
  '/metrics',
  '/ping',
  '/health',
  '/v2/health/live',
  '/v2/health/ready',
])

/**
 * Refuses requests with 503 and `Retry-After` while the process has more than it can do: before they are authenticated, and
 * before their body is read. The event loop counts as late when its mean delay is beyond the limit in two windows in a row,
 * so that a machine that slept, or one long task, refuses nobody.
 */
export class Pressure {
  readonly #options: PressureOptions
  readonly #delay: ReturnType<typeof monitorEventLoopDelay>
  readonly #heapLimit = getHeapStatistics().heap_size_limit * HEAP_SHARE
  readonly #timer: NodeJS.Timeout
  #late = 0
  #why: string | null = null

  constructor(options: PressureOptions) {
    this.#options = options
    this.#delay = monitorEventLoopDelay({ resolution: RESOLUTION_MS })
    this.#delay.enable()
    this.#timer = setInterval(() => this.#look(), WINDOW_MS).unref()
  }

  /** Why nothing is taken now; null while all is well. */
  get why(): string | null {
    return this.#options.requests() > this.#options.inFlight ? 'as many requests as it takes are in flight' : this.#why
  }

  close(): void {
    clearInterval(this.#timer)
    this.#delay.disable()
  }

  #look(): void {
    // A window in which the loop never turned has no mean.
    const mean = this.#delay.count === 0 ? 0 : Math.max(0, this.#delay.mean / 1e6 - RESOLUTION_MS)
    this.#delay.reset()
    this.#late = mean > this.#options.eventLoopDelayMs ? this.#late + 1 : 0
    const { rss, heapUsed } = process.memoryUsage()
    const { memoryBytes } = this.#options
    const full = memoryBytes === null ? heapUsed > this.#heapLimit : rss > memoryBytes
    const why = this.#late >= 2 ? 'the event loop is late' : full ? 'memory is nearly full' : null
    if (why !== this.#why) this.#options.onChange?.(why)
    this.#why = why
  }
}

/** Lets an app refuse under pressure. Call it before routes and authentication are added. */
export function refuseUnderPressure(app: FastifyInstance, options: PressureOptions): void {
  const pressure = new Pressure(options)
  app.addHook('onRequest', (request: FastifyRequest, reply, done) => {
    const { why } = pressure
    if (why === null || ALWAYS.has(request.routeOptions.url)) return done()
    reply.header('retry-after', RETRY_AFTER_SECONDS)
    done(new BellwetherError('OVERLOADED', `The server has too much to do: ${why}.`))
  })
  app.addHook('onClose', async () => pressure.close())
}
