import { setTimeout as sleep } from 'node:timers/promises'
import { type PostedAnswer, postBytes } from '../../security/outbound-post.ts'
import type { CloudEventSettings } from './cloud-event-settings.ts'

/** Types of KServe's logger, so that what collects its events collects ours. */
export type CloudEventType = 'org.kubeflow.serving.inference.request' | 'org.kubeflow.serving.inference.response'

/**
 * An event of CloudEvents 1.0. Extension attributes have names of lower-case letters and digits, as the specification asks.
 * @see https://github.com/cloudevents/spec/blob/v1.0.2/cloudevents/formats/json-format.md
 */
export interface CloudEvent {
  readonly specversion: '1.0'
  /** Of the request: the events of a pair share it. `source`, `id` and `type` together are unique. */
  readonly id: string
  readonly source: string
  readonly type: CloudEventType
  /** ISO, UTC */
  readonly time: string
  readonly datacontenttype: 'application/json'
  readonly inferenceservicename: string
  readonly modelversion: string
  readonly namespace?: string
  readonly endpoint?: string
  readonly traceid?: string
  readonly data: unknown
}

export type PostEvents = (body: Buffer, contentType: string) => Promise<PostedAnswer>

export interface CloudEventSinkOptions {
  readonly settings: CloudEventSettings
  /** Posts to the settings' address by the one way out where left out. */
  readonly post?: PostEvents
  readonly environment?: Readonly<Record<string, string | undefined>>
  /** From 0 to 1. */
  readonly random?: () => number
  /** Told when events begin to be dropped, and of the first failure of a row of them; not of each. */
  readonly onTrouble?: (error: unknown) => void
  /** First wait of the backoff. */
  readonly firstWaitMs?: number
}

export interface CloudEventCounts {
  readonly sent: number
  /** There was no room, or every attempt failed, or the collector refused them. */
  readonly dropped: number
  readonly waiting: number
}

export const NO_EVENTS: CloudEventCounts = { sent: 0, dropped: 0, waiting: 0 }

const FIRST_WAIT_MS = 250
const LONGEST_WAIT_MS = 30_000

/** Statuses that say "later"; others of 400 and more say "never". */
const LATER: ReadonlySet<number> = new Set([408, 425, 429, 500, 502, 503, 504])

/**
 * Sends events elsewhere, one post after another, and never holds up who hands them over: they wait within bounds, and are dropped beyond. A
 * post that fails is made again, after waits that double, each shortened by chance, or after the time that the collector names.
 */
export class CloudEventSink {
  readonly #options: Required<Pick<CloudEventSinkOptions, 'random' | 'onTrouble' | 'firstWaitMs' | 'post'>>
  readonly #settings: CloudEventSettings
  readonly #queue: Buffer[] = []
  #bytes = 0
  #sent = 0
  #dropped = 0
  #underway: Promise<void> | null = null
  /** The last post failed, or the last event was dropped: told already. */
  #inTrouble = false
  readonly #closing = new AbortController()

  constructor({ settings, post, environment = {}, random, onTrouble, firstWaitMs }: CloudEventSinkOptions) {
    this.#settings = settings
    const headers = headersOf(settings, environment)
    const { url, timeoutMs, allowPrivate } = settings
    this.#options = {
      random: random ?? Math.random,
      onTrouble: onTrouble ?? (() => {}),
      firstWaitMs: firstWaitMs ?? FIRST_WAIT_MS,
      post:
        post ??
        ((body, contentType) =>
          postBytes(url, body, {
            timeoutMs,
            allowPrivate,
            headers: { ...headers, 'content-type': contentType },
            signal: this.#closing.signal,
          })),
    }
  }

  get counts(): CloudEventCounts {
    return { sent: this.#sent, dropped: this.#dropped, waiting: this.#queue.length }
  }

  add(events: readonly CloudEvent[]): void {
    for (const event of events) {
      const bytes = Buffer.from(JSON.stringify(event), 'utf8')
      if (this.#closing.signal.aborted || this.#bytes + bytes.length > this.#settings.queueBytes) {
        this.#drop(1, new Error('the queue of events is full'))
        continue
      }
      this.#queue.push(bytes)
      this.#bytes += bytes.length
    }
    if (this.#queue.length > 0) this.#underway ??= this.#send()
  }

  /** Sends what waits, for so long; the rest is dropped, and counted. */
  async close(patienceMs: number): Promise<void> {
    const timer = setTimeout(() => this.#closing.abort(), patienceMs)
    while (this.#underway) await this.#underway
    clearTimeout(timer)
    this.#closing.abort()
  }

  async #send(): Promise<void> {
    const size = this.#settings.mode === 'batch' ? this.#settings.batchSize : 1
    // Events of one turn share a post.
    await Promise.resolve()
    while (this.#queue.length > 0) {
      const events = this.#queue.slice(0, size)
      const arrived = !this.#closing.signal.aborted && (await this.#attempt(events))
      this.#queue.splice(0, events.length)
      this.#bytes -= events.reduce((sum, { length }) => sum + length, 0)
      if (!arrived) this.#dropped += events.length
      else {
        this.#sent += events.length
        this.#inTrouble = false
      }
    }
    this.#underway = null
  }

  /** @returns whether the collector took them */
  async #attempt(events: readonly Buffer[]): Promise<boolean> {
    const { attempts, mode } = this.#settings
    const [body, type] =
      mode === 'batch'
        ? [arrayOf(events), 'application/cloudevents-batch+json; charset=utf-8']
        : [events[0]!, 'application/cloudevents+json; charset=utf-8']
    for (let attempt = 1; ; attempt++) {
      let waitMs = 0
      try {
        const { status, retryAfterMs } = await this.#options.post(body, type)
        if (status >= 200 && status < 300) return true
        this.#trouble(new Error(`the collector answered with status ${status}`))
        if (!LATER.has(status)) return false
        waitMs = retryAfterMs
      } catch (error) {
        this.#trouble(error)
      }
      if (attempt >= attempts || this.#closing.signal.aborted) return false
      const longest = Math.min(this.#options.firstWaitMs * 2 ** (attempt - 1), LONGEST_WAIT_MS)
      const wait = Math.max(waitMs, longest / 2 + (this.#options.random() * longest) / 2)
      await sleep(wait, undefined, { signal: this.#closing.signal }).catch(() => {})
    }
  }

  #drop(count: number, why: Error): void {
    this.#dropped += count
    this.#trouble(why)
  }

  #trouble(error: unknown): void {
    if (this.#inTrouble) return
    this.#inTrouble = true
    this.#options.onTrouble(error)
  }
}

function arrayOf(events: readonly Buffer[]): Buffer {
  const parts: Buffer[] = [Buffer.from('[')]
  for (const [i, event] of events.entries()) parts.push(...(i === 0 ? [event] : [Buffer.from(','), event]))
  return Buffer.concat([...parts, Buffer.from(']')])
}

/** Values of headers come from the environment, so that no settings file holds a secret; those that are not set are left out. */
function headersOf(
  { headersFromEnv }: CloudEventSettings,
  environment: Readonly<Record<string, string | undefined>>,
): Record<string, string> {
  return Object.fromEntries(
    Object.entries(headersFromEnv).flatMap(([header, variable]) => {
      const value = environment[variable]
      return value ? [[header.toLowerCase(), value]] : []
    }),
  )
}
