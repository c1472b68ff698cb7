import { once } from 'node:events'
import { connect } from 'node:net'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { shapeFault } from './body-shape.ts'
import { Pressure } from './pressure.ts'
import type { ServerLimits } from './server-options.ts'
import { startServer } from './start-server.ts'
import { type RegisteredForTest, ServedHome } from './testing/served-home.ts'
import { recordOf } from './testing/students.ts'
import { appFor, optionsFor } from './testing/test-server.ts'

let served: ServedHome
let risk: RegisteredForTest
const closers: (() => Promise<unknown> | unknown)[] = []

beforeAll(async () => {
  served = await ServedHome.make()
  risk = await served.register({ name: 'risk' })
})
afterEach(async () => {
  for (const close of closers.splice(0)) await close()
})
afterAll(() => served.remove())

const open = async (limits: Partial<ServerLimits>) => {
  const { app, ask, lines } = await appFor(served, { limits })
  closers.push(() => app.close())
  return { ask, lines }
}

describe('under pressure', () => {
  test('no more requests are taken than may be in flight: 503 with Retry-After, before the body is read', {
    timeout: 120_000,
  }, async () => {
    const server = await startServer(optionsFor(served, [], { port: 0, limits: { inFlight: 1 } }))
    closers.push(() => server.close())
    const port = Number(new URL(server.url).port)
    const slow = connect(port, '127.0.0.1')
    slow.write(
      `POST /predict/v2 HTTP/1.1\r\nHost: localhost:${port}\r\nContent-Type: application/json\r\nContent-Length: 10\r\nExpect: 100-continue\r\n\r\n`,
    )
    await once(slow, 'data')
    const refused = await fetch(`${server.url}/api/v1/models`)
    expect([refused.status, refused.headers.get('retry-after'), (await refused.json()) as object]).toEqual([
      503,
      '2',
      expect.objectContaining({ error: 'OVERLOADED' }),
    ])
    expect((await fetch(`${server.url}/health/live`)).status).toBe(200)
    const { text } = { text: await (await fetch(`${server.url}/metrics`)).text() }
    expect(text).toContain('bellwether_errors_total{class="limit"} 1')
    const gone = once(slow, 'close')
    slow.destroy()
    await gone
    await expect.poll(async () => (await fetch(`${server.url}/api/v1/models`)).status, { timeout: 15_000 }).toBe(200)
  })

  test('nothing is taken while memory is beyond its limit, and the log says so once', async () => {
    const { ask, lines } = await open({ memoryBytes: 1 })
    await expect.poll(async () => (await ask('GET', '/api/v1/models')).status, { timeout: 15_000 }).toBe(503)
    expect((await ask('GET', '/health/live')).status).toBe(200)
    expect(lines.filter((line) => line.includes('refuses requests'))).toHaveLength(1)
  })

  test('a late event loop is noticed while it lasts, and is over when it is', async () => {
    const seen: (string | null)[] = []
    const pressure = new Pressure({
      inFlight: 1,
      eventLoopDelayMs: 40,
      memoryBytes: null,
      requests: () => 0,
      onChange: (why) => void seen.push(why),
    })
    closers.push(() => pressure.close())
    const until = performance.now() + 20_000
    while (pressure.why === null && performance.now() < until) {
      const end = performance.now() + 90
      while (performance.now() < end) Math.sqrt(end)
      await new Promise((resolve) => setImmediate(resolve))
    }
    expect(pressure.why).toBe('the event loop is late')
    await expect.poll(() => pressure.why, { timeout: 20_000 }).toBeNull()
    expect(seen.slice(0, 2)).toEqual(['the event loop is late', null])
  })
})

