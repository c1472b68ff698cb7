import type { PredictionEntry } from '../prediction-log/prediction-log.ts'
import type { CloudEventSettings } from './cloud-event-settings.ts'
import { type CloudEventCounts, CloudEventSink, type CloudEventSinkOptions } from './cloud-event-sink.ts'
import { makeEvents } from './make-events.ts'

/** Who collects predictions elsewhere. */
export interface EventCollector {
  /** Hands over the predictions of one request; never waits and never throws. */
  send(entries: readonly PredictionEntry[], traceId?: string): void
  readonly counts: CloudEventCounts
  /** Sends what waits, for so long. */
  close(patienceMs: number): Promise<void>
}

/** A collector of CloudEvents at the settings' address. */
export function cloudEventCollector(
  settings: CloudEventSettings,
  options: Omit<CloudEventSinkOptions, 'settings'>,
): EventCollector {
  const sink = new CloudEventSink({ ...options, settings })
  return {
    send: (entries, traceId) => sink.add(makeEvents(entries, settings, traceId)),
    get counts() {
      return sink.counts
    },
    close: (patienceMs) => sink.close(patienceMs),
  }
}
