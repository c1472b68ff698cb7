import { writeFileSync } from 'node:fs'
import http from 'node:http'
import net from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type RegisteredForTest, ServedHome } from '../../src/server/testing/served-home.ts'
import { recordOf } from '../../src/server/testing/students.ts'
import { type Served, startServing } from '../support/served.ts'

/** Connections that say nothing, bodies that come byte by byte, clients that behave, and how long; the counts of docs/security.md with `npm run test:soak -- --only crowd`. */
const { silent, slow, good, seconds } =
  process.env['BELLWETHER_CROWD'] === 'full'
    ? { silent: 10_000, slow: 500, good: 50, seconds: 45 }
    : { silent: 500, slow: 50, good: 10, seconds: 4 }
const TOGETHER = 100
const SLOW_BYTES = 10_000
/** Each of the crowd takes one in this process and one in the server's; both have more than these. */
const OTHER_OPEN_FILES = 200

let served: ServedHome
let risk: RegisteredForTest
let server: Served
/** Set when the attack is over. */
let over = false

beforeAll(async () => {
  requireOpenFiles(silent + slow + good + OTHER_OPEN_FILES)
  served = await ServedHome.make()
  risk = await served.register({ name: 'risk' })
  server = await startServing(['serve', '--home', served.home.folder, '--default-model', 'risk'])
}, 120_000)
afterAll(async () => {
  over = true
  await server?.stop()
  await served?.remove()
})

/** Node raises the limit that it is started with as far as it may; a server that runs out of them would be the machine's fault. */
function requireOpenFiles(count: number): void {
  const { userLimits } = process.report.getReport() as { userLimits?: { open_files?: { soft: number | 'unlimited' } } }
  const limit = userLimits?.open_files?.soft
  if (typeof limit === 'number' && limit < count)
    throw new Error(
      `A process may have ${limit} files open here; this takes ${count}: raise the hard limit (ulimit -Hn).`,
    )
}

/** A connection that is there again whenever the server ends it, until the attack is over. */
class Intruder {
  readonly #says: (socket: net.Socket) => void
  #socket: net.Socket | null = null
  /** How often the server ended it. */
  ended = 0
  /** Everything that it was answered, or rather the beginning. */
  answers = ''

  constructor(says: (socket: net.Socket) => void) {
    this.#says = says
  }

  connect(): Promise<void> {
    return new Promise((resolve) => {
      const socket = net.connect(Number(new URL(server.url).port), '127.0.0.1')
      this.#socket = socket
      socket.on('error', () => {})
      socket.on('data', (bytes) => {
        if (this.answers.length < 1000) this.answers += bytes.toString('latin1')
      })
      socket.once('connect', () => {
        this.#says(socket)
        resolve()
      })
      socket.once('close', () => {
        this.ended++
        resolve()
        if (!over) setTimeout(() => void this.connect(), 100).unref()
      })
    })
  }

  get isOpen(): boolean {
    return this.#socket?.readyState === 'open'
  }

  leave(): void {
    this.#socket?.destroy()
  }
}

async function send(count: number, says: (socket: net.Socket) => void): Promise<Intruder[]> {
  const all = Array.from({ length: count }, () => new Intruder(says))
  for (let at = 0; at < count; at += TOGETHER)
    await Promise.all(all.slice(at, at + TOGETHER).map((one) => one.connect()))
  return all
}

function byteByByte(socket: net.Socket): void {
  const { host } = new URL(server.url)
  socket.write(
    `POST /api/v1/models/risk/predict HTTP/1.1\r\nHost: ${host}\r\nContent-Type: application/json\r\nContent-Length: ${SLOW_BYTES}\r\n\r\n{`,
  )
  const timer = setInterval(() => socket.write(' '), 1000)
  socket.once('close', () => clearInterval(timer))
}

function predict(agent: http.Agent, body: string): Promise<number> {
  return new Promise((resolve, reject) => {
    const headers = { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) }
    const asked = http.request(
      `${server.url}/api/v1/models/risk/predict`,
      { method: 'POST', agent, headers },
      (answer) => {
        answer.resume()
        answer.on('end', () => resolve(answer.statusCode!))
        answer.on('error', reject)
      },
    )
    asked.on('error', reject)
    asked.end(body)
  })
}

test(`clients that behave get every prediction beside others that say nothing (${silent}) and bodies that come byte by byte (${slow})`, async () => {
  const body = JSON.stringify({ records: [recordOf(risk.students, 3)] })
  const crowd = await send(silent, () => {})
  const slowly = await send(slow, byteByByte)
  const answers = new Map<number | string, number>()
  const agent = new http.Agent({ keepAlive: true, maxSockets: good })
  const end = performance.now() + seconds * 1000
  const opened: number[] = []
  const clients = Array.from({ length: good }, async () => {
    while (performance.now() < end) {
      const status = await predict(agent, body).catch((error: Error) => error.message)
      answers.set(status, (answers.get(status) ?? 0) + 1)
    }
  })
  const counting = (async () => {
    while (performance.now() < end) {
      opened.push([...crowd, ...slowly].filter(({ isOpen }) => isOpen).length)
      await sleep(500)
    }
  })()
  await Promise.all([...clients, counting])
  over = true
  agent.destroy()
  for (const one of [...crowd, ...slowly]) one.leave()
  const total = [...answers.values()].reduce((sum, count) => sum + count, 0)
  const summary = {
    ...{ silent, slow, good, seconds },
    answers: Object.fromEntries(answers),
    atATime: [Math.min(...opened), Math.max(...opened)],
    ended: [...crowd, ...slowly].reduce((sum, one) => sum + one.ended, 0),
  }
  console.info(JSON.stringify(summary))
  if (process.env['BELLWETHER_CROWD_SUMMARY'])
    writeFileSync(process.env['BELLWETHER_CROWD_SUMMARY'], JSON.stringify(summary))
  expect(summary.answers).toEqual({ 200: total })
  expect(total).toBeGreaterThan(good)
  // The attack took place: nearly all of them were there, and no slow body was answered as if it were whole.
  expect(Math.max(...opened)).toBeGreaterThan(0.95 * (silent + slow))
  expect(slowly.filter(({ answers: text }) => /HTTP\/1\.1 (?:2|5)/.test(text))).toEqual([])
}, 300_000)
