import { execFileSync, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import http2 from 'node:http2'
import https from 'node:https'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { type ConnectionOptions, connect as tlsConnect } from 'node:tls'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { type RunningServer, startServer } from './start-server.ts'
import { type RegisteredForTest, ServedHome } from './testing/served-home.ts'
import { recordOf } from './testing/students.ts'
import { optionsFor } from './testing/test-server.ts'

// Certificates are made here, so that no private key is kept anywhere.
const hasOpenssl = spawnSync('openssl', ['version']).status === 0

let folder: string
let served: ServedHome
let risk: RegisteredForTest
const running: RunningServer[] = []

function makeCertificate(name: string): { cert: string; key: string } {
  const files = { cert: path.join(folder, `${name}.pem`), key: path.join(folder, `${name}.key`) }
  const subject = [
    '-subj',
    `/CN=${name}`,
    '-addext',
    'subjectAltName=DNS:localhost,DNS:bellwether.example.org,IP:127.0.0.1',
  ]
  execFileSync(
    'openssl',
    ['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-days', '2', ...subject].concat(
      ['-keyout', files.key, '-out', files.cert],
    ),
    { stdio: 'pipe' },
  )
  return files
}

describe.skipIf(!hasOpenssl)('over TLS (needs the program openssl)', { timeout: 120_000 }, () => {
  beforeAll(async () => {
    folder = await mkdtemp(path.join(tmpdir(), 'bellwether-tls-'))
    served = await ServedHome.make()
    risk = await served.register({ name: 'risk' })
  })
  afterEach(async () => {
    for (const server of running.splice(0)) await server.close()
  })
  afterAll(async () => {
    await served.remove()
    await rm(folder, { recursive: true, force: true })
  })

  async function start(name: string, lines: string[] = []) {
    const files = makeCertificate(name)
    const server = await startServer(
      optionsFor(served, lines, { port: 0, tls: { ...files, pollMs: 50 }, allowedHosts: ['bellwether.example.org'] }),
    )
    running.push(server)
    return { server, files, port: Number(new URL(server.url).port), ca: await readFile(files.cert) }
  }

  const handshake = async (port: number, options: ConnectionOptions) => {
    const socket = tlsConnect({ port, host: '127.0.0.1', servername: 'localhost', ...options })
    await once(socket, 'secureConnect')
    return socket
  }

  const getByHttp1 = (port: number, ca: Buffer, headers: Record<string, string> = {}) =>
    new Promise<{ status: number | undefined; headers: Record<string, unknown>; version: string }>(
      (resolve, reject) => {
        https
          .get(
            {
              host: '127.0.0.1',
              port,
              path: '/health/live',
              ca,
              checkServerIdentity: () => undefined,
              headers,
              agent: false,
            },
            (answer) => {
              answer
                .resume()
                .on('end', () =>
                  resolve({ status: answer.statusCode, headers: answer.headers, version: answer.httpVersion }),
                )
            },
          )
          .on('error', reject)
      },
    )

  const askByHttp2 = async (session: http2.ClientHttp2Session, headers: http2.OutgoingHttpHeaders, body?: string) => {
    const stream = session.request(headers)
    const answered = once(stream, 'response')
    stream.end(body)
    const chunks: Buffer[] = []
    stream.on('data', (chunk: Buffer) => chunks.push(chunk))
    const [answer] = (await answered) as [http2.IncomingHttpHeaders]
    if (!stream.readableEnded) await once(stream, 'end')
    return { headers: answer, text: Buffer.concat(chunks).toString() }
  }

  test('a body that is too large is let go by over HTTP/1.1, so that who sends all of it first can read why', async () => {
    const { port, ca } = await start('large')
    const socket = await handshake(port, { ca, ALPNProtocols: ['http/1.1'], checkServerIdentity: () => undefined })
    const bytes = 24 * 2 ** 20
    let sent = 0
    const whole = new Promise<void>((resolve, reject) => {
      socket.on('error', (error) => reject(new Error(`${error.message} after ${sent} bytes`)))
      const pump = () => {
        while (sent < bytes) {
          sent += 65_536
          if (!socket.write(Buffer.alloc(65_536, 'x'))) return void socket.once('drain', pump)
        }
        resolve()
      }
      socket.write(
        `POST /predict/v2 HTTP/1.1\r\nHost: localhost:${port}\r\nContent-Type: application/json\r\nContent-Length: ${bytes}\r\n\r\n`,
      )
      pump()
    })
    await whole
    const [answer] = (await once(socket, 'data')) as [Buffer]
    expect(answer.toString('latin1')).toMatch(/^HTTP\/1\.1 413 /)
    socket.destroy()
  })

  test('HTTP/2 and HTTP/1.1 answer on one port, with HSTS for names other than localhost', async () => {
    const { server, port, ca } = await start('first')
    expect(server.url).toBe(`https://127.0.0.1:${port}`)
    const session = http2.connect(`https://localhost:${port}`, { ca })
    const predicted = await askByHttp2(
      session,
      { ':method': 'POST', ':path': '/predict/v2', 'content-type': 'application/json' },
      JSON.stringify({ records: [recordOf(risk.students, 0)] }),
    )
    expect([predicted.headers[':status'], JSON.parse(predicted.text).predictions]).toEqual([200, [expect.anything()]])
    expect(predicted.headers).not.toHaveProperty('strict-transport-security')
    session.close()
    const named = await getByHttp1(port, ca, { host: 'bellwether.example.org' })
    expect(named).toMatchObject({
      status: 200,
      version: '1.1',
      headers: { 'strict-transport-security': 'max-age=31536000' },
    })
  })

  test('a Host or :authority that is not allowed is refused in both', async () => {
    const { port, ca } = await start('hosts')
    expect((await getByHttp1(port, ca, { host: 'evil.example.org' })).status).toBe(403)
    const session = http2.connect(`https://localhost:${port}`, { ca })
    for (const headers of [
      { ':authority': 'evil.example.org' },
      { ':authority': `localhost:${port}`, host: 'evil.example.org' },
    ])
      expect((await askByHttp2(session, { ':path': '/health/live', ...headers })).headers[':status']).toBe(403)
    session.close()
  })

  test('versions before 1.2 are refused', async () => {
    const { port, ca } = await start('versions')
    await expect(
      handshake(port, { ca, minVersion: 'TLSv1', maxVersion: 'TLSv1.1', ciphers: 'DEFAULT@SECLEVEL=0' }),
    ).rejects.toThrow()
    const socket = await handshake(port, { ca, maxVersion: 'TLSv1.2' })
    expect(socket.getProtocol()).toBe('TLSv1.2')
    socket.destroy()
  })

  test('a new certificate is for new connections, open ones go on, and a broken one changes nothing', async () => {
    const lines: string[] = []
    const { port, files, ca } = await start('old', lines)
    const open = http2.connect(`https://localhost:${port}`, { ca })
    expect((await askByHttp2(open, { ':path': '/health/live' })).headers[':status']).toBe(200)
    const shown = async () => {
      const socket = await handshake(port, { rejectUnauthorized: false })
      const { subject } = socket.getPeerCertificate()
      socket.destroy()
      return subject.CN
    }
    expect(await shown()).toBe('old')
    const next = makeCertificate('new')
    await writeFile(files.cert, 'no certificate')
    await expect.poll(() => lines.some((line) => line.includes('the one before stays')), { timeout: 60_000 }).toBe(true)
    expect(await shown()).toBe('old')
    await writeFile(files.key, await readFile(next.key))
    await writeFile(files.cert, await readFile(next.cert))
    await expect.poll(shown, { timeout: 60_000 }).toBe('new')
    expect((await askByHttp2(open, { ':path': '/health/live' })).headers[':status']).toBe(200)
    open.close()
  })

  test('closing finishes what was taken over HTTP/2', async () => {
    const { server, port, ca } = await start('closing')
    const session = http2.connect(`https://localhost:${port}`, { ca })
    const stream = session.request({ ':method': 'POST', ':path': '/predict/v2', 'content-type': 'application/json' })
    const body = JSON.stringify({ records: [recordOf(risk.students, 0)] })
    stream.write(body.slice(0, 5))
    // A second answer on the session shows that the first request has been taken.
    await askByHttp2(session, { ':path': '/health/live' })
    const closed = server.close()
    const answered = once(stream, 'response')
    stream.end(body.slice(5))
    stream.resume()
    expect(((await answered) as [http2.IncomingHttpHeaders])[0][':status']).toBe(200)
    await closed
  })

  test('files that are no certificate and key, or not of each other, stop the start', async () => {
    const [one, other] = [makeCertificate('one'), makeCertificate('other')]
    for (const tls of [
      { cert: one.cert, key: other.key },
      { cert: one.key, key: one.key },
      { cert: one.cert, key: path.join(folder, 'missing') },
    ])
      await expect(startServer(optionsFor(served, [], { port: 0, tls }))).rejects.toMatchObject({ code: 'TLS_INVALID' })
  })
})
