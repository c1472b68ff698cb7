import { once } from 'node:events'
import { connect, createServer } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import type { ServerOptions } from './server-options.ts'
import { type RunningServer, startServer } from './start-server.ts'
import { type RegisteredForTest, ServedHome } from './testing/served-home.ts'
import { recordOf } from './testing/students.ts'
import { optionsFor } from './testing/test-server.ts'

let served: ServedHome
let risk: RegisteredForTest
const running: RunningServer[] = []

beforeAll(async () => {
  served = await ServedHome.make()
  risk = await served.register({ name: 'risk' })
})

afterEach(async () => {
  for (const server of running.splice(0)) await server.close()
})

afterAll(async () => {
  await served.remove()
})

async function start(
  overrides: Partial<ServerOptions> = {},
): Promise<{ server: RunningServer; lines: string[]; port: number }> {
  const lines: string[] = []
  const server = await startServer(optionsFor(served, lines, { port: 0, ...overrides }))
  running.push(server)
  return { server, lines, port: Number(new URL(server.url).port) }
}

/** Sends bytes, and gives all that comes back until the server hangs up. */
async function talk(port: number, bytes: string): Promise<string> {
  const socket = connect(port, '127.0.0.1')
  const chunks: Buffer[] = []
  socket.on('data', (chunk) => chunks.push(chunk))
  socket.on('error', () => undefined)
  socket.write(bytes)
  await once(socket, 'close')
  return Buffer.concat(chunks).toString()
}

const bodyOf = (response: string) => JSON.parse(response.slice(response.indexOf('\r\n\r\n') + 4))

describe('a started server', () => {
  test('answers on its socket what the library answers', async () => {
    const { server } = await start()
    expect(server.url).toMatch(/^http:\/\/127\.0\.0\.1:\d+$/)
    const answer = await fetch(`${server.url}/api/v1/models/risk/predict`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ records: [recordOf(risk.students, 0)] }),
    })
    const { predictions } = (await answer.json()) as { predictions: { probabilities: Record<string, number> }[] }
    const expected = risk.pipeline.predict(risk.students.table).subarray(0, 3)
    expect(Object.values(predictions[0]!.probabilities)).toEqual([...expected])
  })

  test('loads its models by itself', async () => {
    const { lines } = await start()
    await expect
      .poll(() => lines.some((line) => line.includes('"models":1') && line.includes('models loaded')), {
        timeout: 15_000,
      })
      .toBe(true)
  })

  test('writes its log as JSON lines with the request ids that answers carry', async () => {
    const { server, lines } = await start()
    const answer = await fetch(`${server.url}/health/live`)
    await expect
      .poll(() => lines.map((line) => JSON.parse(line)).find(({ route }) => route === '/health/live'), {
        timeout: 15_000,
      })
      .toMatchObject({
        level: 'info',
        component: 'server',
        request: answer.headers.get('x-request-id'),
        method: 'GET',
        status: 200,
        time: expect.stringMatching(/^\d{4}-\d\d-\d\dT/),
      })
  })

  test('refuses a Host with another port', async () => {
    const { port } = await start()
    expect(await talk(port, `GET /health/live HTTP/1.1\r\nHost: localhost:1\r\nConnection: close\r\n\r\n`)).toMatch(
      /^HTTP\/1\.1 403 /,
    )
    expect(
      await talk(port, `GET /health/live HTTP/1.1\r\nHost: localhost:${port}\r\nConnection: close\r\n\r\n`),
    ).toMatch(/^HTTP\/1\.1 200 /)
  })
})

