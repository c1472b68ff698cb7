import { createServer, type IncomingHttpHeaders } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterEach, expect, test } from 'vitest'
import type { PredictionEntry } from '../prediction-log/prediction-log.ts'
import { CloudEventSettings } from './cloud-event-settings.ts'
import { type CloudEvent, CloudEventSink } from './cloud-event-sink.ts'
import { cloudEventCollector } from './event-collector.ts'
import { makeEvents } from './make-events.ts'

interface Posted {
  readonly headers: IncomingHttpHeaders
  readonly body: unknown
}

const ends: (() => Promise<void>)[] = []
afterEach(async () => {
  for (const end of ends.splice(0)) await end()
})

/** A collector on this machine, which answers with the statuses in turn, the last one for ever. */
async function collector(...answers: readonly (number | { status: number; headers: Record<string, string> })[]) {
  const posted: Posted[] = []
  const server = createServer((request, response) => {
    let text = ''
    request.on('data', (part) => {
      text += part
    })
    request.on('end', () => {
      const answer = answers[Math.min(posted.length, answers.length - 1)] ?? 204
      posted.push({ headers: request.headers, body: JSON.parse(text) })
      const { status, headers } = typeof answer === 'number' ? { status: answer, headers: {} } : answer
      response.writeHead(status, headers).end('what it says is not read')
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  ends.push(
    () =>
      new Promise<void>((resolve) => {
        server.closeAllConnections()
        server.close(() => resolve())
      }),
  )
  return { posted, url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/events` }
}

const settingsFor = (url: string, more: object = {}) => CloudEventSettings.parse({ url, allowPrivate: true, ...more })

const entry = (id: string, more: Partial<PredictionEntry> = {}): PredictionEntry => ({
  id,
  time: Date.parse('2026-11-21T08:00:00Z'),
  model: 'risk',
  version: 3,
  alias: 'champion',
  key: null,
  request: 'R1',
  latencyMs: 1.5,
  features: { Age: 20, Course: 33 },
  answer: { label: 'Dropout', probabilities: { Dropout: 0.9, Graduate: 0.1 } },
  person: 'HASH-OF-A-PERSON',
  sensitive: 'SENSITIVE',
  ...more,
})
const event = (id: string): CloudEvent => makeEvents([entry('P', { request: id })], settingsFor('http://x.example'))[0]!

test('a request is a pair of events with its id, as KServe pairs them, without who the person is', async () => {
  const { posted, url } = await collector()
  const sink = cloudEventCollector(settingsFor(url, { headersFromEnv: { authorization: 'TOKEN', 'x-none': 'NONE' } }), {
    environment: { TOKEN: 'Bearer abc' },
  })
  sink.send([entry('P1'), entry('P2', { features: { Age: 30, Course: null } })], 'f'.repeat(32))
  await sink.close(5000)
  expect(sink.counts).toEqual({ sent: 2, dropped: 0, waiting: 0 })
  const attributes = {
    specversion: '1.0',
    id: 'R1',
    source: 'bellwether',
    time: '2026-11-21T08:00:00.000Z',
    datacontenttype: 'application/json',
    inferenceservicename: 'risk',
    modelversion: '3',
    endpoint: 'champion',
    traceid: 'f'.repeat(32),
  }
  expect(posted.map(({ body }) => body)).toEqual([
    {
      ...attributes,
      type: 'org.kubeflow.serving.inference.request',
      data: {
        records: [
          { Age: 20, Course: 33 },
          { Age: 30, Course: null },
        ],
      },
    },
    {
      ...attributes,
      type: 'org.kubeflow.serving.inference.response',
      data: {
        model: { name: 'risk', version: 3, alias: 'champion' },
        latencyMs: 1.5,
        predictions: ['P1', 'P2'].map((id) => ({
          id,
          label: 'Dropout',
          probabilities: { Dropout: 0.9, Graduate: 0.1 },
        })),
      },
    },
  ])
  expect(posted[0]!.headers).toMatchObject({
    'content-type': 'application/cloudevents+json; charset=utf-8',
    authorization: 'Bearer abc',
  })
  expect(posted[0]!.headers['x-none']).toBeUndefined()
  expect(JSON.stringify(posted)).not.toMatch(/HASH-OF|SENSITIVE/)
  for (const { body } of posted) for (const name of Object.keys(body as object)) expect(name).toMatch(/^[a-z0-9]+$/)
})

test('batches are arrays of their own media type, of at most so many events', async () => {
  const { posted, url } = await collector()
  const sink = new CloudEventSink({ settings: settingsFor(url, { mode: 'batch', batchSize: 4 }) })
  sink.add(Array.from({ length: 10 }, (_, i) => event(`E${i}`)))
  await sink.close(5000)
  expect(posted.map(({ body }) => (body as CloudEvent[]).map(({ id }) => id))).toEqual([
    ['E0', 'E1', 'E2', 'E3'],
    ['E4', 'E5', 'E6', 'E7'],
    ['E8', 'E9'],
  ])
  expect(posted[0]!.headers['content-type']).toBe('application/cloudevents-batch+json; charset=utf-8')
})

test('a collector that is busy is asked again, after longer and longer waits or the time that it names; told of once', async () => {
  const { posted, url } = await collector(503, 500, { status: 429, headers: { 'retry-after': '1' } }, 204)
  const troubles: unknown[] = []
  const sink = new CloudEventSink({
    settings: settingsFor(url),
    firstWaitMs: 10,
    onTrouble: (error) => troubles.push(error),
  })
  const started = Date.now()
  sink.add([event('E')])
  await sink.close(20_000)
  expect(posted).toHaveLength(4)
  expect(Date.now() - started).toBeGreaterThan(1000)
  expect(sink.counts).toEqual({ sent: 1, dropped: 0, waiting: 0 })
  expect(troubles).toHaveLength(1)
})

test('what a collector refuses, and what fails every attempt, is dropped and counted', async () => {
  const { posted, url } = await collector(400)
  const refusing = new CloudEventSink({ settings: settingsFor(url), firstWaitMs: 1 })
  refusing.add([event('E')])
  await refusing.close(5000)
  expect(posted).toHaveLength(1)
  expect(refusing.counts.dropped).toBe(1)
  const dead = new CloudEventSink({ settings: settingsFor('http://127.0.0.1:9/', { attempts: 3 }), firstWaitMs: 1 })
  dead.add([event('E'), event('F')])
  await dead.close(10_000)
  expect(dead.counts).toEqual({ sent: 0, dropped: 2, waiting: 0 })
})

test('a collector that never answers costs events beyond the bound, and neither time nor memory', async () => {
  const sink = new CloudEventSink({
    settings: settingsFor('http://127.0.0.1:9/', { queueBytes: 64 * 1024 }),
    post: () => new Promise((_, reject) => setTimeout(() => reject(new Error('late')), 300)),
  })
  const started = performance.now()
  for (let i = 0; i < 2000; i++) sink.add([event(`E${i}`)])
  expect(performance.now() - started).toBeLessThan(1000)
  expect(sink.counts.waiting).toBeLessThan(400)
  expect(sink.counts.dropped + sink.counts.waiting).toBe(2000)
  const closing = Date.now()
  await sink.close(100)
  expect(Date.now() - closing).toBeLessThan(5000)
  expect(sink.counts).toEqual({ sent: 0, dropped: 2000, waiting: 0 })
})

test('an address of a private network is refused unless the operator allows it, also where it redirects there', async () => {
  const { posted, url } = await collector({ status: 302, headers: { location: 'http://127.0.0.1:9/' } })
  const troubles: unknown[] = []
  const closed = new CloudEventSink({
    settings: settingsFor(url, { allowPrivate: false, attempts: 1 }),
    onTrouble: (error) => troubles.push(error),
  })
  closed.add([event('E')])
  await closed.close(5000)
  expect(posted).toEqual([])
  expect(troubles).toMatchObject([{ code: 'URL_REFUSED' }])
  const redirected = new CloudEventSink({ settings: settingsFor(url), firstWaitMs: 1 })
  redirected.add([event('E')])
  await redirected.close(5000)
  expect(redirected.counts).toMatchObject({ sent: 0, dropped: 1 })
})

test.each([
  [{ url: 'ftp://x.example' }],
  [{ url: 'no address' }],
  [{ url: 'https://x.example', mode: 'binary' }],
  [{ url: 'https://x.example', events: [] }],
  [{ url: 'https://x.example', token: 'x' }],
])('settings such as %j are refused', (settings) => {
  expect(CloudEventSettings.safeParse(settings).success).toBe(false)
})
