import { Counter, Histogram, type Registry } from 'prom-client'
import type { TrafficListener } from '../../serve/traffic/traffic.ts'

const SECONDS = [0.0001, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 5]

/** What Prometheus is told of canaries and shadows. Labels are names of registered models, versions and aliases. */
export function trafficMetrics(registry: Registry): Required<Omit<TrafficListener, 'failed'>> {
  const registers = [registry]
  const counter = <Name extends string>(name: string, help: string, labelNames: readonly Name[]) =>
    new Counter<Name>({ name, help, labelNames: [...labelNames], registers })
  const routed = counter(
    'bellwether_traffic_requests_total',
    'Requests of models that have a plan of traffic, by the alias and version that they were dealt to.',
    ['model', 'alias', 'version'],
  )
  const failures = counter(
    'bellwether_canary_failures_total',
    'Requests that a canary failed and the champion answered.',
    ['model', 'version'],
  )
  const stops = counter('bellwether_canary_stops_total', 'Canaries that were stopped by themselves, by why.', [
    'model',
    'version',
    'rule',
  ])
  const records = counter(
    'bellwether_shadow_records_total',
    'Records that a shadow was shown: agreed, disagreed, or failed.',
    ['model', 'version', 'outcome'],
  )
  const distances = counter(
    'bellwether_shadow_distance_sum',
    "Sum of the distances between a shadow's answers and those returned: total variation of probabilities, or difference of numbers.",
    ['model', 'version'],
  )
  const seconds = new Histogram({
    name: 'bellwether_shadow_duration_seconds',
    help: 'Time that a shadow took to score the records of a request.',
    labelNames: ['model', 'version'],
    buckets: SECONDS,
    registers,
  })
  const dropped = counter(
    'bellwether_shadow_dropped_records_total',
    'Records that were not shown to a shadow: too many waited, or it could not be loaded.',
    ['model'],
  )
  return {
    routed: ({ name, alias, version }) => routed.inc({ model: name, alias: alias ?? '', version }),
    canaryFailed: ({ name, version }) => failures.inc({ model: name, version }),
    stopped: ({ name, version }, rule) => stops.inc({ model: name, version, rule }),
    shadowed(model, { version, compared, disagreed, failed, distance, latencyMs }) {
      records.inc({ model, version, outcome: 'agreed' }, compared - disagreed)
      records.inc({ model, version, outcome: 'disagreed' }, disagreed)
      records.inc({ model, version, outcome: 'failed' }, failed)
      distances.inc({ model, version }, distance)
      seconds.observe({ model, version }, latencyMs / 1000)
    },
    dropped: (model, count) => dropped.inc({ model }, count),
  }
}
