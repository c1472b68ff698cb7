import { readdirSync } from 'node:fs'
import { connect } from 'node:net'
import path from 'node:path'
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import { temporaryFolder } from '../support/cli.ts'
import { type Served, startServing } from '../support/served.ts'

vi.setConfig({ testTimeout: 120_000, hookTimeout: 120_000 })

const { folder, remove } = temporaryFolder()
let open: Served
let locked: Served
beforeAll(async () => {
  open = await startServing(['serve', '--home', path.join(folder, 'open'), '--create-home', '--no-auth'])
  locked = await startServing(['serve', '--home', path.join(folder, 'locked'), '--create-home', '--auth'])
})
afterAll(async () => {
  await open?.stop()
  await locked?.stop()
  remove()
})

interface Refusal {
  readonly status: number
  readonly error: string
}

/** Sends a request as it is, which no HTTP client would do, and gives what it is refused with; the answer has to be JSON. */
async function send({ url }: Served, method: string, target: string, headers = '', body = ''): Promise<Refusal> {
  const { host, port } = new URL(url)
  const answer = await new Promise<string>((resolve) => {
    const socket = connect(Number(port), '127.0.0.1')
    let text = ''
    socket.setTimeout(60_000, () => socket.destroy())
    socket.on('data', (piece) => {
      text += piece
    })
    socket.on('error', () => undefined)
    socket.on('close', () => resolve(text))
    socket.write(`${method} ${target} HTTP/1.1\r\nHost: ${host}\r\nConnection: close\r\n${headers}\r\n${body}`)
  })
  const [head, ...rest] = answer.split('\r\n\r\n')
  const status = Number(/^HTTP\/1\.1 (\d{3})/.exec(head!)?.[1])
  expect(head).toMatch(/\r\ncontent-type: application\/json/i)
  const text = rest.join('\r\n\r\n')
  const document = JSON.parse(text) as { error?: string; error_code?: string }
  expect(text).not.toContain(folder)
  return { status, error: document.error ?? document.error_code ?? '' }
}

const JSON_TYPE = 'Content-Type: application/json\r\n'

describe('a path that leads elsewhere', () => {
  const ARTIFACTS = '/api/2.0/mlflow-artifacts/artifacts'
  const ELSEWHERE = [
    '../../etc/passwd',
    '..%2f..%2f..%2fetc%2fpasswd',
    '%2e%2e/%2e%2e/etc/passwd',
    '0/run/artifacts/..%5c..%5cwindows',
    '%2fetc%2fpasswd',
    '0/%00/x',
    '0/run/./artifacts/../../../x',
    'C:%5Cwindows%5Cwin.ini',
  ]

  test.each(ELSEWHERE)('%s is refused to a reader and a writer of artifacts', async (place) => {
    const read = await send(open, 'GET', `${ARTIFACTS}/${place}`)
    expect([400, 403, 404]).toContain(read.status)
    const written = await send(
      open,
      'PUT',
      `${ARTIFACTS}/${place}`,
      'Content-Type: application/octet-stream\r\nContent-Length: 1\r\n',
      'x',
    )
    expect([400, 403, 404]).toContain(written.status)
  })

  test.each([
    '/../../etc/passwd',
    '/assets/..%2f..%2f..%2fpackage.json',
    '/docs/%2e%2e/%2e%2e/package.json',
    '/api/v1/models/..%2f..%2fx/versions/1/files/manifest.json',
    '/api/v1/models/%2e%2e%2f/predict',
  ])('%s is nothing here', async (target) => {
    const { status } = await send(open, 'GET', target)
    expect([400, 403, 404, 405]).toContain(status)
  })

  test('leaves nothing outside of the blobs of the home', () => {
    const home = readdirSync(path.join(folder, 'open')).filter(
      (name) => !/^bellwether\.db|^blobs$|^logs$|^predictions$/.test(name),
    )
    expect(home).toEqual([])
    expect(readdirSync(folder).sort()).toEqual(['locked', 'open'])
  })
})

describe('a request that is too large', () => {
  test.each(['/predict', '/api/2.0/mlflow/runs/create', '/invocations', '/v2/models/risk/infer', '/api/v1/keys'])(
    'is refused at %s by what it says of its body, before it comes',
    async (target) => {
      const length = `Content-Length: ${10 ** 12}\r\n`
      expect((await send(open, 'POST', target, JSON_TYPE + length, '{')).status).toBe(413)
    },
  )

  test('is refused where its body comes in chunks without end', async () => {
    const chunk = `10000\r\n${' '.repeat(0x10000)}\r\n`
    const headers = `${JSON_TYPE}Transfer-Encoding: chunked\r\n`
    const { status } = await send(open, 'POST', '/api/2.0/mlflow/runs/create', headers, chunk.repeat(40 * 16))
    expect(status).toBe(413)
  })

  test.each([
    ['GET', '/api/v1/models/'],
    ['GET', '/api/v1/models?name='],
    ['POST', '/api/2.0/mlflow/runs/search?a='],
    ['DELETE', '/'],
  ])('is refused where its line (%s %s…) has 64 KiB', async (method, target) => {
    const { status } = await send(open, method, target.padEnd(64 * 1024, 'a'))
    expect(status).toBe(431)
  })
})

describe('a token that is not valid', () => {
  const TOKENS = [
    'x',
    'bw_'.padEnd(60, 'a'),
    'eyJhbGciOiJub25lIn0.eyJzdWIiOiJhZG1pbiJ9.',
    'a'.repeat(10_000),
    '%00%ff',
    "' OR 1=1 --",
  ]
  test.each(TOKENS)('(%#) opens nothing', async (token) => {
    for (const [method, target] of [
      ['GET', '/api/v1/models'],
      ['POST', '/api/2.0/mlflow/runs/create'],
      ['GET', '/api/v1/keys'],
      ['POST', '/predict'],
    ] as const) {
      const headers = `Authorization: Bearer ${token}\r\n${method === 'POST' ? `${JSON_TYPE}Content-Length: 2\r\n` : ''}`
      const { status } = await send(locked, method, target, headers, method === 'POST' ? '{}' : '')
      // Who tries many is told to wait.
      expect([401, 429]).toContain(status)
    }
  })

  test('is told as little as none at all', async () => {
    const none = await send(locked, 'GET', '/api/v1/models')
    const bad = await send(locked, 'GET', '/api/v1/models', 'Authorization: Basic YWRtaW46YWRtaW4=\r\n')
    expect([401, 429]).toContain(none.status)
    expect([401, 429]).toContain(bad.status)
  })
})
