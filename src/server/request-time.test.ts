import { readdir } from 'node:fs/promises'
import { connect, type Socket } from 'node:net'
import path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { type RunningServer, startServer } from './start-server.ts'
import { ServedHome } from './testing/served-home.ts'
import { appFor, optionsFor } from './testing/test-server.ts'

const TIMES = { requestTimeoutMs: 800, uploadIdleMs: 600, uploadBytesPerSecond: 1000 }
const ARTIFACT = '/api/2.0/mlflow-artifacts/artifacts/elsewhere/slow.bin'

describe('the time of a request', { timeout: 60_000 }, () => {
  let served: ServedHome
  let server: RunningServer | null = null
  beforeAll(async () => {
    served = await ServedHome.make()
  })
  afterEach(async () => {
    await server?.close()
    server = null
  })
  afterAll(() => served.remove())

  async function start(authentication: 'on' | 'auto' = 'auto', limits: object = {}): Promise<number> {
    server = await startServer(
      optionsFor(served, [], { port: 0, limits: { ...TIMES, closeTimeoutMs: 500, ...limits }, authentication }),
    )
    return Number(new URL(server.url).port)
  }

  test('of one that a test injects, over no connection, ends nothing', async () => {
    const { app, ask } = await appFor(served, { limits: { ...TIMES, requestTimeoutMs: 50 } })
    expect((await ask('POST', '/api/v1/models/none/predict', { body: { records: [] } })).status).toBe(404)
    await sleep(200)
    await app.close()
  })

  /** Opens a connection and sends the head of a request; what it is answered gathers in `answer`. */
  function begin(port: number, method: string, url: string, length: number, type: string) {
    const socket = connect(port, '127.0.0.1')
    const chunks: Buffer[] = []
    socket.on('data', (chunk) => chunks.push(chunk))
    socket.on('error', () => undefined)
    socket.write(
      `${method} ${url} HTTP/1.1\r\nHost: localhost:${port}\r\nContent-Type: ${type}\r\nContent-Length: ${length}\r\n\r\n`,
    )
    return { socket, answer: () => Buffer.concat(chunks).toString() }
  }

  /** However it ended: who is given up on while he sends may be told of a reset. */
  const closeOf = (socket: Socket) => new Promise<void>((resolve) => socket.once('close', () => resolve()))

  async function send(socket: Socket, pieces: number, bytes: number, everyMs: number): Promise<void> {
    for (let piece = 0; piece < pieces && !socket.destroyed; piece += 1) {
      socket.write(Buffer.alloc(bytes, 97))
      await sleep(everyMs)
    }
  }

  test('does not bound an upload that keeps coming', async () => {
    const port = await start()
    const { socket, answer } = begin(port, 'PUT', ARTIFACT, 30 * 300, 'application/octet-stream')
    // Twice as long as any other request may take.
    await send(socket, 30, 300, 60)
    await expect.poll(answer, { timeout: 10_000 }).toMatch(/^HTTP\/1\.1 200 /)
    socket.destroy()
    const kept = await served.home.mlflow.artifacts.get('elsewhere/slow.bin')
    expect(kept.sizeBytes).toBe(9000)
  })

  test.each([
    ['stalls', 0, 5000],
    ['comes more slowly than the least rate', 100, 5],
  ])('ends an upload that %s, and nothing of it is kept', async (_, everyMs, bytes) => {
    const port = await start()
    const before = await blobFiles()
    const url = ARTIFACT.replace('slow', 'stalled')
    const { socket, answer } = begin(port, 'PUT', url, 10_000, 'application/octet-stream')
    const closed = closeOf(socket)
    if (everyMs === 0) socket.write(Buffer.alloc(bytes, 97))
    else void send(socket, 200, bytes, everyMs)
    await closed
    expect(answer()).toMatch(/^HTTP\/1\.1 408 /)
    expect(answer()).toContain('REQUEST_TIMEOUT')
    await expect(served.home.mlflow.artifacts.get('elsewhere/stalled.bin')).rejects.toMatchObject({
      code: 'ARTIFACT_NOT_FOUND',
    })
    await expect.poll(blobFiles, { timeout: 10_000 }).toEqual(before)
  })

  test('is not spent on the rest of an upload that was refused: the connection serves what comes after it', async () => {
    const port = await start('auto', { artifactBytes: 100_000, uploadIdleMs: 20_000 })
    const { socket, answer } = begin(port, 'PUT', ARTIFACT, 3_000_000, 'application/octet-stream')
    await send(socket, 30, 100_000, 1)
    socket.write(`GET /health/live HTTP/1.1\r\nHost: localhost:${port}\r\n\r\n`)
    await expect.poll(answer, { timeout: 10_000 }).toMatch(/^HTTP\/1\.1 413 [\s\S]*HTTP\/1\.1 200 /)
    socket.destroy()
  })

  test('of any other request is bounded as a whole, however steadily its body comes', async () => {
    const port = await start()
    const { socket, answer } = begin(port, 'POST', '/predict', 100_000, 'application/json')
    const closed = closeOf(socket)
    void send(socket, 200, 300, 50)
    await closed
    expect(answer()).toMatch(/^HTTP\/1\.1 408 /)
  })

  test('of an upload without a key is bounded as a whole, too', async () => {
    const port = await start('on')
    const { socket, answer } = begin(port, 'PUT', ARTIFACT, 1_000_000, 'application/octet-stream')
    const closed = closeOf(socket)
    void send(socket, 400, 1000, 50)
    await closed
    expect(answer()).toMatch(/^HTTP\/1\.1 401 /)
  })

  test('ends with a client that goes away: nothing of its upload is kept', async () => {
    const port = await start()
    const before = await blobFiles()
    const { socket } = begin(port, 'PUT', ARTIFACT.replace('slow', 'gone'), 10_000, 'application/octet-stream')
    socket.write(Buffer.alloc(5000, 97))
    await sleep(100)
    socket.destroy()
    await expect.poll(blobFiles, { timeout: 10_000 }).toEqual(before)
    await expect(served.home.mlflow.artifacts.get('elsewhere/gone.bin')).rejects.toMatchObject({
      code: 'ARTIFACT_NOT_FOUND',
    })
  })

  /** Everything in the folder of the blobs, what is half written too. */
  async function blobFiles(): Promise<string[]> {
    return (await readdir(path.join(served.home.folder, 'blobs'), { recursive: true })).sort()
  }
})
