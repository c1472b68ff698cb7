import path from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { CloudEventSettings } from '../serve/cloud-events/cloud-event-settings.ts'
import type { CloudEvent } from '../serve/cloud-events/cloud-event-sink.ts'
import { cloudEventCollector } from '../serve/cloud-events/event-collector.ts'
import { FilePredictionLog } from '../store/prediction-log/file-prediction-log.ts'
import { tableToRecords } from '../table/table-to-records.ts'
import { ServedHome } from './testing/served-home.ts'
import { appFor } from './testing/test-server.ts'

let served: ServedHome
let log: FilePredictionLog
let record: Record<string, unknown>
beforeAll(async () => {
  served = await ServedHome.make()
  const { students } = await served.register({})
  await served.register({ name: 'quiet', project: { serving: { cloudEvents: false } } })
  record = tableToRecords(students.table, students.schema.columns)[0]!
  log = await FilePredictionLog.open(path.join(served.folder, 'predictions'), { clock: Date.now })
})
afterAll(async () => {
  await log.close()
  await served.remove()
})

test('predictions of every protocol go to the collector as pairs; not those of a project that says so', async () => {
  const events: CloudEvent[] = []
  const settings = CloudEventSettings.parse({ url: 'https://collector.example', mode: 'batch' })
  const collector = cloudEventCollector(settings, {
    post: async (body) => {
      events.push(...(JSON.parse(body.toString()) as CloudEvent[]))
      return { status: 204, retryAfterMs: 0 }
    },
  })
  const { ask } = await appFor(served, { predictionLog: log, cloudEvents: collector, defaultModel: 'risk' })
  const asked = [
    await ask('POST', '/api/v1/models/risk/predict', { body: { records: [record, { ...record, Student: 'CANARY' }] } }),
    await ask('POST', '/predict', { body: record }),
    await ask('POST', '/invocations', { body: { dataframe_records: [record] } }),
    await ask('POST', '/api/v1/models/quiet/predict', { body: { records: [record] } }),
    await ask('POST', '/api/v1/models/risk/predict', { body: { records: [{}] } }),
  ]
  expect(asked.map(({ status }) => status)).toEqual([200, 200, 200, 200, 400])
  const metrics = await ask('GET', '/metrics')
  await collector.close(5000)
  const pairs = new Map<string, string[]>()
  for (const { id, type } of events) pairs.set(id, [...(pairs.get(id) ?? []), type.split('.').at(-1)!])
  expect([...pairs]).toEqual(asked.slice(0, 3).map(({ headers }) => [headers['x-request-id'], ['request', 'response']]))
  const [request, response] = events
  expect(Object.keys((request!.data as { records: object[] }).records[0]!)).toEqual(
    Object.keys(record).filter((name) => name !== 'Student' && name !== 'Outcome'),
  )
  expect((response!.data as { predictions: { id: string }[] }).predictions.map(({ id }) => id)).toEqual(
    asked[0]!.json().predictions.map(({ id }: { id: string }) => id),
  )
  expect(JSON.stringify(events)).not.toContain('CANARY')
  for (const name of ['sent_total', 'dropped_total', 'waiting'])
    expect(metrics.text).toContain(`bellwether_cloud_events_${name}`)
})
