import type { PredictionEntry } from '../prediction-log/prediction-log.ts'
import type { CloudEventSettings } from './cloud-event-settings.ts'
import type { CloudEvent, CloudEventType } from './cloud-event-sink.ts'

/**
 * The events of one request that was scored, as KServe's logger pairs them: what was asked and what was answered, with the request's id. They hold what
 * the prediction log holds: the columns that the model reads and the answers, no identifier and no sensitive column.
 * @param entries Of one request to one version.
 */
export function makeEvents(
  entries: readonly PredictionEntry[],
  { source, namespace, events }: Pick<CloudEventSettings, 'source' | 'namespace' | 'events'>,
  traceId?: string,
): CloudEvent[] {
  const [first] = entries
  if (!first) return []
  const { model, version, alias, request, time, latencyMs } = first
  const event = (type: CloudEventType, data: unknown): CloudEvent => ({
    specversion: '1.0',
    id: request,
    source,
    type,
    time: new Date(time).toISOString(),
    datacontenttype: 'application/json',
    inferenceservicename: model,
    modelversion: String(version),
    ...(namespace === '' ? {} : { namespace }),
    ...(alias === null ? {} : { endpoint: alias }),
    ...(traceId === undefined ? {} : { traceid: traceId }),
    data,
  })
  const wanted = new Set(events)
  return [
    ...(wanted.has('request')
      ? [event('org.kubeflow.serving.inference.request', { records: entries.map(({ features }) => features) })]
      : []),
    ...(wanted.has('response')
      ? [
          event('org.kubeflow.serving.inference.response', {
            model: { name: model, version, alias },
            latencyMs,
            predictions: entries.map(({ id, answer }) => ({ id, ...answer })),
          }),
        ]
      : []),
  ]
}
