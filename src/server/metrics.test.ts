import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { createKey, KeyOptions } from '../security/manage-keys.ts'
import { errorClass } from './error-class.ts'
import type { TypedApp } from './route-types.ts'
import { type RegisteredForTest, ServedHome } from './testing/served-home.ts'
import { recordOf } from './testing/students.ts'
import { type Ask, appFor } from './testing/test-server.ts'

let served: ServedHome
let risk: RegisteredForTest
let app: TypedApp
let ask: Ask

beforeAll(async () => {
  served = await ServedHome.make()
  risk = await served.register({ name: 'risk' })
  ;({ app, ask } = await appFor(served, { defaultModel: 'risk', authentication: 'off' }))
})
afterAll(async () => {
  await app.close()
  await served.remove()
})

const metrics = async () => (await ask('GET', '/metrics')).text

describe('metrics', () => {
  test('count errors by whose fault they are, from 0 on', async () => {
    expect(await metrics()).toContain('bellwether_errors_total{class="internal"} 0')
    await ask('POST', '/predict', { body: { Age: 'old' } })
    await ask('GET', '/nothing-here')
    await ask('POST', '/predict', { body: '{' })
    const text = await metrics()
    expect(text).toContain('bellwether_errors_total{class="input"} 3')
    expect(text).toContain('bellwether_errors_total{class="dependency"} 0')
  })

  test('time predictions by version and protocol, and leave none in the queue', async () => {
    const record = recordOf(risk.students, 0)
    const before = await metrics()
    await ask('POST', '/predict', { body: record })
    await ask('POST', '/api/v1/models/risk/predict', { body: { records: [record, record] } })
    await ask('POST', '/api/v1/models/risk/predict', { body: { records: [{ Age: 1 }] } })
    await ask('POST', '/invocations', { body: { dataframe_records: [record] } })
    await ask('POST', '/v1/models/risk:predict', { body: { instances: [record] } })
    const text = await metrics()
    const countIn = (all: string, protocol: string) =>
      Number(
        new RegExp(
          `bellwether_prediction_duration_seconds_count\\{[^}]*version="1",protocol="${protocol}"\\} (\\d+)`,
        ).exec(all)?.[1] ?? 0,
      )
    const count = (protocol: string) => countIn(text, protocol) - countIn(before, protocol)
    expect([count('bellwether'), count('mlflow'), count('tensorflow-v1')]).toEqual([3, 1, 1])
    expect(text).toContain('bellwether_prediction_queue_requests 0')
    // The request that asks is in flight itself.
    expect(text).toContain('bellwether_http_requests_in_flight 1')
  })

  test('tell lag, memory, lost entries and the version', async () => {
    const text = await metrics()
    for (const name of [
      'nodejs_eventloop_lag_p99_seconds',
      'process_resident_memory_bytes',
      'bellwether_prediction_log_lost_entries_total 0',
      'bellwether_build_info{version=',
    ])
      expect(text).toContain(name)
  })
})

describe('with keys', () => {
  const headersOf = async (role: KeyOptions['role'], models?: string[]) => {
    const all = KeyOptions.parse({ name: 'test', role, ...(models ? { models } : {}) })
    const { key } = await createKey(served.home.keys, all, { actor: 'test', now: Date.now() })
    return { 'x-api-key': key }
  }

  test('wrong ones are counted, missing ones are not', async () => {
    const headers = await headersOf('viewer')
    const { app: guarded, ask: askGuarded } = await appFor(served, { authentication: 'on' })
    await askGuarded('GET', '/api/v1/models')
    await askGuarded('GET', '/api/v1/models', { headers: { 'x-api-key': 'bw_wrong' } })
    const { text } = await askGuarded('GET', '/metrics', { headers })
    expect(text).toContain('bellwether_authentication_failures_total{reason="UNAUTHENTICATED"} 1')
    await guarded.close()
  })

  test('readiness, document and guide name the models that the caller may see, and no others', async () => {
    await served.register({ name: 'hidden' })
    const [all, some] = [await headersOf('viewer'), await headersOf('viewer', ['risk'])]
    const { app: guarded, ask: askGuarded } = await appFor(served, { authentication: 'on' })
    const names = async (headers?: Record<string, string>) => {
      const answer = await askGuarded('GET', '/health/ready', headers ? { headers } : {})
      expect(answer.status).toBe(200)
      return answer.json().models.map(({ name }: { name: string }) => name)
    }
    expect([await names(), await names(some), await names(all)]).toEqual([[], ['risk'], ['hidden', 'risk']])
    const paths = async (url: string, headers: Record<string, string>) => {
      const { text } = await askGuarded('GET', url, { headers })
      return [text.includes('/api/v1/models/risk/predict'), text.includes('/api/v1/models/hidden/predict')]
    }
    // At the same time: one caller's document must not be another's.
    for (const url of ['/openapi.json', '/docs/json', '/docs/yaml'])
      expect(await Promise.all([paths(url, some), paths(url, all), paths(url, some), paths(url, all)]), url).toEqual([
        [true, false],
        [true, true],
        [true, false],
        [true, true],
      ])
    await guarded.close()
  })
})

describe('the document', () => {
  test('names each way to show a credential, and what comes before a handler on every route', async () => {
    const spec = (await ask('GET', '/openapi.json')).json()
    expect(Object.keys(spec.components.securitySchemes)).toEqual(['bearer', 'apiKey', 'basic'])
    expect(spec.security).toEqual([{ bearer: [] }, { apiKey: [] }, { basic: [] }])
    for (const [path, item] of Object.entries<Record<string, { responses: Record<string, object> }>>(spec.paths))
      for (const [method, { responses }] of Object.entries(item)) {
        expect(Object.keys(responses), `${method} ${path}`).toEqual(
          expect.arrayContaining(['401', '403', '429', '503']),
        )
        expect(responses['429']).toHaveProperty('headers.Retry-After')
      }
    expect(spec.paths['/health/live'].get.security).toEqual([])
    expect(spec.paths['/api/v1/models'].get).not.toHaveProperty('security')
    // Another protocol says what is wrong in its own shape.
    const wire = spec.paths['/invocations'].post.responses
    expect(wire[429].content).toEqual(wire[400].content)
  })
})

test.each([
  [200, null, null],
  [400, 'INVALID_INPUT', 'input'],
  [422, 'CANNOT_SERVE', 'model'],
  [503, 'MODEL_UNAVAILABLE', 'model'],
  [429, 'RATE_LIMITED', 'limit'],
  [413, null, 'limit'],
  [503, 'AUTH_UNAVAILABLE', 'dependency'],
  [503, 'HOME_READ_ONLY', 'dependency'],
  [500, 'INTERNAL', 'internal'],
  [500, null, 'internal'],
] as const)('%s %s is of class %s', (status, code, expected) => {
  expect(errorClass(status, code)).toBe(expected)
})
