import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import net from 'node:net'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type Served, startServing } from '../support/served.ts'
import { sendRaw } from './raw-socket.ts'

const TIMEOUT_MS = 2000
let folder: string
let server: Served
let host: string

beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'bellwether-wire-'))
  const settings = path.join(folder, 'settings.yaml')
  await writeFile(settings, JSON.stringify({ limits: { requestTimeoutMs: TIMEOUT_MS } }))
  server = await startServing(['serve', '--create-home', '--home', path.join(folder, 'home'), '--settings', settings])
  host = new URL(server.url).host
}, 120_000)
afterAll(async () => {
  await server?.stop()
  await rm(folder, { recursive: true, force: true })
})

const isUp = async () => expect((await server.get('/health/live')).status).toBe(200)

describe('requests that say two things at once', () => {
  const smuggled = () => `GET /smuggled HTTP/1.1\r\nHost: ${host}\r\n\r\n`
  const wrong: Readonly<Record<string, () => string>> = {
    'a length and chunks': () =>
      `POST /predict HTTP/1.1\r\nHost: ${host}\r\nContent-Type: application/json\r\nContent-Length: 6\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n${smuggled()}`,
    'two lengths': () =>
      `POST /predict HTTP/1.1\r\nHost: ${host}\r\nContent-Length: 2\r\nContent-Length: 40\r\n\r\n{}${smuggled()}`,
    'a length that is none': () =>
      `POST /predict HTTP/1.1\r\nHost: ${host}\r\nContent-Length: 2,2\r\n\r\n{}${smuggled()}`,
    'chunks by a name that is none': () =>
      `POST /predict HTTP/1.1\r\nHost: ${host}\r\nTransfer-Encoding: xchunked\r\n\r\n0\r\n\r\n${smuggled()}`,
    'chunks, and then something else': () =>
      `POST /predict HTTP/1.1\r\nHost: ${host}\r\nTransfer-Encoding: chunked, identity\r\n\r\n0\r\n\r\n${smuggled()}`,
    'a name with a blank before its colon': () =>
      `POST /predict HTTP/1.1\r\nHost: ${host}\r\nTransfer-Encoding : chunked\r\n\r\n0\r\n\r\n${smuggled()}`,
    'a header on two lines': () =>
      `GET /health/live HTTP/1.1\r\nHost: ${host}\r\nX-A: 1\r\n Transfer-Encoding: chunked\r\n\r\n`,
    'two hosts': () => `GET /health/live HTTP/1.1\r\nHost: ${host}\r\nHost: evil.example\r\n\r\n`,
    'no host': () => 'GET /health/live HTTP/1.1\r\n\r\n',
    "another's host": () => 'GET /api/v1/models HTTP/1.1\r\nHost: evil.example\r\n\r\n',
    "another's host in the line itself": () =>
      `GET http://evil.example/api/v1/models HTTP/1.1\r\nHost: evil.example\r\n\r\n`,
    'a NUL in a header': () => `GET /health/live HTTP/1.1\r\nHost: ${host}\r\nX-A: a\u0000b\r\n\r\n`,
    'bare line ends': () =>
      `GET /health/live HTTP/1.1\nHost: ${host}\nContent-Length: 3\nTransfer-Encoding: chunked\n\n0\n\n`,
  }
  test.each(Object.keys(wrong))('%s: refused, and nothing behind it is read as a request', async (name) => {
    const { text, statuses } = await sendRaw(server.url, wrong[name]!())
    expect(statuses.length, text).toBe(1)
    expect([400, 403, 501], text).toContain(statuses[0])
    expect(text).not.toContain('smuggled')
    expect(text).toMatch(/\{"error":"[A-Z_]+"/)
    await isUp()
  })

  test('a request line of 64 KiB, headers of a megabyte, ten thousand headers are refused as JSON', async () => {
    const long = [
      `GET /${'a'.repeat(65_536)} HTTP/1.1\r\nHost: ${host}\r\n\r\n`,
      `GET /health/live HTTP/1.1\r\nHost: ${host}\r\nX-A: ${'a'.repeat(1_000_000)}\r\n\r\n`,
      `GET /health/live HTTP/1.1\r\nHost: ${host}\r\n${'X-A: 1\r\n'.repeat(10_000)}\r\n`,
    ]
    for (const bytes of long) {
      const { text, statuses } = await sendRaw(server.url, bytes)
      expect([400, 404, 414, 431], text.slice(0, 300)).toContain(statuses[0])
      expect(text).toMatch(/\{"error":"[A-Z_]+"/)
    }
    await isUp()
  })

  test('what is no HTTP at all is answered by closing', async () => {
    for (const bytes of [
      Buffer.from([0x16, 0x03, 0x01, 0x02, 0, 1, 0, 1, 0xfc]),
      Buffer.alloc(5000, 0xff),
      'SSH-2.0-x\r\n',
      '\r\n\r\n\r\n\u0000',
    ]) {
      const { statuses } = await sendRaw(server.url, bytes, TIMEOUT_MS * 3)
      expect(statuses.every((status) => status === 400 || status === 408)).toBe(true)
    }
    await isUp()
  }, 60_000)
})

/** Opens connections that send one byte at a time, for as long as the server lets them. @returns how many it closed within the time */
async function drip(begin: string, count: number, forMs: number): Promise<number> {
  const { hostname, port } = new URL(server.url)
  let closed = 0
  const sockets = Array.from({ length: count }, () => {
    const socket = net.connect(Number(port), hostname)
    socket.on('error', () => {})
    socket.on('close', () => closed++)
    socket.resume()
    socket.write(begin)
    const timer = setInterval(() => socket.writable && socket.write('a'), 200)
    socket.on('close', () => clearInterval(timer))
    return socket
  })
  const slowest: number[] = []
  const end = performance.now() + forMs
  while (performance.now() < end && closed < count) {
    const started = performance.now()
    await isUp()
    slowest.push(performance.now() - started)
    await sleep(100)
  }
  for (const socket of sockets) socket.destroy()
  // Others are answered all the while.
  expect(Math.max(...slowest)).toBeLessThan(3000)
  return closed
}

describe('clients that take their time', () => {
  test('headers byte by byte: given up after the time for a request, while others are answered', async () => {
    expect(await drip(`GET /health/live HTTP/1.1\r\nHost: ${host}\r\nX-A: `, 100, 40_000)).toBe(100)
  }, 90_000)

  test('bodies byte by byte: likewise', async () => {
    const begin = `POST /predict HTTP/1.1\r\nHost: ${host}\r\nContent-Type: application/json\r\nContent-Length: 100000\r\n\r\n{`
    expect(await drip(begin, 100, 40_000)).toBe(100)
  }, 90_000)
})

describe('clients that hold on', () => {
  /** Opens connections that write something, or nothing, and read nothing. @returns how many are closed after the time */
  async function hold(begin: string, count: number, forMs: number): Promise<number> {
    const { hostname, port } = new URL(server.url)
    let closed = 0
    const sockets = Array.from({ length: count }, () => {
      const socket = net.connect(Number(port), hostname)
      socket.on('error', () => {})
      socket.on('close', () => closed++)
      if (begin === '') socket.resume()
      else socket.pause().write(begin)
      return socket
    })
    const end = performance.now() + forMs
    while (performance.now() < end && closed < count) await sleep(200)
    // Only who reads notices that he was given up.
    for (const socket of sockets) socket.resume()
    for (let wait = 0; wait < 250 && closed < count; wait++) await sleep(100)
    const ended = closed
    for (const socket of sockets) socket.destroy()
    return ended
  }

  test('a thousand connections that send nothing are closed', async () => {
    expect(await hold('', 1000, 40_000)).toBe(1000)
  }, 90_000)

  test('who asks and never reads keeps no slot among the requests in flight', async () => {
    // A page of some hundred kilobytes, so often that no buffer of the system holds it. An open connection would be kept for 72 s.
    expect(await hold(`GET /openapi.json HTTP/1.1\r\nHost: ${host}\r\n\r\n`.repeat(120), 2, TIMEOUT_MS * 5)).toBe(2)
  }, 90_000)
})

test('a thousand requests at once on one connection are answered in their order', async () => {
  const { statuses } = await sendRaw(
    server.url,
    `GET /health/live HTTP/1.1\r\nHost: ${host}\r\n\r\n`.repeat(1000),
    3000,
  )
  expect(statuses.length).toBe(1000)
  expect(new Set(statuses)).toEqual(new Set([200]))
}, 60_000)
