/**
 * A process of its own that sends load by autocannon: its job arrives as JSON on standard input, what it saw leaves as JSON on standard output.
 * autocannon's own percentiles are whole milliseconds, so each answer's time is kept and they are taken here.
 */
import { readFileSync } from 'node:fs'
import { quantile } from './records.ts'

export interface LoadJob {
  readonly url: string
  readonly path: string
  /** Bodies sent in turn by each connection. */
  readonly bodies: readonly string[]
  readonly connections: number
  readonly seconds: number
  /** Requests a second over all connections; null for as many as are answered. */
  readonly rate: number | null
}

export interface Load {
  readonly answers: number
  readonly seconds: number
  readonly perSecond: number
  readonly p50Ms: number
  readonly p99Ms: number
  /** Answers other than 2xx, broken connections, time-outs. */
  readonly failures: number
}

interface Cannon extends PromiseLike<{ duration: number; non2xx: number; errors: number; timeouts: number }> {
  on(event: 'response', seen: (client: object, status: number, bytes: number, ms: number) => void): void
}

const MODULE: string = 'autocannon'
const { default: fire } = (await import(MODULE).catch((error: unknown) => {
  throw new Error('the load is sent by autocannon, a development dependency: npm install', { cause: error })
})) as { default: (options: object) => Cannon }
const job = JSON.parse(readFileSync(0, 'utf8')) as LoadJob
const times: number[] = []
const headers = { 'content-type': 'application/json' }
const cannon = fire({
  url: job.url,
  connections: job.connections,
  duration: job.seconds,
  timeout: 30,
  ...(job.rate === null ? {} : { overallRate: job.rate }),
  requests: job.bodies.map((body) => ({ method: 'POST', path: job.path, headers, body })),
})
cannon.on('response', (_client, _status, _bytes, ms) => {
  times.push(ms)
})
const { duration, non2xx, errors, timeouts } = await cannon
const ms = Float64Array.from(times)
const load: Load = {
  answers: times.length,
  seconds: duration,
  perSecond: times.length / duration,
  p50Ms: quantile(ms, 0.5),
  p99Ms: quantile(ms, 0.99),
  failures: non2xx + errors + timeouts,
}
console.log(JSON.stringify(load))