describe('bodies', () => {
  const nested = (depth: number) => JSON.parse(`${'['.repeat(depth)}${']'.repeat(depth)}`)
  test.each([
    ['/api/v1/models/risk/predict'],
    ['/invocations'],
    ['/v2/models/risk/infer'],
    ['/api/2.0/mlflow/experiments/create'],
  ])('that are nested too deep are refused at %s', async (url) => {
    const { ask } = await open({})
    const answer = await ask('POST', url, { body: { records: nested(40), name: 'x' } })
    expect([answer.status, answer.text]).toEqual([400, expect.stringContaining('32 levels')])
  })

  test('of 100,000 levels are refused like any other, and the server goes on', async () => {
    const { ask } = await open({})
    const body = `${'{"a":'.repeat(100_000)}1${'}'.repeat(100_000)}`
    expect((await ask('POST', '/predict', { body })).status).toBe(400)
    expect((await ask('GET', '/health/live')).status).toBe(200)
  })

  test('with too many fields are refused, without a name of one', async () => {
    const { ask } = await open({ jsonFields: 20 })
    const body = Object.fromEntries(Array.from({ length: 21 }, (_, i) => [`secret${i}`, i]))
    const answer = await ask('POST', '/predict', { body })
    expect([answer.status, answer.text]).toEqual([400, expect.stringContaining('more than 20 fields')])
    expect(answer.text).not.toContain('secret')
    expect((await ask('POST', '/predict', { body: recordOf(risk.students, 0) })).status).toBe(200)
  })

  test('within the limits are as they were', () => {
    const limits = { jsonDepth: 3, jsonFields: 2 }
    expect(shapeFault({ a: [{ b: 1 }], c: null }, limits)).toBeNull()
    expect(shapeFault({ a: [{ b: [] }] }, limits)).toBe('is nested more than 3 levels deep')
    expect(shapeFault(Buffer.alloc(3), { jsonDepth: 0, jsonFields: 0 })).toBeNull()
  })
})

describe('behind a proxy', () => {
  const statuses = async (trustedProxies: readonly string[]) => {
    const { app, ask } = await appFor(served, { limits: { addressRatePerMinute: 1 }, trustedProxies })
    closers.push(() => app.close())
    const seen = []
    for (const from of ['1.1.1.1', '2.2.2.2', '9.9.9.9, 2.2.2.2'])
      seen.push((await ask('GET', '/health/live', { headers: { 'x-forwarded-for': from } })).status)
    return seen
  }

  test('that is trusted, the address before it counts, and not what a client wrote before that', async () => {
    expect(await statuses(['127.0.0.0/8'])).toEqual([200, 200, 429])
  })

  test('that is not trusted, the connection counts', async () => {
    expect(await statuses(['10.0.0.0/8'])).toEqual([200, 429, 429])
  })
})

describe('closing', () => {
  test('answers every request that was taken, and lets idle connections go at once', async () => {
    const server = await startServer(optionsFor(served, [], { port: 0 }))
    const port = Number(new URL(server.url).port)
    const body = JSON.stringify({ records: [recordOf(risk.students, 0)] })
    const head = `POST /predict/v2 HTTP/1.1\r\nHost: localhost:${port}\r\nContent-Type: application/json\r\nContent-Length: ${body.length}\r\n`
    const taken = await Promise.all(
      Array.from({ length: 5 }, async () => {
        const socket = connect(port, '127.0.0.1')
        let text = ''
        socket.on('data', (part) => {
          text += part
        })
        socket.write(`${head}Expect: 100-continue\r\n\r\n`)
        await once(socket, 'data')
        return { socket, answer: once(socket, 'close').then(() => text) }
      }),
    )
    const idle = connect(port, '127.0.0.1')
    idle.write(`GET /health/live HTTP/1.1\r\nHost: localhost:${port}\r\n\r\n`)
    await once(idle, 'data')
    const idleGone = once(idle, 'close')
    const closed = server.close()
    await idleGone
    for (const { socket } of taken) socket.write(body)
    for (const { answer } of taken) expect(await answer).toContain('HTTP/1.1 200 OK')
    await closed
  })
})
