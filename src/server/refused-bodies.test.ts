import { connect } from 'node:net'
import { gzipSync } from 'node:zlib'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type RunningServer, startServer } from './start-server.ts'
import { type RegisteredForTest, ServedHome } from './testing/served-home.ts'
import { recordOf } from './testing/students.ts'
import { optionsFor } from './testing/test-server.ts'

let served: ServedHome
let risk: RegisteredForTest
let server: RunningServer

beforeAll(async () => {
  served = await ServedHome.make()
  risk = await served.register({ name: 'risk' })
  server = await startServer(optionsFor(served, [], { port: 0 }))
}, 60_000)
afterAll(async () => {
  await server?.close()
  await served?.remove()
})

/**
 * Sends a whole body before it reads anything, as programs do that write a request and then wait for its answer.
 * @returns the status line, once there is one; what became of the connection
 */
function sendAll(path: string, type: string, bytes: number, behind = ''): Promise<{ answers: string[]; sent: number }> {
  const port = Number(new URL(server.url).port)
  return new Promise((resolve, reject) => {
    const socket = connect(port, '127.0.0.1').pause()
    let text = ''
    let sent = 0
    const chunk = Buffer.alloc(65_536, 'x')
    const pump = () => {
      while (sent < bytes) {
        sent += chunk.length
        if (!socket.write(chunk)) return void socket.once('drain', pump)
      }
      socket.write(behind)
      socket.on('data', (piece) => {
        text += piece.toString('latin1')
        if (behind === '') done()
      })
      socket.once('end', done)
      socket.resume()
    }
    const done = () => {
      socket.destroy()
      resolve({ answers: text.match(/HTTP\/1\.1 \d+/g) ?? [], sent })
    }
    socket.on('error', (error: NodeJS.ErrnoException) => reject(new Error(`${error.code} after ${sent} bytes`)))
    socket.write(
      `POST ${path} HTTP/1.1\r\nHost: localhost:${port}\r\nContent-Type: ${type}\r\nContent-Length: ${bytes}\r\n\r\n`,
    )
    pump()
  })
}

const MiB = 2 ** 20

describe('a body that is refused before it is whole', { timeout: 60_000 }, () => {
  test.each([
    ['too large', '/api/v1/models/risk/predict', 'application/json', 413],
    ['too large, nowhere', '/nothing', 'application/json', 413],
    ['of another type', '/api/v1/models/risk/predict', 'text/plain', 415],
    ['an upload to no model', '/api/v1/models/nobody/batch', 'text/csv', 404],
    ['an upload of another type', '/api/v1/models/risk/batch', 'text/weird', 415],
  ])('is answered, and the client can read why: %s', async (_name, path, type, status) => {
    const { answers, sent } = await sendAll(path, type, 24 * MiB)
    expect([answers, sent]).toEqual([[`HTTP/1.1 ${status}`], 24 * MiB])
  })

  test('and what stands behind it on a connection that ends is not read as a request', async () => {
    const behind = `GET /health/live HTTP/1.1\r\nHost: localhost\r\n\r\n`
    const { answers } = await sendAll('/api/v1/models/risk/predict', 'application/json', 10 * MiB, behind.repeat(3))
    expect(answers).toEqual(['HTTP/1.1 413'])
  })

  test('holds up a server that closes no longer than one that is read', async () => {
    const own = await startServer(optionsFor(served, [], { port: 0 }))
    const port = Number(new URL(own.url).port)
    const socket = connect(port, '127.0.0.1').on('error', () => {})
    socket.write(
      `POST /predict/v2 HTTP/1.1\r\nHost: localhost:${port}\r\nContent-Type: application/json\r\nContent-Length: 99999999\r\n\r\n{`,
    )
    await new Promise((resolve) => socket.once('data', resolve))
    const begun = performance.now()
    await own.close()
    expect(performance.now() - begun).toBeLessThan(15_000)
    socket.destroy()
  })
})

describe('a body with a content coding', () => {
  const ask = (path: string, body: Buffer, coding: string) =>
    fetch(`${server.url}${path}`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', 'content-encoding': coding },
      body: new Uint8Array(body),
    })

  test('that nothing here unpacks is refused with 415, and told what is taken; it was read as if it had none', async () => {
    const body = Buffer.from(JSON.stringify({ records: [recordOf(risk.students, 1)] }))
    for (const path of ['/api/v1/models/risk/predict', '/predict/v2', '/invocations', '/v2/models/risk/infer'])
      for (const [coding, bytes] of [
        ['gzip', gzipSync(body)],
        ['br', body],
        ['gzip, identity', gzipSync(body)],
      ] as const) {
        const answer = await ask(path, bytes, coding)
        expect([path, answer.status, answer.headers.get('accept-encoding')]).toEqual([path, 415, 'identity'])
        expect(await answer.text()).toContain('Content-Encoding')
      }
  })

  test('of no meaning is taken', async () => {
    const body = Buffer.from(JSON.stringify({ records: [recordOf(risk.students, 1)] }))
    expect((await ask('/predict/v2', body, 'Identity')).status).toBe(200)
  })
})
