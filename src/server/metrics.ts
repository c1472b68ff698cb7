import type { FastifyInstance } from 'fastify'
import { Counter, collectDefaultMetrics, Histogram, Registry } from 'prom-client'

/** What this process counts for Prometheus. Labels are routes' patterns, names of registered models and versions: never what a client made up. */
export interface ServerMetrics {
  readonly registry: Registry
  predicted(model: string, version: number, predictions: number, warnings: number): void
}

/** Counts and times every answer. */
export function addMetrics(app: FastifyInstance): ServerMetrics {
  const registry = new Registry()
  collectDefaultMetrics({ register: registry })
  const requests = new Counter({
    name: 'bellwether_http_requests_total',
    help: 'Requests answered, by route and status.',
    labelNames: ['method', 'route', 'status'],
    registers: [registry],
  })
  const durations = new Histogram({
    name: 'bellwether_http_request_duration_seconds',
    help: 'Time from the last header received to the last byte sent, by route.',
    labelNames: ['method', 'route'],
    buckets: [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10],
    registers: [registry],
  })
  const predictions = new Counter({
    name: 'bellwether_predictions_total',
    help: 'Records scored, by model version.',
    labelNames: ['model', 'version'],
    registers: [registry],
  })
  const warnings = new Counter({
    name: 'bellwether_prediction_warnings_total',
    help: 'Values that training never saw, by model version.',
    labelNames: ['model', 'version'],
    registers: [registry],
  })
  app.addHook('onResponse', (request, reply, done) => {
    const route = routeLabel(request.routeOptions.url)
    requests.inc({ method: request.method, route, status: reply.statusCode })
    durations.observe({ method: request.method, route }, reply.elapsedTime / 1000)
    done()
  })
  return {
    registry,
    predicted(model, version, nPredictions, nWarnings) {
      predictions.inc({ model, version }, nPredictions)
      if (nWarnings > 0) warnings.inc({ model, version }, nWarnings)
    },
  }
}

/** A route's pattern, or one word for all paths that are none. */
export function routeLabel(url: string | undefined): string {
  return url === undefined || url === '*' ? 'unmatched' : url
}
