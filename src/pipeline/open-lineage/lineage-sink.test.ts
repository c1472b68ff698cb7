import { mkdtemp, readFile, rm } from 'node:fs/promises'
import http from 'node:http'
import type { AddressInfo } from 'node:net'
import os from 'node:os'
import path from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { lineageSink } from './lineage-sink.ts'
import { lineageTargets, OpenLineageOptions } from './open-lineage-options.ts'

interface Received {
  readonly url: string | undefined
  readonly authorization: string | undefined
  readonly type: string | undefined
  readonly body: unknown
}

describe('OpenLineage events', () => {
  let folder: string
  let server: http.Server
  let base: string
  const received: Received[] = []
  /** What is answered, the first first; then 201. 0: nothing at all. */
  let statuses: number[] = []

  beforeEach(async () => {
    folder = await mkdtemp(path.join(os.tmpdir(), 'bellwether-lineage-'))
    received.length = 0
    statuses = []
    server = http.createServer((request, response) => {
      const parts: Buffer[] = []
      request.on('data', (part: Buffer) => parts.push(part))
      request.on('end', () => {
        const { authorization, 'content-type': type } = request.headers
        const body: unknown = JSON.parse(Buffer.concat(parts).toString())
        received.push({ url: request.url, authorization, type, body })
        const status = statuses.shift() ?? 201
        if (status > 0) response.writeHead(status).end('{}')
      })
    })
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    base = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  })
  afterEach(async () => {
    server.closeAllConnections()
    await new Promise((resolve) => server.close(resolve))
    await rm(folder, { recursive: true })
  })

  function open(options: Record<string, unknown> | undefined, environment: Record<string, string>) {
    const told: string[] = []
    const parsed = options === undefined ? undefined : OpenLineageOptions.parse(options)
    const targets = lineageTargets(parsed, environment, (file) => path.join(folder, file))
    const sink = targets && lineageSink(targets, (message) => told.push(message))
    return { sink: sink!, told, targets }
  }
  const events = (n: number) => Array.from({ length: n }, (_, event) => ({ event }))

  test('go in their order to the address of the environment, with its key, and to the file', async () => {
    const environment = { OPENLINEAGE_URL: `${base}/`, OPENLINEAGE_API_KEY: 'k3y', OPENLINEAGE_NAMESPACE: 'school' }
    const { sink, told, targets } = open({ file: 'out/lineage.ndjson' }, environment)
    expect(targets!.namespace).toBe('school')
    for (const event of events(3)) sink.send(event)
    await sink.close()
    expect(received).toEqual(
      events(3).map((body) => ({
        url: '/api/v1/lineage',
        authorization: 'Bearer k3y',
        type: 'application/json',
        body,
      })),
    )
    const lines = (await readFile(path.join(folder, 'out/lineage.ndjson'), 'utf8')).trim().split('\n')
    expect(lines.map((line) => JSON.parse(line))).toEqual(events(3))
    expect(told).toEqual([])
  })

  test('take the key of the environment to no address of a project file', async () => {
    const { sink } = open({ url: `${base}/take`, allowPrivate: true }, { OPENLINEAGE_API_KEY: 'k3y' })
    sink.send({})
    await sink.close()
    expect(received.map(({ url, authorization }) => [url, authorization])).toEqual([['/take', undefined]])
  })

  test('go to no private network that a project file names, unless it says so', async () => {
    const { sink, told } = open({ url: `${base}/take` }, {})
    for (const event of events(5)) sink.send(event)
    await sink.close()
    expect(received).toEqual([])
    expect(told).toHaveLength(1)
    expect(told[0]).toMatch(/private or reserved network.*the run goes on without them/)
  })

  test('are sent again where the address says "later", and left out where it refuses', async () => {
    statuses = [503, 429, 201, 400]
    const { sink, told } = open(undefined, { OPENLINEAGE_URL: base, OPENLINEAGE_ENDPOINT: '/x' })
    for (const event of events(3)) sink.send(event)
    await sink.close()
    expect(received.map(({ body }) => body)).toEqual([0, 0, 0, 1, 2].map((event) => ({ event })))
    expect(received[0]!.url).toBe('/x')
    expect(told).toEqual([expect.stringMatching(/answered with status 400/)])
  })

  test('keep nobody waiting for an address that never answers', async () => {
    statuses = [0]
    const { sink, told } = open(undefined, { OPENLINEAGE_URL: base })
    const started = performance.now()
    for (const event of events(3000)) sink.send(event)
    expect(performance.now() - started).toBeLessThan(1000)
    await sink.close(300)
    expect(performance.now() - started).toBeLessThan(4000)
    expect(told).toHaveLength(1)
    expect(received.length).toBeLessThan(3)
  })

  test('that no file can take are noted once', async () => {
    const { sink, told } = open({ file: 'a' }, {})
    sink.send({})
    await sink.close()
    const { sink: below, told: toldBelow } = open({ file: 'a/b' }, {})
    for (const event of events(3)) below.send(event)
    await below.close()
    expect(told).toEqual([])
    expect(toldBelow).toEqual([expect.stringMatching(/can't be sent \((?:EEXIST|ENOTDIR)\)/)])
  })

  test('are not made where nobody asks, or where they are switched off', () => {
    expect(open(undefined, {}).targets).toBeNull()
    expect(open({ file: 'a' }, { OPENLINEAGE_DISABLED: 'true', OPENLINEAGE_URL: base }).targets).toBeNull()
    expect(OpenLineageOptions.safeParse({}).success).toBe(false)
    expect(OpenLineageOptions.safeParse({ url: 'ftp://example.org' }).success).toBe(false)
  })
})