describe('what is no HTTP', () => {
  test.each([
    ['words', 'HELLO\r\n\r\n', 400, 'MALFORMED_REQUEST'],
    ['a request without a Host', 'GET /health/live HTTP/1.1\r\nConnection: close\r\n\r\n', 403, 'HOST_NOT_ALLOWED'],
    [
      'two lengths',
      'POST /predict HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab',
      400,
      'MALFORMED_REQUEST',
    ],
    [
      'a length and chunks',
      'POST /predict HTTP/1.1\r\nHost: localhost\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n',
      400,
      'MALFORMED_REQUEST',
    ],
    [
      'headers without end',
      `GET / HTTP/1.1\r\nHost: localhost\r\nX: ${'a'.repeat(200_000)}\r\n\r\n`,
      431,
      'HEADERS_TOO_LARGE',
    ],
  ])('%s get our error document and the door', async (_, bytes, status, code) => {
    const { port } = await start()
    const response = await talk(port, bytes)
    expect(response).toMatch(new RegExp(`^HTTP/1\\.1 ${status} `))
    expect(bodyOf(response)).toMatchObject({
      error: code,
      message: expect.any(String),
      hint: expect.any(String),
      details: [],
    })
  })

  test('a body that does not come is given up', async () => {
    const { port } = await start({ limits: { requestTimeoutMs: 1_000 } })
    const response = await talk(
      port,
      `POST /predict HTTP/1.1\r\nHost: localhost:${port}\r\nContent-Type: application/json\r\nContent-Length: 10\r\n\r\n{`,
    )
    expect(response).toMatch(/^HTTP\/1\.1 408 /)
    expect(bodyOf(response).error).toBe('REQUEST_TIMEOUT')
  })
})

describe('starting', () => {
  test('on a port that is taken is PORT_IN_USE, and names it', async () => {
    const other = createServer().listen(0, '127.0.0.1')
    await once(other, 'listening')
    const { port } = other.address() as { port: number }
    await expect(start({ port })).rejects.toMatchObject({
      code: 'PORT_IN_USE',
      message: expect.stringContaining(String(port)),
    })
    other.close()
  })

  test.each(['0.0.0.0', '::', '192.0.2.1', 'example.org'])('on %s is refused before anything listens', async (host) => {
    await expect(start({ host, authentication: 'off' })).rejects.toMatchObject({ code: 'AUTH_REQUIRED_FOR_BIND' })
  })

  test('with a default model that is not there, or an allowed host that is none, says so', async () => {
    await expect(start({ defaultModel: 'other' })).rejects.toMatchObject({ code: 'MODEL_NOT_FOUND' })
    await expect(start({ allowedHosts: ['http://x/'] })).rejects.toMatchObject({ code: 'USAGE' })
  })
})

describe('closing', () => {
  test('finishes what was taken, and takes nothing new', async () => {
    const { server, port } = await start()
    const body = JSON.stringify({
      records: Array.from({ length: 600 }, (_, row) => recordOf(risk.students, row % 240)),
    })
    const socket = connect(port, '127.0.0.1')
    const chunks: Buffer[] = []
    socket.on('data', (chunk) => chunks.push(chunk))
    const received = () => Buffer.concat(chunks).toString()
    socket.write(
      `POST /predict/v2 HTTP/1.1\r\nHost: localhost:${port}\r\nContent-Type: application/json\r\nContent-Length: ${body.length}\r\nExpect: 100-continue\r\n\r\n`,
    )
    await expect.poll(received, { timeout: 15_000 }).toContain('100 Continue')
    const closed = server.close()
    const gone = once(socket, 'close')
    socket.write(body)
    await gone
    await closed
    const answer = received().slice(received().indexOf('HTTP/1.1 200'))
    expect(answer).toMatch(/^HTTP\/1\.1 200 [\s\S]*connection: close/)
    expect(bodyOf(answer).predictions).toHaveLength(600)
    await expect(once(connect(port, '127.0.0.1'), 'connect')).rejects.toMatchObject({ code: 'ECONNREFUSED' })
  })

  test('does not wait for ever for a client that does not read or send', async () => {
    const { server, port } = await start({ limits: { closeTimeoutMs: 200 } })
    const socket = connect(port, '127.0.0.1')
    socket.on('error', () => undefined)
    socket.write(
      `POST /predict HTTP/1.1\r\nHost: localhost:${port}\r\nContent-Type: application/json\r\nContent-Length: 10\r\n\r\n{`,
    )
    await sleep(100)
    // Not `once`, which fails where the connection is reset; either way it is over.
    const gone = new Promise((resolve) => socket.once('close', resolve))
    await server.close()
    await gone
  })

  test('twice is as good as once', async () => {
    const { server } = await start()
    await Promise.all([server.close(), server.close()])
    await server.close()
  })
})
