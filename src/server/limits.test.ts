import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { createKey, KeyOptions } from '../security/manage-keys.ts'
import { TokenBuckets } from '../security/token-bucket.ts'
import { coarsened } from './coarse-answers.ts'
import type { TypedApp } from './route-types.ts'
import type { ServerOptions } from './server-options.ts'
import { type RegisteredForTest, ServedHome } from './testing/served-home.ts'
import { recordOf } from './testing/students.ts'
import { type Ask, appFor } from './testing/test-server.ts'

let served: ServedHome
let risk: RegisteredForTest
let app: TypedApp
let ask: Ask
let now = Date.UTC(2026, 0, 1)

const open = async (options: Partial<ServerOptions> = {}) => {
  ;({ app, ask } = await appFor(served, { clock: () => now, authentication: 'on', ...options }))
}
const headersOf = async (options: Partial<KeyOptions>) => {
  const all = KeyOptions.parse({ name: 'test', role: 'predictor', ...options })
  const { key } = await createKey(served.home.keys, all, { actor: 'test', now })
  now += 60_000
  return { 'x-api-key': key }
}

beforeAll(async () => {
  served = await ServedHome.make()
  risk = await served.register({ name: 'risk' })
})
afterEach(() => app?.close())
afterAll(() => served.remove())

describe('rates', () => {
  test('of a key hold for that key: 429 with the time to wait, then on', async () => {
    await open()
    const headers = await headersOf({ ratePerMinute: 3 })
    const other = await headersOf({})
    const get = () => ask('GET', '/api/v1/models', { headers })
    const seen = [await get(), await get(), await get()]
    expect(seen.map((answer) => [answer.status, answer.headers['ratelimit-remaining']])).toEqual([
      [200, '2'],
      [200, '1'],
      [200, '0'],
    ])
    const refused = await get()
    expect([refused.status, refused.json().error, refused.headers['retry-after']]).toEqual([429, 'RATE_LIMITED', '20'])
    expect((await ask('GET', '/api/v1/models', { headers: other })).headers).not.toHaveProperty('ratelimit-limit')
    now += 20_000
    expect([(await get()).status, (await get()).status]).toEqual([200, 429])
  })

  test('of an address hold for who shows no key, whatever X-Forwarded-For says', async () => {
    await open({ limits: { addressRatePerMinute: 2 }, authentication: 'auto' })
    const statuses = []
    for (const from of ['1.1.1.1', '2.2.2.2', '3.3.3.3'])
      statuses.push((await ask('GET', '/health/live', { headers: { 'x-forwarded-for': from } })).status)
    expect(statuses).toEqual([200, 200, 429])
  })

  test('of an address hold for wrong keys too, and a 401 says what is left as any answer does', async () => {
    await open({ limits: { addressRatePerMinute: 2 } })
    const right = await headersOf({})
    const wrong = { 'x-api-key': right['x-api-key'].replace(/.$/, (last) => (last === 'A' ? 'B' : 'A')) }
    const answers = []
    for (const headers of [wrong, {}, wrong, {}]) answers.push(await ask('GET', '/api/v1/models', { headers }))
    expect(answers.map((answer) => [answer.status, answer.headers['ratelimit-remaining']])).toEqual([
      [401, '1'],
      [401, '0'],
      [429, '0'],
      [429, '0'],
    ])
    expect((await ask('GET', '/api/v1/models', { headers: right })).status).toBe(200)
  })

  test('a bucket never holds more than a minute’s worth, nor gains when the clock goes back', () => {
    const buckets = new TokenBuckets()
    for (let i = 0; i < 60; i++) expect(buckets.take('a', 60, 0).allowed).toBe(true)
    expect(buckets.take('a', 60, -5000).allowed).toBe(false)
    let allowed = 0
    for (let i = 0; i < 100; i++) if (buckets.take('a', 60, 10 * 60_000).allowed) allowed++
    expect(allowed).toBe(60)
  })
})

describe('a key with limited probabilities', () => {
  const predict = async (headers: Record<string, string>) =>
    (
      await ask('POST', '/api/v1/models/risk/predict', {
        headers,
        body: { records: [recordOf(risk.students, 0)], explain: true },
      })
    ).json().predictions[0]

  test('gets them rounded, and the same label', async () => {
    await open()
    const full = await predict(await headersOf({}))
    const rounded = await predict(await headersOf({ probabilities: 1 }))
    expect(rounded.label).toBe(full.label)
    for (const [label, value] of Object.entries<number>(full.probabilities)) {
      expect(rounded.probabilities[label]).toBe(Number(value.toFixed(1)))
      expect(rounded.probabilities[label]).not.toBe(value)
    }
    expect(JSON.stringify(rounded)).not.toMatch(/\d\.\d\d/)
  })

  test('gets labels only where they are withheld, in each protocol', async () => {
    await open()
    const headers = await headersOf({ probabilities: 'withheld' })
    const prediction = await predict(headers)
    expect(Object.keys(prediction)).toEqual(expect.arrayContaining(['label', 'id']))
    for (const name of ['probabilities', 'confidence', 'explanation']) expect(prediction).not.toHaveProperty(name)
    const record = recordOf(risk.students, 0)
    const flat = await ask('POST', '/predict', { headers, body: record })
    expect(flat.text).not.toMatch(/0\.\d/)
    const proba = await ask('POST', '/invocations', {
      headers,
      body: { dataframe_records: [record], params: { predict_method: 'predict_proba' } },
    })
    expect([proba.status, proba.text]).toEqual([200, expect.not.stringMatching(/0\.\d/)])
  })

  test('numbers of every shape are made coarser', () => {
    const value = { a: [0.123, { b: Float64Array.of(0.5, 2.25) }], probabilities: { x: 0.1 }, n: 3, s: '0.123' }
    expect(coarsened(value, 1)).toEqual({ a: [0.1, { b: [0.5, 2.3] }], probabilities: { x: 0.1 }, n: 3, s: '0.123' })
    expect(coarsened(value, 'withheld')).toEqual({ a: [null, { b: [null, 2.25] }], n: 3, s: '0.123' })
    const tensor = { name: 'distances', datatype: 'FP64', shape: [1, 2], data: [2.5, 4] }
    expect(coarsened({ cluster: 1, distances: [2.5, 4], outputs: [tensor] }, 'withheld')).toEqual({
      cluster: 1,
      outputs: [{ ...tensor, data: [null, null] }],
    })
  })
})
