import type { FastifyInstance } from 'fastify'
import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client'
import type { CloudEventCounts } from '../serve/cloud-events/cloud-event-sink.ts'
import { VERSION } from '../version.ts'
import { ERROR_CLASSES, errorClass } from './error-class.ts'

/** The protocol that a prediction was asked for in. */
export type ScoringProtocol = 'bellwether' | 'mlflow' | 'open-inference' | 'tensorflow-v1'

/** What this process counts for Prometheus. Labels are routes' patterns, names of registered models and versions: never what a client made up. */
export interface ServerMetrics {
  readonly registry: Registry
  predicted(model: string, version: number, predictions: number, warnings: number): void
  /** Notes that a request waits to be scored. @returns what notes that it was, and how long that took; called once */
  scoring(model: string, version: number, protocol: ScoringProtocol): () => void
  /** A request that never became one: bytes that are no HTTP. */
  malformed(status: number, code: string): void
  /** Somebody asks a model as one who copies it. */
  extractionSuspected(model: string, rule: string): void
  /** A credential that was not taken. */
  keyFailed(code: string): void
  /** Requests that were taken and not answered yet. */
  readonly inFlight: number
}

export interface MetricsOptions {
  /** Entries of the prediction log that could not be kept since the start. */
  readonly lostEntries: () => number
  /** Lines of the log that were dropped since the start. */
  readonly droppedLines: () => number
  /** What became of the events for a collector. */
  readonly events: () => CloudEventCounts
}

/** Seconds; from what a tree answers in to what a batch of thousands takes. */
const BUCKETS = [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10]

/** Counts and times every answer. */
export function addMetrics(app: FastifyInstance, { lostEntries, droppedLines, events }: MetricsOptions): ServerMetrics {
  const registry = new Registry()
  // Processor time, memory, garbage collection, and the event loop's lag with its quantiles (`nodejs_eventloop_lag_*`).
  collectDefaultMetrics({ register: registry })
  const registers = [registry]
  const counter = <Name extends string>(name: string, help: string, labelNames: readonly Name[]) =>
    new Counter<Name>({ name, help, labelNames: [...labelNames], registers })

  new Gauge({ name: 'bellwether_build_info', help: '1, with the version.', labelNames: ['version'], registers }).set(
    { version: VERSION },
    1,
  )
  const requests = counter('bellwether_http_requests_total', 'Requests answered, by route and status.', [
    'method',
    'route',
    'status',
  ])
  const durations = new Histogram({
    name: 'bellwether_http_request_duration_seconds',
    help: 'Time from the last header received to the last byte sent, by route.',
    labelNames: ['method', 'route'],
    buckets: BUCKETS,
    registers,
  })
  const errors = counter(
    'bellwether_errors_total',
    'Answers that are errors, by whose fault it is: input, model, limit, dependency (store, disk, identity provider) or internal.',
    ['class'],
  )
  // A class that never happened is 0, not absent: alerts compare with it.
  for (const name of ERROR_CLASSES) errors.inc({ class: name }, 0)
  const scoringSeconds = new Histogram({
    name: 'bellwether_prediction_duration_seconds',
    help: 'Time to score the records of one request, waiting for its turn included, by model version and protocol.',
    labelNames: ['model', 'version', 'protocol'],
    buckets: BUCKETS,
    registers,
  })
  const predictions = counter('bellwether_predictions_total', 'Records scored, by model version.', ['model', 'version'])
  const warnings = counter(
    'bellwether_prediction_warnings_total',
    'Values that training never saw, by model version.',
    ['model', 'version'],
  )
  const keyFailures = counter(
    'bellwether_authentication_failures_total',
    'Requests refused for their credential, by reason.',
    ['reason'],
  )
  const suspicions = counter(
    'bellwether_extraction_alerts_total',
    'Callers who ask a model as one who copies it, by model and rule.',
    ['model', 'rule'],
  )
  let inFlight = 0
  let queued = 0
  const gauge = (name: string, help: string, value: () => number) =>
    new Gauge({
      name,
      help,
      registers,
      collect() {
        this.set(value())
      },
    })
  gauge('bellwether_http_requests_in_flight', 'Requests taken and not answered yet.', () => inFlight)
  gauge('bellwether_prediction_queue_requests', 'Requests that are being scored or wait for it.', () => queued)
  const counted = (name: string, help: string, count: () => number) =>
    new Counter({
      name,
      help,
      registers,
      collect() {
        this.reset()
        this.inc(count())
      },
    })
  counted(
    'bellwether_prediction_log_lost_entries_total',
    'Predictions that were answered and could not be kept in the prediction log.',
    lostEntries,
  )
  counted(
    'bellwether_log_dropped_lines_total',
    'Lines of the log that were dropped, because what takes them did not keep up or is gone.',
    droppedLines,
  )
  counted('bellwether_cloud_events_sent_total', 'Events that their collector took.', () => events().sent)
  counted(
    'bellwether_cloud_events_dropped_total',
    'Events that did not reach their collector: no room, every attempt failed, or refused.',
    () => events().dropped,
  )
  gauge('bellwether_cloud_events_waiting', 'Events that wait to be sent.', () => events().waiting)

  app.addHook('onRequest', (_request, reply, done) => {
    inFlight++
    // `onResponse` alone would miss a client that hangs up before its answer.
    reply.raw.once('close', () => {
      inFlight--
    })
    done()
  })
  app.addHook('onResponse', (request, reply, done) => {
    const route = routeLabel(request.routeOptions.url)
    const { statusCode } = reply
    requests.inc({ method: request.method, route, status: statusCode })
    durations.observe({ method: request.method, route }, reply.elapsedTime / 1000)
    const fault = errorClass(statusCode, request.errorCode)
    if (fault !== null) errors.inc({ class: fault })
    done()
  })
  return {
    registry,
    predicted(model, version, nPredictions, nWarnings) {
      predictions.inc({ model, version }, nPredictions)
      if (nWarnings > 0) warnings.inc({ model, version }, nWarnings)
    },
    scoring(model, version, protocol) {
      queued++
      const started = performance.now()
      return () => {
        queued--
        scoringSeconds.observe({ model, version, protocol }, (performance.now() - started) / 1000)
      }
    },
    malformed(status, code) {
      const fault = errorClass(status, code)
      if (fault !== null) errors.inc({ class: fault })
    },
    extractionSuspected: (model, rule) => suspicions.inc({ model, rule }),
    keyFailed: (reason) => keyFailures.inc({ reason }),
    get inFlight() {
      return inFlight
    },
  }
}

/** A route's pattern, or one word for all paths that are none. */
export function routeLabel(url: string | undefined): string {
  return url === undefined || url === '*' ? 'unmatched' : url
}

/** The protocol that a route's pattern belongs to. */
export function protocolOf(url: string | undefined): ScoringProtocol {
  if (url === undefined) return 'bellwether'
  if (url.endsWith('/invocations')) return 'mlflow'
  if (url.startsWith('/v2/')) return 'open-inference'
  return url.startsWith('/v1/') ? 'tensorflow-v1' : 'bellwether'
}
